#pragma once
// The configuration of a server from its files: zoo.cfg, and for the member of an ensemble also
// myid and the file that dynamicConfigFile names.

#include <drover/result.h>

#include <string>

#include "server/config.h"

namespace drover::server {

// Errors: one line that names file, line and key where there is one. The caller exits with 2.
// `given` holds what was set before; the file overrides it.
Result<Config> load_config(const std::string& file, Config given = {});

}  // namespace drover::server
