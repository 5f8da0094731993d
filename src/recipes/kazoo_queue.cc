#include <drover/error_class.h>
#include <drover/recipes/kazoo_queue.h>

#include <algorithm>
#include <set>

#include "recipes/bell.h"

namespace drover::kazoo {

using boost::asio::awaitable;

namespace {

constexpr int kPriorityMax = 999;

// Errors: kBadArguments.
Result<std::string> entry_prefix(int priority, const std::string& path) {
  if (priority < 0 || priority > kPriorityMax) {
    return std::unexpected(Error{ErrorCode::kBadArguments,
                                 "put: queue " + path + ": priority " + std::to_string(priority) +
                                     " is not in 0.." + std::to_string(kPriorityMax),
                                 path});
  }
  const std::string digits = std::to_string(priority);
  return "entry-" + std::string(3 - digits.size(), '0') + digits + "-";
}

}  // namespace

Queue::Queue(Client client, std::string path)
    : queue_(std::make_shared<const detail::RawQueue>(
          detail::RawQueue{std::move(client), std::move(path), "entry-", Parents::kPersistent})) {}

awaitable<Result<void>> Queue::do_put(std::shared_ptr<const detail::RawQueue> queue, int priority,
                                      Bytes item) {
  auto prefix = entry_prefix(priority, queue->path);
  if (!prefix) co_return std::unexpected(std::move(prefix.error()));
  co_return co_await detail::RawQueue::put(queue, *prefix, std::move(item));
}

// Belongs to the client's executor, but for what never changes.
struct LockingQueue::State {
  struct InHand {
    std::string name;
    Bytes data;
    std::int64_t session;  // that the claim belongs to
  };

  Client client;
  std::string path;
  std::string id;  // ours, in the data of claims
  std::optional<InHand> in_hand{};

  [[nodiscard]] std::string entries() const { return detail::child_path(path, "entries"); }
  [[nodiscard]] std::string claims() const { return detail::child_path(path, "taken"); }
  [[nodiscard]] std::string entry(const std::string& name) const {
    return detail::child_path(entries(), name);
  }
  [[nodiscard]] std::string claim(const std::string& name) const {
    return detail::child_path(claims(), name);
  }
};

LockingQueue::LockingQueue(Client client, std::string path) {
  std::string id = detail::random_hex(client);
  state_ = std::make_shared<State>(State{std::move(client), std::move(path), std::move(id)});
}

LockingQueue::~LockingQueue() {
  if (!state_) return;
  boost::asio::post(state_->client.get_executor(), [state = state_] {
    const bool is_ours = state->in_hand && state->in_hand->session == state->client.session_id();
    if (is_ours) state->client.remove_in_background(state->claim(state->in_hand->name));
  });
}

std::shared_ptr<detail::Patience> LockingQueue::begin(std::chrono::milliseconds at_most,
                                                      std::string_view what) const {
  return std::make_shared<detail::Patience>(
      state_->client, at_most, std::string(what) + ": queue " + state_->path, state_->path);
}

awaitable<Result<void>> LockingQueue::make_roots(std::shared_ptr<State> state) {
  std::vector<std::string> roots = {state->claims(), state->entries()};
  for (const std::string& root : roots) {
    auto made = co_await state->client.create(root, BytesView(), {.parents = Parents::kPersistent});
    if (!made && made.error().code != ErrorCode::kNodeExists) {
      co_return std::unexpected(std::move(made.error()));
    }
  }
  co_return Result<void>();
}

awaitable<Result<void>> LockingQueue::do_put(std::shared_ptr<State> state, int priority,
                                             std::vector<Bytes> items) {
  auto prefix = entry_prefix(priority, state->path);
  if (!prefix) co_return std::unexpected(std::move(prefix.error()));
  auto done = co_await make_roots(state);
  if (!done) co_return done;
  Transaction all;
  for (const Bytes& item : items) {
    all.create(state->entry(*prefix), item, {.mode = CreateMode::kPersistentSequential});
  }
  auto put = co_await state->client.commit(std::move(all));
  if (!put) co_return std::unexpected(std::move(put.error()));
  co_return Result<void>();
}

awaitable<Result<std::optional<Bytes>>> LockingQueue::do_get(
    std::shared_ptr<State> state, std::shared_ptr<detail::Patience> patience) {
  if (state->in_hand) co_return state->in_hand->data;
  auto done = co_await make_roots(state);
  if (!done) co_return std::unexpected(std::move(done.error()));
  recipes::Bell bell(state->client);
  for (;;) {
    auto entries = co_await state->client.watch_children(state->entries());
    if (!entries) co_return std::unexpected(std::move(entries.error()));
    auto claims = co_await state->client.watch_children(state->claims());
    if (!claims) co_return std::unexpected(std::move(claims.error()));
    bell.listen(entries->changed);
    bell.listen(claims->changed);
    const std::set<std::string> claimed(claims->value.names.begin(), claims->value.names.end());
    std::vector<std::string> names = std::move(entries->value.names);
    std::ranges::sort(names);
    for (const std::string& name : names) {
      if (claimed.contains(name)) continue;
      auto is_mine = co_await claim(state, name);
      if (!is_mine) co_return std::unexpected(std::move(is_mine.error()));
      if (*is_mine) co_return state->in_hand->data;
    }
    auto rung = co_await patience->wait<void>(bell.wait());
    if (rung) continue;
    const bool is_late = patience->is_over() && patience->error().code == ErrorCode::kTimedOut;
    if (is_late) co_return std::optional<Bytes>();
    co_return std::unexpected(std::move(rung.error()));
  }
}

// False: somebody else has it, or it is gone.
awaitable<Result<bool>> LockingQueue::claim(std::shared_ptr<State> state, std::string name) {
  const std::string path = state->claim(name);
  const Bytes id = to_bytes(state->id);
  auto made = co_await state->client.create(path, id, {.mode = CreateMode::kEphemeral});
  std::int64_t session = made ? made->stat.ephemeral_owner : 0;
  if (!made) {
    if (made.error().code == ErrorCode::kNodeExists) co_return false;
    if (error_class(made.error().code) != ErrorClass::kOutcomeUnknown) {
      co_return std::unexpected(std::move(made.error()));
    }
    auto found = co_await state->client.get(path);
    const bool is_ours = found && as_text(found->data) == state->id;
    if (!is_ours) co_return std::unexpected(std::move(made.error()));
    session = found->stat.ephemeral_owner;
  }
  auto node = co_await state->client.get(state->entry(name));
  if (node) {
    state->in_hand = State::InHand{std::move(name), std::move(node->data), session};
    co_return true;
  }
  state->client.remove_in_background(path);
  if (node.error().code == ErrorCode::kNoNode) co_return false;
  co_return std::unexpected(std::move(node.error()));
}

awaitable<Result<bool>> LockingQueue::do_holds_lock(std::shared_ptr<State> state) {
  if (!state->in_hand) co_return false;
  auto claim = co_await state->client.get(state->claim(state->in_hand->name), {.sync_first = true});
  if (!claim && claim.error().code == ErrorCode::kNoNode) co_return false;
  if (!claim) co_return std::unexpected(std::move(claim.error()));
  co_return as_text(claim->data) == state->id;
}

awaitable<Result<bool>> LockingQueue::do_let_go(std::shared_ptr<State> state, bool is_done) {
  auto is_ours = co_await do_holds_lock(state);
  if (!is_ours) co_return is_ours;
  if (!*is_ours) {
    state->in_hand.reset();
    co_return false;
  }
  Transaction let_go;
  if (is_done) let_go.remove(state->entry(state->in_hand->name));
  let_go.remove(state->claim(state->in_hand->name));
  auto gone = co_await state->client.commit(std::move(let_go));
  if (!gone && gone.error().code != ErrorCode::kNoNode) {
    co_return std::unexpected(std::move(gone.error()));
  }
  state->in_hand.reset();
  co_return gone.has_value();
}

}  // namespace drover::kazoo
