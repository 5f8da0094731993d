#pragma once
// Who may do what: permissions and identities (zookeeper.data.ACL, Id).

#include <cstdint>
#include <string>
#include <vector>

namespace drover {

namespace perms {
inline constexpr std::int32_t kRead = 1;
inline constexpr std::int32_t kWrite = 2;
inline constexpr std::int32_t kCreate = 4;
inline constexpr std::int32_t kDelete = 8;
inline constexpr std::int32_t kAdmin = 16;
inline constexpr std::int32_t kAll = 31;
}  // namespace perms

// An identity: of a connection, or named in an ACL.
struct Id {
  std::string scheme;
  std::string id;
  friend bool operator==(const Id&, const Id&) = default;
  friend auto operator<=>(const Id&, const Id&) = default;
};

struct Acl {
  std::int32_t perms = 0;  // bits of perms::, stored as received, unknown bits included
  Id id;
  friend bool operator==(const Acl&, const Acl&) = default;
  friend auto operator<=>(const Acl&, const Acl&) = default;
};

using AclList = std::vector<Acl>;

}  // namespace drover
