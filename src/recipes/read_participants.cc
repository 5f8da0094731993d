#include "recipes/read_participants.h"

#include <utility>

namespace drover::recipes {

boost::asio::awaitable<Result<std::vector<Participant>>> read_participants(
    Client client, std::vector<std::string> paths, std::size_t most) {
  std::vector<Participant> participants;
  for (const auto& path : paths) {
    if (participants.size() == most) break;
    auto node = co_await client.get(path);
    if (!node && node.error().code == ErrorCode::kNoNode) continue;
    if (!node) co_return std::unexpected(std::move(node.error()));
    participants.push_back(
        {.id = std::string(as_text(node->data)), .is_leader = participants.empty()});
  }
  co_return participants;
}

}  // namespace drover::recipes
