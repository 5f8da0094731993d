#include <drover/cache.h>
#include <drover/detail/recipe.h>
#include <drover/error_class.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace drover {
namespace {

constexpr std::chrono::milliseconds kPause{500};  // before what failed for want of a server
constexpr int kReadsMax = 64;                     // on their way at the same time

Error closed_error(const std::string& root) {
  return {ErrorCode::kClosed, "cache of " + root + ": it is closed", root};
}

// Whether trying again later can help.
bool is_passing(ErrorCode code) {
  if (code == ErrorCode::kClosed || code == ErrorCode::kAuthFailed) return false;
  const ErrorClass kind = error_class(code);
  return kind == ErrorClass::kNotApplied || kind == ErrorClass::kOutcomeUnknown ||
         kind == ErrorClass::kSessionDead;
}

}  // namespace

// Everything but the entries and the list of readers belongs to executor_, one function at a time.
//
// Each event makes its path due for a read, and at most one read of a path is on its way: what the
// last one answers is newer than everything applied before, and it was begun after the last event.
// So nothing has to be concluded from events, and their order against answers does not matter.
class Cache::State : public std::enable_shared_from_this<Cache::State> {
 public:
  State(Client client, std::string root, CacheOptions options)
      : client_(std::move(client)),
        root_(std::move(root)),
        depth_max_(options.depth_max),
        executor_(client_.get_executor()),
        closing_(executor_) {}

  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] const std::string& root() const { return root_; }

  void start(detail::Handler<void> handler);
  void close();

  [[nodiscard]] CachedNode find(std::string_view path) const;
  [[nodiscard]] std::map<std::string, CachedNode> snapshot() const;
  [[nodiscard]] std::map<std::string, CachedNode> children(std::string_view path) const;
  [[nodiscard]] bool is_initialized() const;

  [[nodiscard]] Stream<CacheEvent> events(std::size_t unread_max);
  [[nodiscard]] Subscription on_event(std::function<void(const CacheEvent&)> told);

 private:
  using Channel = detail::Channel<CacheEvent>;
  struct Entry {
    CachedNode node;
    std::int64_t listed_pzxid = -1;  // up to where its children are known
  };
  struct Callback {
    std::function<void(const CacheEvent&)> told;
    std::atomic<bool> is_gone = false;
  };
  // Who is to hear of a change: those who were there when it was made.
  struct Readers {
    std::vector<std::shared_ptr<Channel>> channels;
    std::vector<std::shared_ptr<Callback>> callbacks;
  };
  // A path that is due for a read, or being read.
  struct Read {
    bool is_under_way = false;
    bool again = false;       // something happened since it was begun
    bool descend = false;     // children too, if they are not known
    bool is_initial = false;  // the cache is not initialized before it is done
  };

  static boost::asio::awaitable<void> follow(std::shared_ptr<State> self);
  static boost::asio::awaitable<bool> arm(std::shared_ptr<State> self);
  static boost::asio::awaitable<void> read(std::shared_ptr<State> self, std::string path);
  static boost::asio::awaitable<bool> read_once(std::shared_ptr<State> self, std::string path);
  static boost::asio::awaitable<bool> list(std::shared_ptr<State> self, std::string path);
  static boost::asio::awaitable<void> pause(std::shared_ptr<State> self);

  void handle(const WatchedEvent& event);
  void handle_unread();
  void read_everything(bool is_initial);
  void make_due(const std::string& path, bool is_initial, bool descend);
  void discover(const std::string& path, bool is_initial);
  void begin_reads();
  void finish_read(const std::string& path);
  void end(const Error& error);

  [[nodiscard]] bool apply(const std::string& path, Node node, bool descend);
  void forget(const std::string& path);
  void initialize();
  static void publish(const CacheEvent& event, const Readers& readers);
  [[nodiscard]] Readers readers();
  [[nodiscard]] std::vector<CacheEvent> story() const;
  [[nodiscard]] bool is_known(const std::string& path) const;
  [[nodiscard]] int depth(std::string_view path) const;

  const Client client_;
  const std::string root_;
  const int depth_max_;
  const boost::asio::any_io_executor executor_;

  bool is_started_ = false;
  std::optional<Error> end_;
  std::optional<Stream<WatchedEvent>> watch_;
  StreamSource<int> closing_;  // ends pauses
  std::map<std::string, Read> reads_;
  std::deque<std::string> due_;
  int under_way_ = 0;
  int initial_left_ = 0;
  std::vector<detail::Handler<void>> waiting_;  // for the first load

  // Changed on executor_ only, under the mutex; read anywhere.
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  bool is_initialized_ = false;
  std::optional<Error> published_end_;
  std::vector<std::weak_ptr<Channel>> channels_;
  std::vector<std::shared_ptr<Callback>> callbacks_;
};

// --- the life of the watch

void Cache::State::start(detail::Handler<void> handler) {
  boost::asio::post(executor_, [self = shared_from_this(), handler = std::move(handler)]() mutable {
    if (self->end_) {
      handler(std::unexpected(*self->end_));
    } else if (self->is_initialized()) {
      handler(Result<void>());
    } else {
      self->waiting_.push_back(std::move(handler));
    }
    if (self->end_ || std::exchange(self->is_started_, true)) return;
    boost::asio::co_spawn(self->executor_, follow(self), boost::asio::detached);
  });
}

void Cache::State::close() {
  boost::asio::post(executor_, [self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->entries_.clear();
    }
    self->end(closed_error(self->root_));
  });
}

// The first end stays.
void Cache::State::end(const Error& error) {
  if (end_) return;
  end_ = error;
  if (watch_) watch_.reset();
  closing_.close(error);
  for (auto& handler : std::exchange(waiting_, {})) handler(std::unexpected(error));
  Readers told;
  {
    const std::lock_guard lock(mutex_);
    published_end_ = error;
    told = readers();
    channels_.clear();
    callbacks_.clear();
  }
  for (const auto& channel : told.channels) channel->end(error);
}

boost::asio::awaitable<void> Cache::State::follow(std::shared_ptr<State> self) {
  const bool is_armed = co_await arm(self);
  if (!is_armed) co_return;
  self->read_everything(true);
  while (!self->end_) {
    const auto event = co_await self->watch_->next();
    if (self->end_) co_return;
    if (!event) {
      self->end(event.error());
    } else {
      self->handle(*event);
      self->handle_unread();
    }
  }
}

boost::asio::awaitable<bool> Cache::State::arm(std::shared_ptr<State> self) {
  while (!self->end_) {
    Client client = self->client_;
    auto watch = co_await client.watch_tree(self->root_, self->depth_max_ > 0);
    if (self->end_) break;
    if (watch) {
      self->watch_.emplace(std::move(*watch));
      co_return true;
    }
    if (is_passing(watch.error().code)) {
      co_await pause(self);
    } else {
      self->end(watch.error());
    }
  }
  co_return false;
}

boost::asio::awaitable<void> Cache::State::pause(std::shared_ptr<State> self) {
  auto closing = self->closing_.subscribe();
  co_await closing.next(kPause);
}

void Cache::State::handle(const WatchedEvent& event) {
  switch (event.type) {
    case EventType::kNone:  // the watch was set anew, and nobody tells what happened before
      return read_everything(false);
    case EventType::kNodeCreated:
    case EventType::kNodeDataChanged:
    case EventType::kNodeDeleted:
      if (depth(event.path) <= depth_max_) make_due(event.path, false, false);
      return;
    default:
      return;  // children's coming and going is told of the children
  }
}

void Cache::State::handle_unread() {
  while (!end_) {
    const auto event = watch_->poll();
    if (!event) return;
    handle(*event);
  }
}

// --- reads

void Cache::State::read_everything(bool is_initial) {
  std::vector<std::string> known;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, entry] : entries_) known.push_back(path);
  }
  make_due(root_, is_initial, true);
  for (const auto& path : known) make_due(path, is_initial, true);
  // Reads on their way may have been answered by the server that was lost.
  for (auto& [path, read] : reads_) {
    read.descend = true;
    read.again = read.is_under_way;
  }
  begin_reads();
}

void Cache::State::make_due(const std::string& path, bool is_initial, bool descend) {
  const auto [at, is_new] = reads_.try_emplace(path);
  Read& read = at->second;
  if (is_new) due_.push_back(path);
  if (read.is_under_way) read.again = true;
  if (is_initial && !std::exchange(read.is_initial, true)) ++initial_left_;
  read.descend |= descend;
  begin_reads();
}

// A child that a listing named. If it is known, or its read is on its way, events do the rest.
void Cache::State::discover(const std::string& path, bool is_initial) {
  if (is_known(path) && !reads_.contains(path)) return;
  const auto at = reads_.find(path);
  if (at == reads_.end()) return make_due(path, is_initial, true);
  at->second.descend = true;
  if (is_initial && !std::exchange(at->second.is_initial, true)) ++initial_left_;
}

void Cache::State::begin_reads() {
  while (!end_ && under_way_ < kReadsMax && !due_.empty()) {
    const std::string path = std::move(due_.front());
    due_.pop_front();
    ++under_way_;
    reads_.at(path).is_under_way = true;
    boost::asio::co_spawn(executor_, read(shared_from_this(), path), boost::asio::detached);
  }
}

boost::asio::awaitable<void> Cache::State::read(std::shared_ptr<State> self, std::string path) {
  do {
    self->reads_.at(path).again = false;
    const bool is_done = co_await read_once(self, path);
    if (self->end_) co_return;
    if (!is_done) {
      self->reads_.at(path).again = true;
      co_await pause(self);
      if (self->end_) co_return;
    }
  } while (self->reads_.at(path).again);
  self->finish_read(path);
}

void Cache::State::finish_read(const std::string& path) {
  const auto at = reads_.find(path);
  const bool was_initial = at->second.is_initial;
  reads_.erase(at);
  --under_way_;
  begin_reads();
  if (was_initial && --initial_left_ == 0) initialize();
}

// False: it is to be tried again.
boost::asio::awaitable<bool> Cache::State::read_once(std::shared_ptr<State> self,
                                                     std::string path) {
  Client client = self->client_;
  auto node = co_await client.get(path);
  if (self->end_) co_return true;
  if (!node && is_passing(node.error().code)) co_return false;
  if (!node) {
    if (node.error().code == ErrorCode::kClosed) self->end(node.error());
    self->forget(path);
    co_return true;
  }
  const bool descend = std::exchange(self->reads_.at(path).descend, false);
  const bool has_strangers = self->apply(path, std::move(*node), descend);
  if (self->end_ || !has_strangers) co_return true;
  co_return co_await list(self, path);
}

boost::asio::awaitable<bool> Cache::State::list(std::shared_ptr<State> self, std::string path) {
  Client client = self->client_;
  auto listing = co_await client.children(path);
  if (self->end_) co_return true;
  if (!listing) {
    if (!is_passing(listing.error().code)) co_return true;
    self->reads_.at(path).descend = true;
    co_return false;
  }
  const bool is_initial = self->reads_.at(path).is_initial;
  for (const auto& name : listing->names)
    self->discover(detail::child_path(path, name), is_initial);
  const std::lock_guard lock(self->mutex_);
  const auto entry = self->entries_.find(path);
  if (entry != self->entries_.end()) entry->second.listed_pzxid = listing->stat.pzxid;
  co_return true;
}

// --- entries

// Whether the znode may have children that nobody told of.
bool Cache::State::apply(const std::string& path, Node node, bool descend) {
  const Stat stat = node.stat;
  CacheEvent event{.path = path, .after = std::make_shared<const Node>(std::move(node))};
  bool is_change = true;
  bool has_strangers = false;
  Readers told;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = entries_.try_emplace(path);
    Entry& entry = at->second;
    if (!is_new) {
      const Stat& old = entry.node->stat;
      is_change = old.czxid != stat.czxid || old.mzxid != stat.mzxid;
      event.kind = CacheEvent::Kind::kChanged;
      event.before = entry.node;
      if (old.czxid != stat.czxid) entry.listed_pzxid = -1;
    }
    has_strangers = (is_new || descend || entry.listed_pzxid == -1) && stat.num_children > 0 &&
                    entry.listed_pzxid != stat.pzxid && depth(path) < depth_max_;
    if (is_change) entry.node = event.after;
    told = readers();
  }
  if (is_change) publish(event, told);
  return has_strangers;
}

void Cache::State::forget(const std::string& path) {
  CacheEvent event{.kind = CacheEvent::Kind::kDeleted, .path = path};
  Readers told;
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(path);
    if (at == entries_.end()) return;
    event.before = std::move(at->second.node);
    entries_.erase(at);
    told = readers();
  }
  publish(event, told);
}

void Cache::State::initialize() {
  Readers told;
  {
    const std::lock_guard lock(mutex_);
    is_initialized_ = true;
    told = readers();
  }
  publish({.kind = CacheEvent::Kind::kInitialized}, told);
  for (auto& handler : std::exchange(waiting_, {})) handler(Result<void>());
}

// --- readers

// Requires the mutex.
Cache::State::Readers Cache::State::readers() {
  Readers all;
  all.callbacks = callbacks_;
  std::erase_if(channels_, [&](const std::weak_ptr<Channel>& weak) {
    auto channel = weak.lock();
    const bool is_gone = !channel || channel->is_abandoned();
    if (!is_gone) all.channels.push_back(std::move(channel));
    return is_gone;
  });
  return all;
}

// Requires that the mutex is free: readers may look into the cache.
void Cache::State::publish(const CacheEvent& event, const Readers& readers) {
  for (const auto& channel : readers.channels) channel->push(event);
  for (const auto& callback : readers.callbacks) {
    if (!callback->is_gone) callback->told(event);
  }
}

// What a newcomer has missed. Requires the mutex.
std::vector<CacheEvent> Cache::State::story() const {
  std::vector<CacheEvent> events;
  for (const auto& [path, entry] : entries_) events.push_back({.path = path, .after = entry.node});
  if (is_initialized_) events.push_back({.kind = CacheEvent::Kind::kInitialized});
  return events;
}

Stream<CacheEvent> Cache::State::events(std::size_t unread_max) {
  CacheEvent overflow{.kind = CacheEvent::Kind::kOverflow};
  auto channel = std::make_shared<Channel>(
      client_.get_executor(),
      Channel::Options{.unread_max = unread_max, .overflow = std::move(overflow)});
  const std::lock_guard lock(mutex_);
  for (auto& event : story()) channel->push(std::move(event));  // nobody reads it yet
  if (published_end_) {
    channel->end(*published_end_);
  } else {
    channels_.push_back(channel);
  }
  return Stream<CacheEvent>(std::move(channel));
}

Subscription Cache::State::on_event(std::function<void(const CacheEvent&)> told) {
  auto callback = std::make_shared<Callback>();
  callback->told = std::move(told);
  boost::asio::post(executor_, [self = shared_from_this(), callback] {
    std::vector<CacheEvent> missed;
    {
      const std::lock_guard lock(self->mutex_);
      if (self->published_end_ || callback->is_gone) return;
      missed = self->story();
      self->callbacks_.push_back(callback);
    }
    for (const auto& event : missed) {
      if (!callback->is_gone) callback->told(event);
    }
  });
  return Subscription([weak = weak_from_this(), callback] {
    callback->is_gone = true;
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard lock(self->mutex_);
    std::erase(self->callbacks_, callback);
  });
}

// --- looking

CachedNode Cache::State::find(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(path);
  return at == entries_.end() ? nullptr : at->second.node;
}

std::map<std::string, CachedNode> Cache::State::snapshot() const {
  std::map<std::string, CachedNode> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [path, entry] : entries_) all.emplace_hint(all.end(), path, entry.node);
  return all;
}

std::map<std::string, CachedNode> Cache::State::children(std::string_view path) const {
  std::string prefix(path);
  if (!prefix.ends_with('/')) prefix += '/';
  std::map<std::string, CachedNode> found;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.upper_bound(prefix); at != entries_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    const std::string name = at->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) found.emplace(name, at->second.node);
  }
  return found;
}

bool Cache::State::is_initialized() const {
  const std::lock_guard lock(mutex_);
  return is_initialized_;
}

bool Cache::State::is_known(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(path);
}

int Cache::State::depth(std::string_view path) const {
  if (path == root_) return 0;
  const std::string_view below = path.substr(root_ == "/" ? 0 : root_.size());
  return static_cast<int>(std::ranges::count(below, '/'));
}

// --- the handle

Cache::Cache(Client client, std::string root, CacheOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(root), options)) {}

Cache& Cache::operator=(Cache&& other) noexcept {
  close();
  state_ = std::move(other.state_);
  return *this;
}

Cache::~Cache() {
  close();
}

void Cache::close() noexcept {
  if (state_) state_->close();
}

CachedNode Cache::find(std::string_view path) const {
  return state_->find(path);
}
std::map<std::string, CachedNode> Cache::snapshot() const {
  return state_->snapshot();
}
std::map<std::string, CachedNode> Cache::children(std::string_view path) const {
  return state_->children(path);
}
bool Cache::is_initialized() const {
  return state_->is_initialized();
}
const std::string& Cache::root() const {
  return state_->root();
}
Stream<CacheEvent> Cache::events(std::size_t unread_max) {
  return state_->events(unread_max);
}
Subscription Cache::on_event(std::function<void(const CacheEvent&)> told) {
  return state_->on_event(std::move(told));
}

const boost::asio::any_io_executor& Cache::executor() const {
  return state_->client().get_executor();
}

void Cache::begin_start(const std::shared_ptr<State>& state, detail::Handler<void> handler) {
  state->start(std::move(handler));
}

}  // namespace drover
