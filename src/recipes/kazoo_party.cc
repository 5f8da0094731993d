#include <drover/recipes/kazoo_party.h>

#include <utility>

namespace drover::kazoo {
namespace {

constexpr std::string_view kNodeName = "__party__";

std::string own_name(const Client& client, const std::string& identifier, bool is_shallow) {
  auto name = detail::random_hex(client);
  return is_shallow ? name + "-" + identifier : name.append(kNodeName);
}

}  // namespace

BasicParty::BasicParty(Client client, std::string path, std::string identifier, bool is_shallow) {
  auto node_path = detail::child_path(path, own_name(client, identifier, is_shallow));
  state_ = std::make_shared<const State>(State{.client = std::move(client),
                                               .path = std::move(path),
                                               .identifier = std::move(identifier),
                                               .is_shallow = is_shallow,
                                               .node_path = std::move(node_path)});
}

boost::asio::awaitable<Result<void>> BasicParty::join_now(std::shared_ptr<const State> state) {
  Client client = state->client;
  const CreateOptions how{.mode = CreateMode::kEphemeral, .parents = Parents::kPersistent};
  auto created = co_await client.create(state->node_path, as_bytes(state->identifier), how);
  if (created || created.error().code == ErrorCode::kNodeExists) co_return Result<void>();
  co_return std::unexpected(std::move(created.error()));
}

boost::asio::awaitable<Result<bool>> BasicParty::leave_now(std::shared_ptr<const State> state) {
  Client client = state->client;
  auto removed = co_await client.remove(state->node_path);
  if (removed) co_return true;
  if (removed.error().code == ErrorCode::kNoNode) co_return false;
  co_return std::unexpected(std::move(removed.error()));
}

boost::asio::awaitable<Result<std::vector<std::string>>> BasicParty::members_now(
    std::shared_ptr<const State> state) {
  Client client = state->client;
  std::vector<std::string> members;
  auto listing = co_await client.children(state->path);
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return members;
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  for (const auto& name : listing->names) {
    if (state->is_shallow) {
      members.push_back(name.substr(name.find('-') + 1));
      continue;
    }
    if (!name.contains(kNodeName)) continue;
    auto node = co_await client.get(detail::child_path(state->path, name));
    if (!node && node.error().code == ErrorCode::kNoNode) continue;  // gone meanwhile
    if (!node) co_return std::unexpected(std::move(node.error()));
    members.emplace_back(as_text(node->data));
  }
  co_return members;
}

}  // namespace drover::kazoo
