#pragma once
// How the tree names its parts to others.

#include <cstdint>

namespace drover::tree {

// Identity of a znode while it lives; reused after its death.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = UINT32_MAX;
inline constexpr NodeId kRoot = 0;

// Identity of an interned ACL list; -1 is world:anyone:cdrwa and never in the table.
using AclKey = std::int64_t;
inline constexpr AclKey kOpenAcl = -1;

}  // namespace drover::tree
