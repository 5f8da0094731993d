#include <drover/recipes/semaphore_v1.h>

#include "recipes/lock_engine.h"

namespace drover {

using boost::asio::awaitable;

namespace {
constexpr auto kLockName = "lock-";
}

struct SemaphoreV1::State {
  Client client;
  std::string path;
  int leases_max;
  LockOptions options;
};

SemaphoreV1::SemaphoreV1(Client client, std::string path, int leases_max, LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), leases_max,
                                     std::move(options))) {
  if (leases_max >= 1) return;
  throw Exception({.code = ErrorCode::kBadArguments,
                   .message = "semaphore " + state_->path + ": the limit of leases is " +
                              std::to_string(leases_max) + ", not at least 1",
                   .path = state_->path});
}

std::shared_ptr<detail::Patience> SemaphoreV1::make_patience(
    std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "semaphore " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> SemaphoreV1::do_acquire(std::shared_ptr<const State> state,
                                                    std::shared_ptr<detail::Patience> patience) {
  recipes::LockRequest request{
      .node = {.parent = state->path, .name = kLockName, .data = state->options.node_data},
      .order = recipes::first_come_order(kLockName, state->leases_max),
      .options = state->options};
  co_return co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
}

Result<void> SemaphoreV1::acquire_within(std::chrono::milliseconds at_most) {
  auto lease = acquire_lease(at_most, block);
  if (!lease) return std::unexpected(lease.error());
  pool_.put(std::move(*lease));
  return {};
}

}  // namespace drover
