#include "recipes/held_node.h"

#include <utility>

namespace drover::recipes {

HeldNode::~HeldNode() {
  if (!is_released_) client_.remove_in_background(node_.path);
}

std::string_view HeldNode::name() const {
  return std::string_view(node_.path).substr(node_.path.rfind('/') + 1);
}

void HeldNode::let_revoke(std::function<void()> on_revoke) {
  revocation_ =
      std::make_shared<RevocationWatch>(client_, node_.path, std::move(on_revoke), loss_->source());
  revocation_->start();
}

void HeldNode::release(detail::Handler<void> released) {
  is_released_ = true;
  revocation_.reset();
  loss_.reset();
  client_.remove(node_.path, {.guaranteed = true, .missing_ok = true},
                 [released = std::move(released)](Result<void> removed) mutable {
                   released(std::move(removed));
                 });
}

boost::asio::awaitable<void> discard(std::shared_ptr<HeldNode> node) {
  if (!node->client().is_connected()) co_return;  // by the destructor, once there is a connection
  LockHold hold(std::move(node));
  (void)co_await hold.release();
}

}  // namespace drover::recipes
