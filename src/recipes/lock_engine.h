#pragma once
// How every lock of this room is taken: one's own znode among its siblings, and the wait for the
// one that is before it.

#include <drover/recipes/lock_hold.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "recipes/held_node.h"
#include "recipes/lock_order.h"

namespace drover::recipes {

// A contender's znode.
struct ContenderNode {
  enum class Naming : std::uint8_t {
    kCurator,  // `_c_<uuid>-<name>`, parents are containers
    kKazoo,    // `<32 hex digits><name>`, parents are persistent
  };
  std::string parent;
  std::string name;  // "lock-"
  Naming naming = Naming::kCurator;
  CreateMode mode = CreateMode::kEphemeralSequential;
  std::optional<Bytes> data{};  // default: the client's
};

struct LockRequest {
  ContenderNode node;
  LockOrder order;
  LockOptions options{};
  // With a new znode when the own one is gone, because the session is another one.
  bool may_begin_again = true;
};

// Creates it, so that exactly one is there afterwards, whatever was lost on the way; none if this
// fails. Errors: the client's, and those of `patience`.
boost::asio::awaitable<Result<std::shared_ptr<HeldNode>>> create_contender(
    Client client, ContenderNode node, std::shared_ptr<detail::Patience> patience);

// What the recipes that wait in other ways than acquire_lock() share with it. The own znode is not
// among its siblings:
[[nodiscard]] Error vanished_error(const HeldNode& node);
// An error that says so, or that will have been the reason: begin anew.
[[nodiscard]] bool is_node_gone(ErrorCode code);
// After the connection broke at the very moment in which the lock was had. Errors: kClosed, and
// those of `patience`.
boost::asio::awaitable<Result<void>> connected_again(Client client, std::string path,
                                                     std::shared_ptr<detail::Patience> patience);

// Takes the lock. Errors: kTimedOut and kCancelled from `patience`; kNoNode when the own znode was
// gone again and again, for as long as the client's retry policy goes on; the client's. After an
// error no znode is left, or it is being removed in the background.
boost::asio::awaitable<Result<LockHold>> acquire_lock(Client client, LockRequest request,
                                                      std::shared_ptr<detail::Patience> patience);

// All children of `path`, in the order that `lock_names` gives them, as paths; none when there is
// no such znode.
boost::asio::awaitable<Result<std::vector<std::string>>> list_participants(
    Client client, std::string path, std::vector<std::string> lock_names);

}  // namespace drover::recipes
