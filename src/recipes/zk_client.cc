#include <drover/recipes/zk_client.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "recipes/background.h"
#include "recipes/bell.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr std::chrono::milliseconds kPause{500};

// One subscription: reads with a watch, tells what is new, waits, begins again.
class Follower : public std::enable_shared_from_this<Follower> {
 public:
  Follower(Client client, std::string path)
      : client_(std::move(client)), path_(std::move(path)), bell_(client_) {}
  virtual ~Follower() = default;
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  static Subscription start(const std::shared_ptr<Follower>& self) {
    boost::asio::co_spawn(self->client_.get_executor(), run(self), boost::asio::detached);
    return Subscription([self] {
      self->is_over_ = true;
      self->bell_.ring();
    });
  }

 protected:
  // Reads, tells, and answers the watch for what comes next.
  virtual awaitable<Result<OneShot>> look() = 0;
  // The same when there is no such znode; nullopt: there is one by now.
  awaitable<Result<std::optional<OneShot>>> look_for_birth();
  virtual void tell_absence() = 0;

  [[nodiscard]] bool is_over() const { return is_over_; }

  Client client_;
  const std::string path_;

 private:
  static awaitable<void> run(std::shared_ptr<Follower> self);
  awaitable<Result<void>> follow_once();

  std::atomic<bool> is_over_ = false;
  recipes::Bell bell_;
};

awaitable<void> Follower::run(std::shared_ptr<Follower> self) {
  while (!self->is_over_ && !self->client_.closing_token().stop_requested()) {
    auto done = co_await self->follow_once();
    if (done) continue;
    if (recipes::is_fatal(done.error())) co_return;
    static_cast<void>(co_await self->bell_.wait(kPause));
  }
}

awaitable<Result<void>> Follower::follow_once() {
  auto watch = co_await look();
  if (!watch && watch.error().code == ErrorCode::kNoNode) {
    auto birth = co_await look_for_birth();
    if (!birth) co_return std::unexpected(std::move(birth.error()));
    if (!*birth) co_return Result<void>();
    bell_.listen(**birth);
    if (!is_over_) static_cast<void>(co_await bell_.wait());
    co_return Result<void>();
  }
  if (!watch) co_return std::unexpected(std::move(watch.error()));
  bell_.listen(*watch);
  if (!is_over_) static_cast<void>(co_await bell_.wait());
  co_return Result<void>();
}

awaitable<Result<std::optional<OneShot>>> Follower::look_for_birth() {
  auto stat = co_await client_.watch_exists(path_);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  if (stat->value) co_return std::optional<OneShot>();
  if (!is_over_) tell_absence();
  co_return std::optional<OneShot>(std::move(stat->changed));
}

class DataFollower final : public Follower {
 public:
  using Listener = std::function<void(const std::optional<Bytes>&)>;

  DataFollower(Client client, std::string path, Listener listener)
      : Follower(std::move(client), std::move(path)), listener_(std::move(listener)) {}

 private:
  awaitable<Result<OneShot>> look() override {
    auto node = co_await client_.watch_data(path_);
    if (!node) co_return std::unexpected(std::move(node.error()));
    const std::int64_t mzxid = node->value.stat.mzxid;
    const bool is_news = std::exchange(told_mzxid_, mzxid) != mzxid;
    if (is_news && !is_over()) listener_(std::move(node->value.data));
    co_return std::move(node->changed);
  }
  void tell_absence() override {
    if (std::exchange(told_mzxid_, kAbsent) != kAbsent) listener_(std::nullopt);
  }

  static constexpr std::int64_t kNothing = -2;
  static constexpr std::int64_t kAbsent = -1;

  Listener listener_;
  std::int64_t told_mzxid_ = kNothing;
};

class ChildFollower final : public Follower {
 public:
  ChildFollower(Client client, std::string path, ZkClient::ChildListener listener)
      : Follower(std::move(client), std::move(path)), listener_(std::move(listener)) {}

 private:
  using Names = std::optional<std::vector<std::string>>;

  awaitable<Result<OneShot>> look() override {
    auto listing = co_await client_.watch_children(path_);
    if (!listing) co_return std::unexpected(std::move(listing.error()));
    std::ranges::sort(listing->value.names);
    tell(std::move(listing->value.names));
    co_return std::move(listing->changed);
  }
  void tell_absence() override { tell(std::nullopt); }
  void tell(Names names) {
    if (is_over() || (told_ && *told_ == names)) return;
    told_ = names;
    listener_(std::move(names));
  }

  ZkClient::ChildListener listener_;
  std::optional<Names> told_;
};

}  // namespace

bool ZkClient::is_passing(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotSent:
    case ErrorCode::kConnectionLoss:
    case ErrorCode::kSessionExpired:
    case ErrorCode::kSuspended:
      return true;
    default:
      return false;
  }
}

awaitable<Result<void>> ZkClient::pause_until_connected(Client client) {
  auto paused = co_await detail::pause(client, std::chrono::milliseconds(10));
  if (!paused) co_return paused;
  co_return co_await client.wait_connected();
}

awaitable<Result<Created>> ZkClient::do_create(Client client, std::string path, Bytes data,
                                               CreateMode mode) {
  co_return co_await client.create(path, data, {.mode = mode});
}

awaitable<Result<Stat>> ZkClient::do_write(Client client, std::string path, Bytes data,
                                           std::int32_t version) {
  co_return co_await client.set(path, data, {.version = version});
}

awaitable<Result<bool>> ZkClient::do_remove(Client client, std::string path, bool is_recursive) {
  auto removed = co_await client.remove(path, {.recursive = is_recursive});
  if (!removed && removed.error().code == ErrorCode::kNoNode) co_return false;
  if (!removed) co_return std::unexpected(std::move(removed.error()));
  co_return true;
}

awaitable<Result<int>> ZkClient::do_count_children(Client client, std::string path) {
  auto stat = co_await client.exists(path);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  co_return *stat ? (*stat)->num_children : 0;
}

awaitable<Result<bool>> ZkClient::do_wait_until_exists(Client client, std::string path,
                                                       std::shared_ptr<detail::Patience> patience) {
  for (;;) {
    auto stat = co_await client.watch_exists(path);
    if (stat && stat->value) co_return true;
    Error error{ErrorCode::kSessionExpired, ""};
    if (!stat) {
      error = std::move(stat.error());
    } else {
      auto fired = co_await patience->wait<WatchedEvent>(stat->changed.fired());
      if (fired) continue;
      error = std::move(fired.error());
    }
    const bool is_late = patience->is_over() && patience->error().code == ErrorCode::kTimedOut;
    if (is_late) co_return false;
    if (!is_passing(error)) co_return std::unexpected(std::move(error));
  }
}

Subscription ZkClient::follow_data(Client client, std::string path,
                                   std::function<void(const std::optional<Bytes>&)> listener) {
  return Follower::start(
      std::make_shared<DataFollower>(std::move(client), std::move(path), std::move(listener)));
}

Subscription ZkClient::follow_children(Client client, std::string path, ChildListener listener) {
  return Follower::start(
      std::make_shared<ChildFollower>(std::move(client), std::move(path), std::move(listener)));
}

}  // namespace drover
