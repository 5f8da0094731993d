#include <drover/recipes/multi_lock.h>

#include <list>

#include "recipes/lock_engine.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr auto kLockName = "lock-";

struct Stop {
  std::stop_source lost;
  void operator()() { lost.request_stop(); }
};

}  // namespace

struct MultiHold::State {
  std::vector<LockHold> holds;
  std::stop_source lost{};
  std::list<std::stop_callback<Stop>> on_lost{};

  State(std::vector<LockHold> all) : holds(std::move(all)) {
    for (const LockHold& hold : holds) on_lost.emplace_back(hold.lost(), Stop{lost});
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    while (!holds.empty()) holds.pop_back();
  }
};

MultiHold::MultiHold(std::vector<LockHold> holds)
    : state_(std::make_shared<State>(std::move(holds))) {}
MultiHold::~MultiHold() = default;

const std::vector<LockHold>& MultiHold::holds() const noexcept {
  static const std::vector<LockHold> kNone;
  return state_ ? state_->holds : kNone;
}

std::stop_token MultiHold::lost() const noexcept {
  return state_ ? state_->lost.get_token() : std::stop_token();
}

struct MultiLock::State {
  Client client;
  std::vector<std::string> paths;
  LockOptions options;
};

MultiLock::MultiLock(Client client, std::vector<std::string> paths, LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(paths), std::move(options))) {
  if (!state_->paths.empty()) return;
  throw Exception({.code = ErrorCode::kBadArguments, .message = "multi lock: no paths"});
}

std::shared_ptr<detail::Patience> MultiLock::make_patience(
    std::chrono::milliseconds at_most) const {
  const std::string& first = state_->paths.front();
  return std::make_shared<detail::Patience>(
      state_->client, at_most,
      "multi lock of " + std::to_string(state_->paths.size()) + " from " + first, first);
}

awaitable<Result<MultiHold>> MultiLock::do_acquire(std::shared_ptr<const State> state,
                                                   std::shared_ptr<detail::Patience> patience) {
  std::vector<LockHold> holds;
  for (const std::string& path : state->paths) {
    recipes::LockRequest request{
        .node = {.parent = path, .name = kLockName, .data = state->options.node_data},
        .order = recipes::first_come_order(kLockName, 1),
        .options = state->options};
    patience->begin_again();
    auto hold = co_await recipes::acquire_lock(state->client, std::move(request), patience);
    if (!hold) {
      while (!holds.empty()) {
        if (state->client.is_connected()) (void)co_await holds.back().release();
        holds.pop_back();
      }
      co_return std::unexpected(hold.error());
    }
    holds.push_back(std::move(*hold));
  }
  co_return MultiHold(std::move(holds));
}

Result<void> MultiLock::lock_within(std::chrono::milliseconds at_most) {
  if (is_held()) {
    return std::unexpected(detail::locked_twice_error("multi lock from", state_->paths.front()));
  }
  auto hold = acquire(at_most, block);
  if (!hold) return std::unexpected(hold.error());
  holds_.put(std::move(*hold));
  return {};
}

void MultiLock::unlock() noexcept {
  (void)holds_.take();
}

}  // namespace drover
