#include "recipes/lock_engine.h"

#include <utility>

#include "recipes/prefixed_create.h"

namespace drover::recipes {

using boost::asio::awaitable;
using detail::Patience;

namespace {

awaitable<Result<Created>> create_node(Client client, ContenderNode node,
                                       std::shared_ptr<Patience> patience) {
  if (node.naming == ContenderNode::Naming::kKazoo) {
    co_return co_await create_prefixed(client, node.parent, node.name, node.mode,
                                       node.data.value_or(Bytes()), patience);
  }
  const std::string path = detail::child_path(node.parent, node.name);
  const CreateOptions options{
      .mode = node.mode, .parents = detail::recipe_parents(client), .protect = true};
  if (!node.data) co_return co_await client.create(path, options);
  co_return co_await client.create(path, *node.data, options);
}

// Waits until the znode's turn has come. Then, what tells that it is over.
awaitable<Result<std::unique_ptr<LossWatch>>> wait_for_turn(Client client, LockRequest request,
                                                            std::shared_ptr<HeldNode> node,
                                                            std::shared_ptr<Patience> patience) {
  for (;;) {
    // Before the look at the children: what is lost after it cannot be missed.
    auto loss = std::make_unique<LossWatch>(client, request.options.error_policy);
    auto siblings = co_await client.children(request.node.parent);
    if (!siblings) co_return std::unexpected(siblings.error());
    const Standing standing = request.order(std::move(siblings->names), node->name());
    if (standing.place == Standing::Place::kMissing || !node->is_of_present_session()) {
      co_return std::unexpected(vanished_error(*node));
    }
    if (standing.place == Standing::Place::kHolds) {
      if (!loss->is_lost()) co_return std::move(loss);
      // The connection broke meanwhile, and with it perhaps the session: look again.
      const auto connected = co_await connected_again(client, request.node.parent, patience);
      if (!connected) co_return std::unexpected(connected.error());
      continue;
    }
    if (patience->is_over()) co_return std::unexpected(patience->error());
    const std::string blocker = detail::child_path(request.node.parent, standing.blocker);
    auto watched = co_await client.watch_data(blocker);
    if (!watched) {
      if (watched.error().code == ErrorCode::kNoNode) continue;  // gone since
      co_return std::unexpected(watched.error());
    }
    const auto event = co_await patience->wait(watched->changed.fired());
    if (!event && !is_node_gone(event.error().code)) co_return std::unexpected(event.error());
  }
}

}  // namespace

Error vanished_error(const HeldNode& node) {
  return {.code = ErrorCode::kNoNode,
          .message = "lock: its own znode " + node.path() + " is gone",
          .path = node.path()};
}

bool is_node_gone(ErrorCode code) {
  return code == ErrorCode::kNoNode || code == ErrorCode::kSessionExpired;
}

awaitable<Result<void>> connected_again(Client client, std::string path,
                                        std::shared_ptr<Patience> patience) {
  if (client.closing_token().stop_requested()) {
    co_return std::unexpected(Error{.code = ErrorCode::kClosed,
                                    .message = "lock " + path + ": the client is closed",
                                    .path = path});
  }
  co_return co_await patience->wait(client.wait_connected());
}

awaitable<Result<std::shared_ptr<HeldNode>>> create_contender(Client client, ContenderNode node,
                                                              std::shared_ptr<Patience> patience) {
  auto created = co_await create_node(client, std::move(node), std::move(patience));
  if (!created) co_return std::unexpected(created.error());
  auto held = std::make_shared<HeldNode>(client, std::move(*created));
  co_return held;
}

awaitable<Result<LockHold>> acquire_lock(Client client, LockRequest request,
                                         std::shared_ptr<Patience> patience) {
  if (request.options.on_revoke) request.node.data = Bytes();
  detail::Retries retries(client);
  for (;;) {
    auto node = co_await create_contender(client, request.node, patience);
    if (!node) co_return std::unexpected(node.error());
    auto loss = co_await wait_for_turn(client, request, *node, patience);
    if (loss) {
      (*node)->hold(std::move(*loss));
      if (request.options.on_revoke) (*node)->let_revoke(request.options.on_revoke);
      co_return LockHold(std::move(*node));
    }
    co_await discard(std::move(*node));
    if (!is_node_gone(loss.error().code)) co_return std::unexpected(loss.error());
    if (request.may_begin_again && co_await retries.again(patience)) continue;
    co_return std::unexpected(patience->is_over() ? patience->error() : loss.error());
  }
}

awaitable<Result<std::vector<std::string>>> list_participants(Client client, std::string path,
                                                              std::vector<std::string> lock_names) {
  auto listing = co_await client.children(path);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
    co_return std::unexpected(listing.error());
  }
  auto names = sorted_children(std::move(listing->names), lock_names);
  for (std::string& name : names) name = detail::child_path(path, name);
  co_return names;
}

}  // namespace drover::recipes
