#include <drover/error_class.h>
#include <drover/recipes/queue.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "recipes/background.h"
#include "recipes/bell.h"
#include "recipes/queue_frame.h"
#include "recipes/queue_names.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr std::chrono::milliseconds kPauseAfterError{500};

enum class Taken : std::uint8_t {
  kMine,    // worked on, or given back
  kLocked,  // another one works on it
  kGone,    // another one has taken it
};

// One call of consume().
struct Consumer {
  std::shared_ptr<detail::Patience> patience;
  QueueHandler handler;
  std::stop_token stop;
  std::shared_ptr<recipes::Bell> bell;
};

bool is_unknown(const Error& error) {
  return error_class(error.code) == ErrorClass::kOutcomeUnknown;
}

}  // namespace

// Belongs to the client's executor, but for what never changes and `closing`.
class AnyQueue::State {
 public:
  State(Client client, std::string path, Order order, QueueOptions options)
      : client_(std::move(client)),
        path_(std::move(path)),
        order_(order),
        options_(std::move(options)),
        puts_done_(client_.get_executor()) {}

  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  std::stop_source& closing() { return closing_; }

  awaitable<Result<void>> put(std::shared_ptr<detail::Patience> patience, std::string prefix,
                              std::vector<Bytes> items);
  awaitable<Result<void>> flush(std::shared_ptr<detail::Patience> patience);
  awaitable<Result<void>> consume(std::shared_ptr<Consumer> consumer);
  awaitable<Result<int>> remove(std::string id);
  awaitable<Result<int>> size();

 private:
  awaitable<Result<void>> make_roots();
  awaitable<Result<void>> wait_for_room(std::shared_ptr<detail::Patience> patience);
  awaitable<Result<void>> pass(std::shared_ptr<Consumer> consumer);
  awaitable<Result<void>> wait_for_more(std::shared_ptr<Consumer> consumer, std::string locked,
                                        std::chrono::milliseconds next_due);
  awaitable<Result<Taken>> take(std::shared_ptr<Consumer> consumer, std::string name);
  awaitable<Result<Taken>> take_once(std::shared_ptr<Consumer> consumer, std::string name);
  awaitable<Result<Taken>> take_locked(std::shared_ptr<Consumer> consumer, std::string name);
  awaitable<Result<bool>> lock(std::string name);
  awaitable<void> unlock(std::string name, std::int64_t session);
  awaitable<bool> work(std::shared_ptr<Consumer> consumer, std::string name, Bytes frame);
  awaitable<void> give_back(std::string name, Bytes frame);

  [[nodiscard]] bool is_over(const Consumer& consumer) const {
    return consumer.stop.stop_requested() || closing_.stop_requested() ||
           client_.closing_token().stop_requested() || consumer.patience->is_over();
  }
  void sort(std::vector<std::string>& names) const;
  [[nodiscard]] std::chrono::milliseconds time_until_due(const std::string& name) const;
  void drop(const std::string& name, const Bytes& data) const {
    if (options_.dropped) options_.dropped(item_path(name), data);
  }
  [[nodiscard]] std::string item_path(std::string_view name) const {
    return detail::child_path(path_, name);
  }
  [[nodiscard]] std::string lock_path(std::string_view name) const {
    return detail::child_path(options_.lock_path, name);
  }

  Client client_;
  const std::string path_;
  const Order order_;
  const QueueOptions options_;
  std::stop_source closing_;
  bool has_roots_ = false;
  int puts_ = 0;  // begun and not answered
  StreamSource<int> puts_done_;
};

// --- putting

awaitable<Result<void>> AnyQueue::State::make_roots() {
  if (has_roots_) co_return Result<void>();
  std::vector<std::string> roots = {path_};
  if (!options_.lock_path.empty()) roots.push_back(options_.lock_path);
  const Parents parents = detail::recipe_parents(client_);
  for (const std::string& root : roots) {
    auto made = co_await client_.create(root, {.parents = parents});
    if (!made && made.error().code != ErrorCode::kNodeExists) {
      co_return std::unexpected(std::move(made.error()));
    }
  }
  has_roots_ = true;
  co_return Result<void>();
}

awaitable<Result<void>> AnyQueue::State::put(std::shared_ptr<detail::Patience> patience,
                                             std::string prefix, std::vector<Bytes> items) {
  ++puts_;
  const Bytes frame = recipes::frame_items(items);
  auto done = co_await make_roots();
  if (done) done = co_await wait_for_room(patience);
  while (done) {
    auto made = co_await client_.create(item_path(prefix), frame,
                                        {.mode = CreateMode::kPersistentSequential});
    if (made) break;
    if (made.error().code != ErrorCode::kNoNode) {
      done = std::unexpected(std::move(made.error()));
    } else {  // somebody has removed the queue
      has_roots_ = false;
      done = co_await make_roots();
    }
  }
  if (--puts_ == 0) puts_done_.publish(0);
  co_return done;
}

awaitable<Result<void>> AnyQueue::State::wait_for_room(std::shared_ptr<detail::Patience> patience) {
  while (options_.items_max > 0) {
    auto listing = co_await client_.watch_children(path_);
    if (!listing) co_return std::unexpected(std::move(listing.error()));
    sort(listing->value.names);
    if (std::cmp_less(listing->value.names.size(), options_.items_max)) break;
    auto changed = co_await patience->wait<WatchedEvent>(listing->changed.fired());
    if (!changed && changed.error().code != ErrorCode::kSessionExpired) {
      co_return std::unexpected(std::move(changed.error()));
    }
  }
  co_return Result<void>();
}

awaitable<Result<void>> AnyQueue::State::flush(std::shared_ptr<detail::Patience> patience) {
  while (puts_ > 0) {
    auto done = puts_done_.subscribe(1);
    auto told = co_await patience->wait<int>(done.next());
    if (!told) co_return std::unexpected(std::move(told.error()));
  }
  co_return Result<void>();
}

awaitable<Result<int>> AnyQueue::State::size() {
  auto root = co_await client_.exists(path_);
  if (!root) co_return std::unexpected(std::move(root.error()));
  co_return *root ? (*root)->num_children : 0;
}

// --- taking

void AnyQueue::State::sort(std::vector<std::string>& names) const {
  switch (order_) {
    case Order::kText:
      return recipes::sort_as_text(names);
    case Order::kId:
      return recipes::sort_by_id(names);
    case Order::kDueTime:
      return recipes::sort_by_due_time(names);
  }
}

std::chrono::milliseconds AnyQueue::State::time_until_due(const std::string& name) const {
  if (order_ != Order::kDueTime) return std::chrono::milliseconds(0);
  const auto now = std::chrono::ceil<std::chrono::milliseconds>(options_.now().time_since_epoch());
  const std::chrono::milliseconds due(recipes::due_ms_of(name));
  return due > now ? due - now : std::chrono::milliseconds(0);
}

awaitable<Result<void>> AnyQueue::State::consume(std::shared_ptr<Consumer> consumer) {
  const auto ring = [bell = consumer->bell] { bell->ring(); };
  const std::stop_callback on_stop(consumer->stop, ring);
  const std::stop_callback on_close(closing_.get_token(), ring);
  while (!is_over(*consumer)) {
    auto done = co_await make_roots();
    if (done) done = co_await pass(consumer);
    if (done || is_over(*consumer)) continue;
    if (recipes::is_fatal(done.error())) co_return done;
    static_cast<void>(co_await consumer->bell->wait(kPauseAfterError));
  }
  if (consumer->patience->is_over()) co_return std::unexpected(consumer->patience->error());
  co_return Result<void>();
}

// Once through the list; if nothing of it could be taken, waits until that may have changed.
awaitable<Result<void>> AnyQueue::State::pass(std::shared_ptr<Consumer> consumer) {
  auto listing = co_await client_.watch_children(path_);
  if (!listing) {
    has_roots_ &= listing.error().code != ErrorCode::kNoNode;
    if (!has_roots_) co_return Result<void>();
    co_return std::unexpected(std::move(listing.error()));
  }
  consumer->bell->listen(listing->changed);
  std::vector<std::string> names = std::move(listing->value.names);
  sort(names);
  int taken = 0;
  std::string locked;
  std::chrono::milliseconds next_due = kForever;
  for (const std::string& name : names) {
    const bool has_news = options_.items_before_refresh > 0 &&
                          taken >= options_.items_before_refresh && listing->changed.has_fired();
    if (is_over(*consumer) || has_news) co_return Result<void>();
    const auto until_due = time_until_due(name);
    if (until_due.count() > 0) {
      next_due = until_due;
      break;
    }
    auto outcome = co_await take(consumer, name);
    if (!outcome) co_return std::unexpected(std::move(outcome.error()));
    if (*outcome == Taken::kMine) ++taken;
    if (*outcome == Taken::kLocked && locked.empty()) locked = name;
  }
  if (taken > 0) co_return Result<void>();
  co_return co_await wait_for_more(consumer, locked, next_due);
}

awaitable<Result<void>> AnyQueue::State::wait_for_more(std::shared_ptr<Consumer> consumer,
                                                       std::string locked,
                                                       std::chrono::milliseconds next_due) {
  std::optional<OneShot> unlocked;  // its owner may die, and the list does not change
  if (!locked.empty()) {
    auto lock = co_await client_.watch_exists(lock_path(locked));
    if (!lock) co_return std::unexpected(std::move(lock.error()));
    if (!lock->value) co_return Result<void>();
    unlocked.emplace(std::move(lock->changed));
    consumer->bell->listen(*unlocked);
  }
  if (!is_over(*consumer)) static_cast<void>(co_await consumer->bell->wait(next_due));
  co_return Result<void>();
}

awaitable<Result<Taken>> AnyQueue::State::take(std::shared_ptr<Consumer> consumer,
                                               std::string name) {
  if (options_.lock_path.empty()) co_return co_await take_once(consumer, name);
  co_return co_await take_locked(consumer, name);
}

// The item is removed, then worked on.
awaitable<Result<Taken>> AnyQueue::State::take_once(std::shared_ptr<Consumer> consumer,
                                                    std::string name) {
  auto node = co_await client_.get(item_path(name));
  if (!node && node.error().code == ErrorCode::kNoNode) co_return Taken::kGone;
  if (!node) co_return std::unexpected(std::move(node.error()));
  auto removed = co_await client_.remove(item_path(name), {.version = node->stat.version});
  if (!removed) {
    const ErrorCode code = removed.error().code;
    if (code == ErrorCode::kNoNode || code == ErrorCode::kBadVersion) co_return Taken::kGone;
    if (is_unknown(removed.error())) {  // if it is gone, it may have been us or another one
      const auto left = co_await client_.exists(item_path(name));
      if (!left || !*left) drop(name, node->data);
    }
    co_return std::unexpected(std::move(removed.error()));
  }
  static_cast<void>(co_await work(consumer, name, std::move(node->data)));
  co_return Taken::kMine;
}

// The item is locked, worked on, then removed.
awaitable<Result<Taken>> AnyQueue::State::take_locked(std::shared_ptr<Consumer> consumer,
                                                      std::string name) {
  auto is_locked = co_await lock(name);
  if (!is_locked) co_return std::unexpected(std::move(is_locked.error()));
  if (!*is_locked) co_return Taken::kLocked;
  const std::int64_t session = client_.session_id();
  auto node = co_await client_.get(item_path(name));
  if (!node) {
    co_await unlock(name, session);
    if (node.error().code == ErrorCode::kNoNode) co_return Taken::kGone;
    co_return std::unexpected(std::move(node.error()));
  }
  const bool is_done = co_await work(consumer, name, node->data);
  if (!is_done && options_.failed == QueueOptions::Failed::kRequeue) {
    co_await give_back(name, std::move(node->data));
  } else {
    static_cast<void>(co_await client_.remove(item_path(name), {.guaranteed = true}));
  }
  co_await unlock(name, session);
  co_return Taken::kMine;
}

// False: another one has it.
awaitable<Result<bool>> AnyQueue::State::lock(std::string name) {
  auto made = co_await client_.create(lock_path(name), {.mode = CreateMode::kEphemeral});
  if (made) co_return true;
  if (made.error().code == ErrorCode::kNodeExists) co_return false;
  if (made.error().code == ErrorCode::kNoNode) has_roots_ = false;
  if (!is_unknown(made.error())) co_return std::unexpected(std::move(made.error()));
  auto found = co_await client_.exists(lock_path(name));
  if (!found) co_return std::unexpected(std::move(found.error()));
  if (!*found) co_return std::unexpected(std::move(made.error()));
  co_return (*found)->ephemeral_owner == client_.session_id();
}

awaitable<void> AnyQueue::State::unlock(std::string name, std::int64_t session) {
  if (client_.session_id() != session) co_return;  // it went with its session
  static_cast<void>(
      co_await client_.remove(lock_path(name), {.guaranteed = true, .missing_ok = true}));
}

// Whether all items in the frame are done.
awaitable<bool> AnyQueue::State::work(std::shared_ptr<Consumer> consumer, std::string name,
                                      Bytes frame) {
  auto items = recipes::unframe_items(frame);
  if (!items) {
    drop(name, frame);
    co_return true;
  }
  for (Bytes& item : *items) {
    bool is_done = false;
    try {
      is_done = co_await consumer->handler(std::move(item));
    } catch (const std::exception&) {
      is_done = false;
    }
    if (!is_done) co_return false;
  }
  co_return true;
}

// If it does not succeed, the item is still there under its old name.
awaitable<void> AnyQueue::State::give_back(std::string name, Bytes frame) {
  Transaction requeue;
  requeue.remove(item_path(name));
  requeue.create(item_path(recipes::plain_prefix()), frame,
                 {.mode = CreateMode::kPersistentSequential});
  static_cast<void>(co_await client_.commit(std::move(requeue)));
}

awaitable<Result<int>> AnyQueue::State::remove(std::string id) {
  const std::string wanted = recipes::escape_id(id);
  auto listing = co_await client_.children(path_);
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return 0;
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  sort(listing->names);
  int count = 0;
  for (const std::string& name : listing->names) {
    if (recipes::id_of(name) != wanted) continue;
    const bool needs_lock = !options_.lock_path.empty();
    auto is_mine = needs_lock ? co_await lock(name) : Result<bool>(true);
    if (!is_mine) co_return std::unexpected(std::move(is_mine.error()));
    if (!*is_mine) continue;
    const std::int64_t session = client_.session_id();
    auto removed = co_await client_.remove(item_path(name));
    if (needs_lock) co_await unlock(name, session);
    if (removed) ++count;
    if (!removed && removed.error().code != ErrorCode::kNoNode) {
      co_return std::unexpected(std::move(removed.error()));
    }
  }
  co_return count;
}

// --- the handle

AnyQueue::AnyQueue(Client client, std::string path, Order order, QueueOptions options)
    : state_(
          std::make_shared<State>(std::move(client), std::move(path), order, std::move(options))) {}

AnyQueue& AnyQueue::operator=(AnyQueue&& other) noexcept {
  close();
  state_ = std::move(other.state_);
  return *this;
}

AnyQueue::~AnyQueue() {
  close();
}

void AnyQueue::close() noexcept {
  if (state_) state_->closing().request_stop();
}

std::shared_ptr<detail::Patience> AnyQueue::begin(std::chrono::milliseconds at_most,
                                                  std::string_view what) const {
  return std::make_shared<detail::Patience>(
      state_->client(), at_most, std::string(what) + ": queue " + state_->path(), state_->path());
}

awaitable<Result<void>> AnyQueue::do_consume(std::shared_ptr<State> state,
                                             std::shared_ptr<detail::Patience> patience,
                                             QueueHandler handler, std::stop_token stop) {
  auto consumer = std::make_shared<Consumer>();
  consumer->patience = std::move(patience);
  consumer->handler = std::move(handler);
  consumer->stop = std::move(stop);
  consumer->bell = std::make_shared<recipes::Bell>(state->client());
  co_return co_await state->consume(consumer);
}

awaitable<Result<void>> AnyQueue::do_flush(std::shared_ptr<State> state,
                                           std::shared_ptr<detail::Patience> patience) {
  co_return co_await state->flush(patience);
}

awaitable<Result<int>> AnyQueue::do_size(std::shared_ptr<State> state) {
  co_return co_await state->size();
}

awaitable<Result<void>> AnyQueue::do_put(std::shared_ptr<State> state,
                                         std::shared_ptr<detail::Patience> patience,
                                         std::string prefix, std::vector<Bytes> items) {
  co_return co_await state->put(patience, std::move(prefix), std::move(items));
}

awaitable<Result<int>> AnyQueue::do_remove(std::shared_ptr<State> state, std::string id) {
  co_return co_await state->remove(std::move(id));
}

std::string Queue::prefix() {
  return recipes::plain_prefix();
}
std::string IdQueue::prefix(std::string_view id) {
  return recipes::id_prefix(id);
}
std::string PriorityQueue::prefix(std::int32_t priority) {
  return recipes::priority_prefix(priority);
}
std::string DelayQueue::prefix(TimePoint due) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(due.time_since_epoch()).count();
  return recipes::delay_prefix(std::max<std::int64_t>(ms, 0));
}

}  // namespace drover
