#include <drover/recipes/kazoo_election.h>

#include <utility>

namespace drover::kazoo {

Election::Election(const Client& client, const std::string& path, std::string identifier) {
  LockOptions options{.identifier = std::move(identifier)};
  state_.reset(new State{client, path, Lock(client, path, std::move(options))});
}

boost::asio::awaitable<Result<void>> Election::run_now(std::shared_ptr<State> state, Body body,
                                                       std::chrono::milliseconds at_most) {
  auto hold = co_await state->lock.acquire(at_most);
  if (!hold) co_return std::unexpected(std::move(hold.error()));
  Leadership leadership{.lost = hold->lost(), .fencing_token = hold->fencing_token()};
  co_await body(std::move(leadership));
  co_return co_await hold->release();
}

}  // namespace drover::kazoo
