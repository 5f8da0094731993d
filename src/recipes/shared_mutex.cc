#include <drover/recipes/shared_mutex.h>

#include <algorithm>

#include "recipes/lock_engine.h"

namespace drover {

using boost::asio::awaitable;

struct SharedMutex::State {
  Client client;
  std::string path;
  LockOptions options;

  [[nodiscard]] recipes::LockRequest request(std::string name, recipes::LockOrder order) const {
    return {.node = {.parent = path, .name = std::move(name), .data = options.node_data},
            .order = std::move(order),
            .options = options};
  }
};

SharedMutex::SharedMutex(Client client, std::string path, LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(options))) {}

SharedMutex::PatiencePtr SharedMutex::make_patience(std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "lock " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> SharedMutex::do_acquire(StatePtr state, PatiencePtr patience) {
  auto request = state->request(std::string(recipes::kWriteName), recipes::write_order());
  co_return co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
}

awaitable<Result<LockHold>> SharedMutex::do_acquire_shared(StatePtr state, PatiencePtr patience) {
  auto request = state->request(std::string(recipes::kReadName), recipes::read_order());
  co_return co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
}

awaitable<Result<LockHold>> SharedMutex::do_acquire_beside(StatePtr state, std::string writer_path,
                                                           PatiencePtr patience) {
  const std::string writer = writer_path.substr(writer_path.rfind('/') + 1);
  const auto number = writer.substr(writer.rfind(recipes::kWriteName) + recipes::kWriteName.size());
  auto request =
      state->request(std::string(recipes::kReadName) + number, recipes::read_beside_order(writer));
  request.node.mode = CreateMode::kEphemeral;
  // Its place is the writer's: without the writer, in another session, it would be a stolen one.
  request.may_begin_again = false;
  auto hold =
      co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
  if (!hold && (hold.error().code == ErrorCode::kNoNode ||
                hold.error().code == ErrorCode::kSessionExpired)) {
    co_return std::unexpected(Error{
        .code = ErrorCode::kLockLost,
        .message = "lock " + state->path + ": the exclusive lock was lost before it was shared",
        .path = state->path});
  }
  co_return hold;
}

awaitable<Result<LockHold>> SharedMutex::do_downgrade(StatePtr state, LockHold exclusive,
                                                      PatiencePtr patience) {
  auto shared = co_await do_acquire_beside(state, exclusive.node_path(), std::move(patience));
  (void)co_await exclusive.release();
  co_return shared;
}

awaitable<Result<std::vector<std::string>>> SharedMutex::do_participants(StatePtr state,
                                                                         bool are_readers) {
  auto paths =
      co_await recipes::list_participants(state->client, state->path, recipes::read_write_names());
  if (!paths) co_return paths;
  const auto name = are_readers ? recipes::kReadName : recipes::kWriteName;
  std::erase_if(*paths, [&](const std::string& path) {
    return path.find(name, state->path.size()) == std::string::npos;
  });
  co_return paths;
}

Result<void> SharedMutex::lock_within(std::chrono::milliseconds at_most) {
  if (is_held() || is_held_shared()) {
    return std::unexpected(detail::locked_twice_error("shared mutex", state_->path));
  }
  auto hold = acquire(at_most, block);
  if (!hold) return std::unexpected(hold.error());
  writers_.put(std::move(*hold));
  return {};
}

Result<void> SharedMutex::lock_shared_within(std::chrono::milliseconds at_most) {
  if (is_held_shared()) {
    return std::unexpected(detail::locked_twice_error("shared mutex", state_->path));
  }
  auto hold = [&] {
    const LockHold* writer = writers_.find();
    if (!writer) return acquire_shared(at_most, block);
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(patience, block,
                                        [state = state_, path = writer->node_path(), patience] {
                                          return do_acquire_beside(state, path, patience);
                                        });
  }();
  if (!hold) return std::unexpected(hold.error());
  readers_.put(std::move(*hold));
  return {};
}

void SharedMutex::unlock() noexcept {
  (void)writers_.take();
}

void SharedMutex::unlock_shared() noexcept {
  (void)readers_.take();
}

const LockHold& SharedMutex::hold_of_this_thread() const noexcept {
  const LockHold* writer = writers_.find();
  return writer ? *writer : *readers_.find();
}

}  // namespace drover
