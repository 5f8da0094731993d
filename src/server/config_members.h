#pragma once
// `server.N`, `group.N` and `weight.N` lines, from zoo.cfg or from the file that dynamicConfigFile
// names, as one ensemble; and what has to hold between them and the rest of the configuration.
// Pure. Errors: one line, `file:line: key: what is allowed`.

#include <drover/result.h>

#include <span>
#include <string_view>

#include "server/config.h"
#include "server/properties.h"

namespace drover::server {

// Fills config.ensemble from those of `properties` whose keys are `of_members`; `file` is where
// they stand.
Result<void> read_members(std::span<const Property> properties, std::string_view file,
                          Config& config);

// The text of config.dynamic_config_file: member lines and nothing else.
Result<void> parse_dynamic_config(std::string_view text, Config& config);

// Once all members are known. `file` is zoo.cfg.
Result<void> check_ensemble(std::string_view file, Config& config);

// The text of a myid file at `path`: says who we are, and with that our role and client port.
// `file` is zoo.cfg. Requires config.distributed().
Result<void> settle_self(std::string_view text, std::string_view path, std::string_view file,
                         Config& config);

}  // namespace drover::server
