#include "doctor/doctor.h"

#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <string>

#include "doctor/config.h"
#include "doctor/disk.h"
#include "doctor/host.h"
#include "doctor/net.h"
#include "file_tools/finding.h"

namespace drover::doctor {

namespace {

constexpr const char* kFooter =
    R"(Without a file it looks at what `drover serve` runs with alone. Run it on the server's machine, as the
server's user, before the first start or while the server runs: it changes nothing, and writes one
file of 800 KiB, removed again, to measure the disk. What each code means: docs/doctor.md.

Exit codes: 0 all well; 1 warnings; 2 problems: a server would not start, or not for long; 3 bad
arguments.

Examples:
  drover doctor /etc/zookeeper/zoo.cfg
  drover doctor zoo.cfg --quiet              only what is wrong
  drover doctor zoo.cfg --deep --json        everything, logs and snapshots of any size read)";

struct DoctorOptions {
  std::string file;
  bool json = false;
  bool quiet = false;
  bool deep = false;
  bool no_measure = false;
  bool no_network = false;
  std::uint32_t timeout_ms = 1000;
};

void append(file_tools::Findings& all, file_tools::Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

file_tools::Findings examine(const DoctorOptions& options) {
  ConfigFacts facts = check_config(options.file);
  file_tools::Findings all = std::move(facts.findings);
  if (!facts.config) return all;
  const RunningServer running = find_running(*facts.config);
  append(all, check_disk(*facts.config, running,
                         {.measure = !options.no_measure, .deep = options.deep}));
  append(all, check_host(*facts.config, running));
  if (!options.no_network) {
    append(all, check_net(*facts.config, running,
                          {.timeout = std::chrono::milliseconds(options.timeout_ms)}));
  }
  return all;
}

void print(const file_tools::Findings& findings, const DoctorOptions& options) {
  std::int64_t warnings = 0;
  std::int64_t problems = 0;
  for (const file_tools::Finding& finding : findings) {
    if (finding.severity == file_tools::Severity::kWarning) ++warnings;
    if (finding.severity == file_tools::Severity::kProblem) ++problems;
  }
  if (options.json) {
    const boost::json::object object{
        {"verdict", static_cast<int>(file_tools::verdict_of(findings))},
        {"problems", problems},
        {"warnings", warnings},
        {"findings", file_tools::findings_json(findings)}};
    fmt::print("{}\n", boost::json::serialize(object));
    return;
  }
  for (const file_tools::Finding& finding : findings) {
    if (options.quiet && finding.severity == file_tools::Severity::kOk) continue;
    fmt::print("{}", file_tools::finding_text(finding));
  }
  if (options.quiet && problems + warnings == 0) return;
  fmt::print("{}, {}\n", file_tools::counted(problems, "problem"),
             file_tools::counted(warnings, "warning"));
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<DoctorOptions>();
  auto* command = app.add_subcommand(
      "doctor", "Look at configuration, disk, machine and network; say what is wrong");
  command->footer(kFooter);
  command->add_option("config", options->file, "zoo.cfg of the server");
  command->add_flag("--json", options->json, "JSON instead of text");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing of what is well");
  command->add_flag("--deep", options->deep,
                    "Read logs and snapshots of any size, not up to 256 MiB");
  command->add_flag("--no-measure", options->no_measure, "Do not measure the disk");
  command->add_flag("--no-network", options->no_network, "Neither names nor ports");
  command->add_option("--timeout", options->timeout_ms, "Milliseconds for each name and port")
      ->check(CLI::Range(1, 60'000).description(""))
      ->capture_default_str();
  command->callback([options, &exit_code] {
    const file_tools::Findings findings = examine(*options);
    print(findings, *options);
    exit_code = static_cast<int>(file_tools::verdict_of(findings));
  });
}

}  // namespace drover::doctor
