#pragma once
// Manual pages from the source that --help has: names, options and defaults from the command line's
// own description, everything else from the footer. A footer is read like this:
//
//   A paragraph                   belongs to the description; one that begins with "Usage: " is the
//                                 synopsis, "Exit codes: " a section of its own
//   Examples:                     a short line above lines with a margin heads a section; the colon
//   may be
//     drover serve                missing, the lines with a margin stay as they are

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace drover::cli {

// What a page tells beside its command: shown as it stands, under a heading of its own.
struct ManTopic {
  std::string heading;
  std::string text;
};

struct ManPage {
  std::string name;            // drover-serve
  char section = '1';          // 1 commands, 5 files, 8 for administrators
  std::string version;         // what stands at the foot: "Drover 0.1.0"
  std::string topics_heading;  // above the topics, when there are any
  std::vector<ManTopic> topics;
};

// The page of a command and of the commands below it, as roff with the man macros.
[[nodiscard]] std::string man_page(const CLI::App& command, const ManPage& page);

// zoo.cfg(5), from the table of keys.
[[nodiscard]] std::string config_page(const ManPage& page);

// `text` so that roff shows it as it is, also at the beginning of a line.
[[nodiscard]] std::string roff_escaped(std::string_view text);

}  // namespace drover::cli
