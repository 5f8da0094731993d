#include "client/records.h"

namespace drover::client {

std::vector<wire::AclView> acl_views(const AclList& acl) {
  std::vector<wire::AclView> views;
  views.reserve(acl.size());
  for (const auto& entry : acl) {
    views.push_back({.perms = entry.perms, .scheme = entry.id.scheme, .id = entry.id.id});
  }
  return views;
}

AclList decode_acl_list(wire::JuteReader& in) {
  AclList acl;
  const auto views = wire::decode_acl(in);
  for (const auto& view : views.value_or(std::vector<wire::AclView>())) {
    acl.push_back({.perms = view.perms,
                   .id = {.scheme = std::string(view.scheme.value_or("")),
                          .id = std::string(view.id.value_or(""))}});
  }
  return acl;
}

std::vector<std::string> decode_strings(wire::JuteReader& in) {
  std::vector<std::string> all;
  const auto count = in.read_count().value_or(0);
  for (std::int32_t i = 0; i < count && in.ok(); ++i) all.emplace_back(in.read_string());
  return all;
}

std::vector<Id> decode_ids(wire::JuteReader& in) {
  std::vector<Id> all;
  const auto count = in.read_count().value_or(0);
  for (std::int32_t i = 0; i < count && in.ok(); ++i) {
    Id id;
    id.scheme = in.read_string();
    id.id = in.read_string();
    all.push_back(std::move(id));
  }
  return all;
}

wire::OpCode create_op(CreateMode mode, wire::OpCode plain) {
  if (mode == CreateMode::kContainer) return wire::OpCode::kCreateContainer;
  return has_ttl(mode) ? wire::OpCode::kCreateTtl : plain;
}

}  // namespace drover::client
