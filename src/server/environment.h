#pragma once
// Facts about the process and its machine that `envi`, `mntr`, `conf` and `dirs` show.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "admin/status_view.h"

namespace drover::server {

// In the order of `envi`. What only a JVM has is there as <NA>, because parsers look for the keys.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment();

// What the process holds in memory, bytes.
[[nodiscard]] std::int64_t resident_bytes();
// What Prometheus clients of every language tell of a process.
[[nodiscard]] std::vector<admin::StatusView::ProcessMetric> process_metrics();
// -1: unknown.
[[nodiscard]] std::int64_t open_file_descriptors();
[[nodiscard]] std::int64_t file_descriptors_max();
// Lifts the soft limit of open files to the hard one, as the JVM does.
void raise_file_descriptor_limit();

// Sum of the sizes of the plain files in a folder, bytes; 0 when it cannot be read.
[[nodiscard]] std::int64_t folder_bytes(const std::string& dir);
// When a file was last written, seconds since 1970; 0: it is not there.
[[nodiscard]] std::int64_t modified_s(const std::string& path);
// The absolute form of a path, for people to read.
[[nodiscard]] std::string absolute_path(const std::string& path);

}  // namespace drover::server
