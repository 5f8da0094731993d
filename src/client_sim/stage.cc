#include "client_sim/stage.h"

#include <fmt/format.h>

namespace drover::client_sim {

void Stage::note(const Actor& actor, std::string_view what) {
  ++notes_;
  const auto line = fmt::format("process {} {}", actor.process->host(), what);
  ensemble_.log().info("{}", line);
  // FNV-1a, of the moment too.
  const auto add = [this](std::uint64_t byte) {
    fingerprint_ = (fingerprint_ ^ (byte & 0xff)) * 1099511628211ULL;
  };
  const auto moment = static_cast<std::uint64_t>(now().since_start.count());
  for (int shift = 0; shift < 64; shift += 8) add(moment >> shift);
  for (const char c : line) add(static_cast<std::uint64_t>(c));
}

}  // namespace drover::client_sim
