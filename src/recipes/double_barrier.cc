#include <drover/recipes/double_barrier.h>

#include <algorithm>

#include "recipes/background.h"
#include "recipes/bell.h"

namespace drover {
namespace {

constexpr std::string_view kReady = "ready";

Error not_in_barrier_error(const std::string& path) {
  return {.code = ErrorCode::kNotOwner,
          .message = "leave the barrier: this member is not in it, " + path + " is missing",
          .path = path};
}

Error session_gone_error(const std::string& path) {
  return {.code = ErrorCode::kSessionExpired,
          .message = "enter the barrier: the session ended while waiting, " + path + " is missing",
          .path = path};
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

struct DoubleBarrier::State {
  Client client;
  std::string path;
  int members;
  DoubleBarrierOptions options;
  std::string ready_path;
  std::string own_path;
  recipes::Bell bell;
  bool has_left = false;  // the own znode was deleted by leave()

  [[nodiscard]] std::string_view own_name() const { return recipes::node_name(own_path); }
  boost::asio::awaitable<Result<void>> create_own();
  boost::asio::awaitable<Result<void>> create_ready();
  // The members' names, sorted; none when the barrier's path is missing.
  boost::asio::awaitable<Result<std::vector<std::string>>> children(bool with_ready);
  boost::asio::awaitable<Result<void>> remove_own();
  boost::asio::awaitable<Result<void>> remove_ready();
};

DoubleBarrier::DoubleBarrier(const Client& client, std::string path, int members,
                             DoubleBarrierOptions options) {
  auto ready_path = detail::child_path(path, kReady);
  auto name = options.hex_name ? detail::random_hex(client) : detail::random_uuid(client);
  auto own_path = detail::child_path(path, name);
  state_ = std::shared_ptr<State>(new State{.client = client,
                                            .path = std::move(path),
                                            .members = members,
                                            .options = std::move(options),
                                            .ready_path = std::move(ready_path),
                                            .own_path = std::move(own_path),
                                            .bell = recipes::Bell(client)});
}

DoubleBarrier::Patience DoubleBarrier::make_patience(std::chrono::milliseconds at_most,
                                                     const char* what) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, what + state_->path,
                                            state_->path);
}
const std::string& DoubleBarrier::path() const noexcept {
  return state_->path;
}
const std::string& DoubleBarrier::node_path() const noexcept {
  return state_->own_path;
}

boost::asio::awaitable<Result<void>> DoubleBarrier::State::create_own() {
  const CreateOptions how{.mode = CreateMode::kEphemeral,
                          .parents = options.parents.value_or(detail::recipe_parents(client))};
  // NodeExists: it stayed when enter() was tried before and timed out.
  const Bytes data = options.data ? *options.data : client.options().default_data;
  auto created = co_await client.create(own_path, data, how);
  if (created || created.error().code == ErrorCode::kNodeExists) co_return Result<void>();
  co_return std::unexpected(std::move(created.error()));
}

boost::asio::awaitable<Result<void>> DoubleBarrier::State::create_ready() {
  auto created = co_await client.create(ready_path);
  if (created || created.error().code == ErrorCode::kNodeExists) co_return Result<void>();
  co_return std::unexpected(std::move(created.error()));
}

boost::asio::awaitable<Result<std::vector<std::string>>> DoubleBarrier::State::children(
    bool with_ready) {
  auto listing = co_await client.children(path);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
    co_return std::unexpected(std::move(listing.error()));
  }
  auto names = std::move(listing->names);
  if (!with_ready) std::erase(names, kReady);
  std::ranges::sort(names);
  co_return names;
}

boost::asio::awaitable<Result<void>> DoubleBarrier::State::remove_own() {
  if (std::exchange(has_left, true)) co_return Result<void>();
  const RemoveOptions how{.guaranteed = true, .missing_ok = true};
  co_return co_await client.remove(own_path, how);
}

boost::asio::awaitable<Result<void>> DoubleBarrier::State::remove_ready() {
  const RemoveOptions how{.missing_ok = true};
  co_return co_await client.remove(ready_path, how);
}

boost::asio::awaitable<Result<void>> DoubleBarrier::enter_now(std::shared_ptr<State> state,
                                                              Patience patience) {
  if (state->members < 1) {
    co_return failure("a double barrier needs at least one member", ErrorCode::kBadArguments);
  }
  auto ready = co_await state->client.watch_exists(state->ready_path);
  if (!ready) co_return std::unexpected(std::move(ready.error()));
  state->has_left = false;
  if (auto created = co_await state->create_own(); !created) co_return created;
  while (!ready->value) {
    const auto names = co_await state->children(true);
    if (!names) co_return std::unexpected(names.error());
    if (!contains(*names, state->own_name())) {
      co_return std::unexpected(session_gone_error(state->own_path));
    }
    if (std::cmp_greater_equal(names->size(), state->members)) {
      co_return co_await state->create_ready();
    }
    state->bell.listen(ready->changed);
    auto rung = co_await patience->wait(state->bell.wait());
    if (!rung) co_return rung;
    ready = co_await state->client.watch_exists(state->ready_path);
    if (!ready) co_return std::unexpected(std::move(ready.error()));
  }
  co_return Result<void>();
}

// One look at who is left; true: nobody.
boost::asio::awaitable<Result<bool>> DoubleBarrier::leave_step(std::shared_ptr<State> state,
                                                               std::optional<OneShot>& watch) {
  const auto names = co_await state->children(false);
  if (!names) co_return std::unexpected(names.error());
  const bool is_in = contains(*names, state->own_name());
  if (names->empty() && !state->has_left) co_return true;
  if (!is_in && !state->has_left) {
    co_return std::unexpected(not_in_barrier_error(state->own_path));
  }
  const bool is_alone = is_in && names->size() == 1;
  if (names->empty() || is_alone) {
    if (auto removed = co_await state->remove_own(); !removed) {
      co_return std::unexpected(std::move(removed.error()));
    }
    co_return true;
  }
  // The first one stays to the last, and waits for the others from behind; they wait for it.
  const bool is_first = names->front() == state->own_name();
  const auto other = detail::child_path(state->path, is_first ? names->back() : names->front());
  auto watched = co_await state->client.watch_exists(other);
  if (!watched) co_return std::unexpected(std::move(watched.error()));
  if (!is_first && is_in) {
    if (auto removed = co_await state->remove_own(); !removed) {
      co_return std::unexpected(std::move(removed.error()));
    }
  }
  state->bell.listen(watched->changed);
  if (!watched->value) state->bell.ring();
  watch = std::move(watched->changed);
  co_return false;
}

boost::asio::awaitable<Result<void>> DoubleBarrier::leave_now(std::shared_ptr<State> state,
                                                              Patience patience) {
  std::optional<OneShot> watch;
  while (true) {
    const auto is_done = co_await leave_step(state, watch);
    if (!is_done) co_return std::unexpected(is_done.error());
    if (*is_done) break;
    auto rung = co_await patience->wait(state->bell.wait());
    if (rung) continue;
    // As Curator does it: who does not wait for the end removes the flag all the same.
    static_cast<void>(co_await state->remove_ready());
    co_return rung;
  }
  co_return co_await state->remove_ready();
}

}  // namespace drover
