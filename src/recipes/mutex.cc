#include <drover/recipes/mutex.h>

#include "recipes/lock_engine.h"

namespace drover {

using boost::asio::awaitable;

namespace {
constexpr auto kLockName = "lock-";
}

struct Mutex::State {
  Client client;
  std::string path;
  LockOptions options;
};

Mutex::Mutex(Client client, std::string path, LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(options))) {}

std::shared_ptr<detail::Patience> Mutex::make_patience(std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "lock " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> Mutex::do_acquire(std::shared_ptr<const State> state,
                                              std::shared_ptr<detail::Patience> patience) {
  recipes::LockRequest request{
      .node = {.parent = state->path, .name = kLockName, .data = state->options.node_data},
      .order = recipes::first_come_order(kLockName, 1),
      .options = state->options};
  co_return co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
}

awaitable<Result<std::vector<std::string>>> Mutex::do_participants(
    std::shared_ptr<const State> state) {
  std::vector<std::string> lock_names{kLockName};
  co_return co_await recipes::list_participants(state->client, state->path, std::move(lock_names));
}

Result<void> Mutex::lock_within(std::chrono::milliseconds at_most) {
  if (is_held()) return std::unexpected(detail::locked_twice_error("mutex", state_->path));
  auto hold = acquire(at_most, block);
  if (!hold) return std::unexpected(hold.error());
  holds_.put(std::move(*hold));
  return {};
}

void Mutex::unlock() noexcept {
  (void)holds_.take();
}

std::stop_token Mutex::lost() const noexcept {
  return holds_.find()->lost();
}

std::int64_t Mutex::fencing_token() const noexcept {
  return holds_.find()->fencing_token();
}

}  // namespace drover
