#pragma once
// What `drover log` and `drover snapshot` have in common: options that mean the same in both, how
// subcommands get them, and how a verdict is told.

#include <drover/result.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "storage/posix_disk.h"

namespace drover::file_tools {

struct ToolOptions {
  std::string path;     // a file or a data directory
  std::string other;    // of compare: the right one
  std::string log_dir;  // of check; empty: beside the snapshots
  std::int32_t length_max = kLengthMax;
  bool json = false;
  std::string znode;
  std::int64_t limit = 0;  // 0: none
  bool data = false;
  std::string write;  // of repair: the new file; empty: none
  bool in_place = false;
};

// One run of one subcommand. `options` must outlive it.
class ToolCommand {
 protected:
  // `name`: log or snapshot.
  ToolCommand(std::string_view name, const ToolOptions& options) : name_(name), common_(options) {}

  // Says why nothing could be looked at.
  [[nodiscard]] Verdict cannot(const Error& error) const { return cannot(error.message); }
  [[nodiscard]] Verdict cannot(std::string_view why) const;
  // One line on standard error.
  void complain(std::string_view what) const;
  static void print_json(const boost::json::object& object);

  [[nodiscard]] bool writes() const { return common_.in_place || !common_.write.empty(); }
  // Error: --write together with --in-place.
  [[nodiscard]] Result<void> check_destination() const;

  // What check says of a directory, and of one file.
  Verdict check_directory();
  Verdict tell_facts(const boost::json::object& json, const std::string& line,
                     const Findings& findings) const;
  // What repair says of its plan and of what became of it (a sentence or nothing).
  void tell_plan(boost::json::object json, const std::string& text,
                 const std::string& outcome) const;

  storage::PosixDisk disk_;

 private:
  std::string_view name_;
  const ToolOptions& common_;
};

// A hidden subcommand that takes all words behind it as they are: a tool of Apache's, which a
// script in bin/ runs under its name.
void add_stand_in(CLI::App& command, const char* name,
                  int (*run)(const std::vector<std::string>& words), int& exit_code);

// The words for what a tool reads.
struct ToolNouns {
  const char* file;        // log, snapshot
  const char* path_help;   // of the argument
  const char* entry_help;  // of --max-entry
};

// Subcommands with the options that each tool has under the same name.
CLI::App* add_tool_subcommand(CLI::App& command, const ToolNouns& nouns, ToolOptions& options,
                              const char* name, const char* what);
void add_tool_path(CLI::App& sub, const ToolNouns& nouns, ToolOptions& options);
void add_check_options(CLI::App& sub, ToolOptions& options);
void add_compare_paths(CLI::App& sub, const ToolNouns& nouns, ToolOptions& options);

// Sets up the command line of one tool. `Command` is a ToolCommand made of `Options`, whose public
// functions run the subcommands. The options live as long as the CLI::App.
template <typename Command, typename Options>
class ToolCommandLine {
 public:
  using Run = Verdict (Command::*)();

  ToolCommandLine(CLI::App& command, const ToolNouns& nouns, int& exit_code)
      : command_(command), nouns_(nouns), exit_code_(exit_code) {}

  [[nodiscard]] Options& options() { return *options_; }

  // A subcommand about one path.
  CLI::App* add(const char* name, const char* what, Run run) {
    auto* sub = add_without_path(name, what, run);
    add_tool_path(*sub, nouns_, *options_);
    return sub;
  }
  void add_check(const char* what, Run run) {
    add_check_options(*add("check", what, run), *options_);
  }
  CLI::App* add_compare(const char* what, Run run) {
    auto* sub = add_without_path("compare", what, run);
    add_compare_paths(*sub, nouns_, *options_);
    return sub;
  }

 private:
  CLI::App* add_without_path(const char* name, const char* what, Run run) {
    auto* sub = add_tool_subcommand(command_, nouns_, *options_, name, what);
    sub->callback([options = options_, run, &exit_code = exit_code_] {
      Command command(*options);
      exit_code = static_cast<int>((command.*run)());
    });
    return sub;
  }

  CLI::App& command_;
  ToolNouns nouns_;
  std::shared_ptr<Options> options_ = std::make_shared<Options>();
  int& exit_code_;
};

}  // namespace drover::file_tools
