#include "cli/doctor.h"

#include <fmt/format.h>

#include <iterator>
#include <memory>
#include <string>

#include "cli/doctor_config.h"
#include "cli/doctor_disk.h"
#include "cli/doctor_finding.h"
#include "cli/doctor_host.h"
#include "cli/doctor_net.h"

namespace drover::cli {

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

void append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Findings examine(const DoctorOptions& options) {
  ConfigFacts facts = check_config(options.file);
  Findings all = std::move(facts.findings);
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

void print(const Findings& findings, const DoctorOptions& options) {
  std::int64_t warnings = 0;
  std::int64_t problems = 0;
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kWarning) ++warnings;
    if (finding.severity == Severity::kProblem) ++problems;
  }
  if (options.json) {
    const boost::json::object object{{"verdict", static_cast<int>(verdict_of(findings))},
                                     {"problems", problems},
                                     {"warnings", warnings},
                                     {"findings", findings_json(findings)}};
    fmt::print("{}\n", boost::json::serialize(object));
    return;
  }
  for (const Finding& finding : findings) {
    if (options.quiet && finding.severity == Severity::kOk) continue;
    fmt::print("{}", finding_text(finding));
  }
  if (options.quiet && problems + warnings == 0) return;
  fmt::print("{}, {}\n", counted(problems, "problem"), counted(warnings, "warning"));
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
    const Findings findings = examine(*options);
    print(findings, *options);
    exit_code = static_cast<int>(verdict_of(findings));
  });
}

}  // namespace drover::cli
