#include "server/build_info.h"

#include <fmt/format.h>

namespace drover::server {

namespace {
constexpr std::string_view kZooKeeperVersion = "3.9.4";  // whose client protocol is spoken
}

std::string build_text() {
  constexpr std::string_view kSanitizers = DROVER_SANITIZERS;
  return fmt::format("Drover {} ({}){}{}", DROVER_VERSION, zookeeper_version(),
                     kSanitizers.empty() ? "" : ", sanitizers: ", kSanitizers);
}

std::string zookeeper_version() {
  return fmt::format("{}-drover-{}-{}, built on {} UTC", kZooKeeperVersion, DROVER_VERSION,
                     DROVER_COMMIT, DROVER_COMMIT_TIME);
}

}  // namespace drover::server
