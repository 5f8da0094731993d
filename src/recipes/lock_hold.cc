#include <drover/recipes/lock_hold.h>

#include "recipes/held_node.h"

namespace drover {

LockHold::LockHold(std::shared_ptr<recipes::HeldNode> node)
    : executor_(node->client().get_executor()), node_(std::move(node)) {}
// A hold that was moved from keeps its executor: release() may still be called.
// NOLINTNEXTLINE(performance-move-constructor-init)
LockHold::LockHold(LockHold&& other) noexcept
    : executor_(other.executor_), node_(std::move(other.node_)) {}
LockHold& LockHold::operator=(LockHold&& other) noexcept {
  executor_ = other.executor_;
  node_ = std::move(other.node_);
  return *this;
}
LockHold::~LockHold() = default;

const std::string& LockHold::node_path() const noexcept {
  return node_->path();
}
std::int64_t LockHold::fencing_token() const noexcept {
  return node_->fencing_token();
}
std::stop_token LockHold::lost() const noexcept {
  return node_->lost();
}

void LockHold::start_release(const boost::asio::any_io_executor& executor,
                             const std::shared_ptr<recipes::HeldNode>& node,
                             detail::Handler<void> handler) {
  if (node) return node->release(std::move(handler));
  // From inside an initiating function, which must not call the handler itself.
  boost::asio::post(executor, [handler = std::move(handler)]() mutable { handler({}); });
}

}  // namespace drover
