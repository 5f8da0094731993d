#pragma once
// A lock's znode as long as somebody here has it, whether he holds the lock or still waits.

#include <drover/recipes/lock_hold.h>

#include <memory>
#include <string>
#include <string_view>

#include "recipes/loss_watch.h"
#include "recipes/revocation_watch.h"

namespace drover::recipes {

class HeldNode {
 public:
  HeldNode(Client client, Created created)
      : client_(std::move(client)), node_(std::move(created)) {}
  HeldNode(const HeldNode&) = delete;
  HeldNode& operator=(const HeldNode&) = delete;
  // Removes the znode in the background.
  ~HeldNode();

  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] const std::string& path() const { return node_.path; }
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::int64_t fencing_token() const { return node_.stat.czxid; }

  // False: it will go when the session that it belongs to expires, however well the present one
  // is. Whoever relies on it has to look after he began to watch for the loss.
  [[nodiscard]] bool is_of_present_session() const {
    return node_.stat.ephemeral_owner == client_.session_id();
  }

  // The lock is held from now on.
  void hold(std::unique_ptr<LossWatch> loss) { loss_ = std::move(loss); }
  [[nodiscard]] std::stop_token lost() const { return loss_ ? loss_->lost() : std::stop_token(); }
  // Requires hold().
  void let_revoke(std::function<void()> on_revoke);

  // Removes the znode; nothing else may be called afterwards.
  void release(detail::Handler<void> released);

 private:
  Client client_;
  Created node_;
  std::unique_ptr<LossWatch> loss_;
  std::shared_ptr<RevocationWatch> revocation_;
  bool is_released_ = false;
};

// Removes the znode, and waits for that when there is a connection.
boost::asio::awaitable<void> discard(std::shared_ptr<HeldNode> node);

}  // namespace drover::recipes
