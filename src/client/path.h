#pragma once
// What a client says about a path before the server sees it (as PathUtils does, texts
// included), and how a chroot goes on and comes off.

#include <optional>
#include <string>
#include <string_view>

namespace drover::client {

// Why `path` cannot name a znode, in ZooKeeper's own words; nullopt for a good one. A sequential
// create may end in '/', because a number will follow.
[[nodiscard]] std::optional<std::string> path_problem(std::string_view path,
                                                      bool sequential = false);

// `path` as the server knows it. Requires a good path; `chroot` is empty or a good path other than
// "/".
[[nodiscard]] std::string with_chroot(std::string_view chroot, std::string_view path);

// The other way; a path outside the chroot comes back as it is.
[[nodiscard]] std::string without_chroot(std::string_view chroot, std::string_view path);

}  // namespace drover::client
