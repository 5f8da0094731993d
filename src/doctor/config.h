#pragma once
// The doctor's look at zoo.cfg and myid: what the server itself would refuse, and what it would
// take and somebody regret.

#include <optional>
#include <string>

#include "file_tools/finding.h"
#include "server/config.h"

namespace drover::doctor {

struct ConfigFacts {
  // nullopt: so wrong that nothing else can be looked at. With a wrong myid or member list it is
  // what zoo.cfg alone says.
  std::optional<server::Config> config;
  file_tools::Findings findings;
};

// `file` empty: what `drover serve` without a file runs with.
[[nodiscard]] ConfigFacts check_config(const std::string& file);

}  // namespace drover::doctor
