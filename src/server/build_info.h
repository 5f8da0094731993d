#pragma once
// What the binary says of itself.

#include <string>

namespace drover::server {

// `drover --version` and the first line of the log: Drover's own version, the one for clients, and
// which sanitizers watch this build, if any do.
[[nodiscard]] std::string build_text();

// For `Zookeeper version:` and zookeeper.version: `<x.y.z>-drover-<version>-<hash>, built on
// <yyyy-MM-dd HH:mm> UTC`. Clients (kazoo, Curator) and exporters read the leading x.y.z as the
// protocol that they may use.
[[nodiscard]] std::string zookeeper_version();

}  // namespace drover::server
