#include "server/build_info.h"

#include <fmt/format.h>

namespace drover::server {

namespace {
constexpr std::string_view kZooKeeperVersion = "3.9.4";  // whose client protocol is spoken
}

std::string drover_version() {
  return DROVER_VERSION;
}

std::string zookeeper_version() {
  return fmt::format("{}-drover-{}-{}, built on {} UTC", kZooKeeperVersion, DROVER_VERSION,
                     DROVER_COMMIT, DROVER_COMMIT_TIME);
}

}  // namespace drover::server
