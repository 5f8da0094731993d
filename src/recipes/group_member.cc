#include <drover/recipes/group_member.h>

#include <utility>

namespace drover {

GroupMember::GroupMember(const Client& client, std::string path, std::string member_id)
    : GroupMember(client, std::move(path), std::move(member_id), client.options().default_data) {}

GroupMember::GroupMember(const Client& client, std::string path, std::string member_id,
                         Bytes payload)
    : path_(std::move(path)),
      id_(std::move(member_id)),
      node_(client, detail::child_path(path_, id_), CreateMode::kEphemeral, std::move(payload)),
      cache_(client, path_, {.depth_max = 1}) {}

std::map<std::string, Bytes> GroupMember::members() const {
  std::map<std::string, Bytes> members;
  for (const auto& [name, node] : cache_.children(path_)) members.emplace(name, node->data);
  members.try_emplace(id_, node_.data());
  return members;
}

}  // namespace drover
