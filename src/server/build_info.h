#pragma once
// What the binary says of itself.

#include <string>

namespace drover::server {

// Drover's own version, as in `drover --version`.
[[nodiscard]] std::string drover_version();

// For `Zookeeper version:` and zookeeper.version: `<x.y.z>-drover-<version>-<hash>, built on
// <yyyy-MM-dd HH:mm> UTC`. Clients (kazoo, Curator) and exporters read the leading x.y.z as the
// protocol that they may use.
[[nodiscard]] std::string zookeeper_version();

}  // namespace drover::server
