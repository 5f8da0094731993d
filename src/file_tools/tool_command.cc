#include "file_tools/tool_command.h"

#include <fmt/format.h>

#include "file_tools/data_dir.h"

namespace drover::file_tools {

Verdict ToolCommand::cannot(std::string_view why) const {
  complain(why);
  return Verdict::kNotExamined;
}

void ToolCommand::complain(std::string_view what) const {
  fmt::print(stderr, "drover {}: {}\n", name_, what);
}

void ToolCommand::print_json(const boost::json::object& object) {
  fmt::print("{}\n", boost::json::serialize(object));
}

Verdict ToolCommand::check_directory() {
  return report_data_dir(
      disk_, {.path = common_.path, .log_path = common_.log_dir, .length_max = common_.length_max},
      common_.json);
}

Verdict ToolCommand::tell_facts(const boost::json::object& json, const std::string& line,
                                const Findings& findings) const {
  if (common_.json) {
    print_json(json);
  } else {
    fmt::print("{}", line);
    for (const Finding& finding : findings) fmt::print("{}", finding_text(finding));
  }
  return verdict_of(findings);
}

void ToolCommand::tell_plan(boost::json::object json, const std::string& text,
                            const std::string& outcome) const {
  if (common_.json) {
    json["outcome"] = outcome;
    print_json(json);
  } else {
    fmt::print("{}", text);
    if (!outcome.empty()) fmt::print("  {}\n", outcome);
  }
}

Result<void> ToolCommand::check_destination() const {
  if (!common_.in_place || common_.write.empty()) return {};
  return failure("--write and --in-place exclude each other");
}

void add_stand_in(CLI::App& command, const char* name,
                  int (*run)(const std::vector<std::string>& words), int& exit_code) {
  auto* sub = command.add_subcommand(name)->group("");
  sub->prefix_command();
  sub->set_help_flag();
  sub->callback([sub, run, &exit_code] { exit_code = run(sub->remaining()); });
}

CLI::App* add_tool_subcommand(CLI::App& command, const ToolNouns& nouns, ToolOptions& options,
                              const char* name, const char* what) {
  auto* sub = command.add_subcommand(name, what);
  sub->add_flag("--json", options.json, "JSON instead of text");
  sub->add_option("--max-entry", options.length_max, nouns.entry_help)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  return sub;
}

void add_tool_path(CLI::App& sub, const ToolNouns& nouns, ToolOptions& options) {
  sub.add_option(nouns.file, options.path, nouns.path_help)->required();
}

void add_check_options(CLI::App& sub, ToolOptions& options) {
  sub.add_option("--log-dir", options.log_dir, "dataLogDir, when the logs are elsewhere");
  sub.footer(
      "Of a directory: logs and snapshots, gaps between them, epoch files, myid, and "
      "whether a start would succeed.");
}

void add_compare_paths(CLI::App& sub, const ToolNouns& nouns, ToolOptions& options) {
  sub.add_option("left", options.path, nouns.path_help)->required();
  sub.add_option("right", options.other, "The other")->required();
}

}  // namespace drover::file_tools
