#pragma once
// A repaired file takes the place of the broken one, which stays beside it.

#include <drover/result.h>

#include <functional>
#include <string>

#include "storage/disk.h"

namespace drover::file_tools {

// `write` makes the new file, durably, under the name it is given. Then `path` becomes
// `damaged.<name>` in the same folder and the new file takes its name; answers what the old one is
// called now. Refused while Drover runs on the folder (its lock is held meanwhile) and when the
// backup of an earlier repair is there.
Result<std::string> replace_in_place(storage::Disk& disk, const std::string& path,
                                     const std::function<Result<void>(const std::string&)>& write);

}  // namespace drover::file_tools
