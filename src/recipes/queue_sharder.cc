#include <drover/recipes/leader_latch.h>
#include <drover/recipes/queue_sharder.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "recipes/background.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr std::string_view kQueueName = "queue-";

bool is_at_or_below(std::string_view path, std::string_view parent) {
  return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

}  // namespace

// Changed on the client's executor only; what other threads read has the mutex.
class AnyQueueSharder::State : public recipes::Background {
 public:
  State(const Client& client, std::string queue_path, std::string leader_path,
        QueueSharderPolicies policies, MakeShard make_shard)
      : Background(client),
        queue_path_(std::move(queue_path)),
        leader_path_(std::move(leader_path)),
        policies_(policies),
        make_shard_(std::move(make_shard)),
        latch_(client, leader_path_) {}

  [[nodiscard]] const std::string& queue_path() const { return queue_path_; }
  [[nodiscard]] std::vector<std::string> paths() const;
  [[nodiscard]] Result<std::shared_ptr<void>> choose();
  awaitable<Result<void>> begin();
  void close_queues() noexcept;
  using Background::client;

 protected:
  awaitable<Result<void>> step() override;
  awaitable<Result<void>> clean_up() override;
  // The items are there; the checks begin again when they can be made.
  [[nodiscard]] bool gives_up(const Error& error) const override {
    return error.code == ErrorCode::kClosed || error.code == ErrorCode::kAuthFailed;
  }

 private:
  struct Known {
    Shard shard;
    bool is_preferred = true;
  };

  [[nodiscard]] Result<void> check_arguments() const;
  awaitable<Result<std::vector<std::string>>> listed();
  awaitable<Result<void>> check();
  awaitable<Result<void>> add_new();
  void add_if_new(const std::string& path);
  void prefer(const std::string& path, bool is_preferred);

  const std::string queue_path_;
  const std::string leader_path_;
  const QueueSharderPolicies policies_;
  const MakeShard make_shard_;
  LeaderLatch latch_;

  mutable std::mutex mutex_;
  std::map<std::string, Known> known_;
};

Result<void> AnyQueueSharder::State::check_arguments() const {
  if (policies_.new_queue_threshold < 1 || policies_.queues_max < 1 ||
      policies_.threshold_check <= std::chrono::milliseconds(0)) {
    return failure("shard the queue " + queue_path_ + ": a policy is not above 0",
                   ErrorCode::kBadArguments);
  }
  if (is_at_or_below(leader_path_, queue_path_)) {
    return failure("shard the queue " + queue_path_ + ": the leader's path " + leader_path_ +
                       " would count as a queue",
                   ErrorCode::kBadArguments);
  }
  return {};
}

awaitable<Result<void>> AnyQueueSharder::State::begin() {
  if (auto fine = check_arguments(); !fine) co_return fine;
  if (auto made = co_await client().ensure_path(queue_path_); !made) co_return made;
  const auto names = co_await listed();
  if (!names) co_return std::unexpected(names.error());
  for (const std::string& name : *names) add_if_new(detail::child_path(queue_path_, name));
  if (names->empty()) {
    if (auto added = co_await add_new(); !added) co_return added;
  }
  if (auto started = start(); !started) co_return started;
  co_return latch_.start();
}

// The first look was start()'s: each step waits, then looks.
awaitable<Result<void>> AnyQueueSharder::State::step() {
  auto rung = co_await bell().wait(policies_.threshold_check);
  const bool is_time = !rung && rung.error().code == ErrorCode::kTimedOut;
  if (!is_time) co_return rung;
  co_return co_await check();
}

awaitable<Result<std::vector<std::string>>> AnyQueueSharder::State::listed() {
  auto listing = co_await client().children(queue_path_);
  if (listing) co_return std::move(listing->names);
  // Everything was removed; the next put makes its queue again.
  if (listing.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
  co_return std::unexpected(std::move(listing.error()));
}

awaitable<Result<void>> AnyQueueSharder::State::check() {
  const auto names = co_await listed();
  if (!names) co_return std::unexpected(names.error());
  bool is_one_full = false;
  for (const std::string& name : *names) {
    const std::string path = detail::child_path(queue_path_, name);
    add_if_new(path);
    auto stat = co_await client().exists(path);
    if (!stat) co_return std::unexpected(std::move(stat.error()));
    if (!*stat) continue;
    const int length = (*stat)->num_children;
    if (length >= policies_.new_queue_threshold) {
      is_one_full = true;
      prefer(path, false);
    } else if (length <= policies_.new_queue_threshold / 2) {
      prefer(path, true);
    }
  }
  const bool has_room = std::cmp_less(paths().size(), policies_.queues_max);
  if (is_one_full && has_room && latch_.is_leader()) co_return co_await add_new();
  co_return Result<void>();
}

awaitable<Result<void>> AnyQueueSharder::State::add_new() {
  const std::string path =
      detail::child_path(queue_path_, std::string(kQueueName) + detail::random_uuid(client()));
  const CreateOptions how{.parents = detail::recipe_parents(client())};
  auto created = co_await client().create(path, how);
  if (!created && created.error().code != ErrorCode::kNodeExists) {
    co_return std::unexpected(std::move(created.error()));
  }
  add_if_new(path);
  co_return Result<void>();
}

void AnyQueueSharder::State::add_if_new(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (known_.contains(path)) return;
  }
  Shard shard = make_shard_(client(), path);  // the user's: not under the lock
  if (is_closing()) shard.close();
  const std::lock_guard lock(mutex_);
  known_.try_emplace(path, Known{.shard = std::move(shard)});
}

void AnyQueueSharder::State::prefer(const std::string& path, bool is_preferred) {
  const std::lock_guard lock(mutex_);
  known_.at(path).is_preferred = is_preferred;
}

std::vector<std::string> AnyQueueSharder::State::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, known] : known_) paths.push_back(path);
  return paths;
}

Result<std::shared_ptr<void>> AnyQueueSharder::State::choose() {
  if (is_closing()) return std::unexpected(recipes::closed_error("the sharder", queue_path_));
  const std::lock_guard lock(mutex_);
  std::vector<const Known*> candidates;
  for (const auto& [path, known] : known_) {
    if (known.is_preferred) candidates.push_back(&known);
  }
  if (candidates.empty()) {
    for (const auto& [path, known] : known_) candidates.push_back(&known);
  }
  if (candidates.empty()) {
    return failure("the sharder of " + queue_path_ + " was not started", ErrorCode::kBadArguments);
  }
  return candidates[detail::random_number(client()) % candidates.size()]->shard.queue;
}

void AnyQueueSharder::State::close_queues() noexcept {
  std::map<std::string, Known> known;
  {
    const std::lock_guard lock(mutex_);
    known = known_;
  }
  for (const auto& [path, each] : known) each.shard.close();
}

awaitable<Result<void>> AnyQueueSharder::State::clean_up() {
  co_return co_await latch_.close();
}

AnyQueueSharder::AnyQueueSharder(Client client, std::string queue_path, std::string leader_path,
                                 QueueSharderPolicies policies, MakeShard make_shard)
    : state_(std::make_shared<State>(client, std::move(queue_path), std::move(leader_path),
                                     policies, std::move(make_shard))) {}

AnyQueueSharder::~AnyQueueSharder() {
  if (state_) close();
}

void AnyQueueSharder::close() noexcept {
  state_->request_close();
  state_->close_queues();
}

std::vector<std::string> AnyQueueSharder::queue_paths() const {
  return state_->paths();
}

Result<std::shared_ptr<void>> AnyQueueSharder::any_queue() const {
  return state_->choose();
}

std::shared_ptr<detail::Patience> AnyQueueSharder::make_patience() const {
  const std::string& path = state_->queue_path();
  return std::make_shared<detail::Patience>(state_->client(), kForever, "shard the queue " + path,
                                            path);
}

awaitable<Result<void>> AnyQueueSharder::start_now(std::shared_ptr<State> state) {
  co_return co_await state->begin();
}

}  // namespace drover
