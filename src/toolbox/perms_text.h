#pragma once
// Permissions as zkCli writes them.

#include <cstdint>
#include <string>

namespace drover::toolbox {

// Of an ACL entry: the letters of "cdrwa" that are set.
[[nodiscard]] std::string perms_text(std::int32_t bits);

}  // namespace drover::toolbox
