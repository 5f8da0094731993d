#pragma once
// For the tests of this room.

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/assert.h"
#include "zab/ensemble_config.h"

namespace drover::zab::testing {

// Servers 1 to `voters` vote, so many `observers` behind them do not.
inline EnsembleConfig ensemble_of(int voters, int observers = 0) {
  std::string text;
  for (int sid = 1; sid <= voters + observers; ++sid) {
    text += fmt::format("server.{}=host{}:2888:3888:{}\n", sid, sid,
                        sid <= voters ? "participant" : "observer");
  }
  auto config = EnsembleConfig::parse(text);
  DROVER_ASSERT(config.has_value(), "a configuration of the test");
  return std::move(*config);
}

}  // namespace drover::zab::testing
