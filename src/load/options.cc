#include "load/options.h"

#include <fmt/format.h>

#include <map>

#include "client/path.h"

namespace drover::load {
namespace {

const std::map<std::string, WorkloadKind>& workloads() {
  static const std::map<std::string, WorkloadKind> kinds{
      {"get", WorkloadKind::kGet},       {"set", WorkloadKind::kSet},
      {"create", WorkloadKind::kCreate}, {"mixed", WorkloadKind::kMixed},
      {"watch", WorkloadKind::kWatch},   {"connect", WorkloadKind::kConnect}};
  return kinds;
}

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : workloads()) names.push_back(name);
  return names;
}

constexpr const char* kFooter = R"(
Workloads
  get      read a random znode            set      write a random znode
  create   create znodes, one by one      mixed    --read-percent reads, the rest writes
  watch    one session watches a znode, another changes it; timed until the event arrives
  connect  connect, open a session, close it; timed until the session is open

Examples
  drover bench                                               50 sessions read, one request each
  drover bench --workload set --outstanding 32 --size 1024   pipelined writes of 1 KiB
  drover bench --server-pid $(pidof drover)                  adds the server's CPU time per operation
  drover bench --workload create --nodes 1000000 --keep      fills a tree of a million znodes
  drover bench --server a:2181,b:2181,c:2181 --json          sessions spread over an ensemble

Everything happens below --root, which must not exist before and is removed afterwards. Apache allows 60
connections per address unless maxClientCnxns says otherwise. docs/bench.md tells how to read the figures.

Exit codes: 0 measured, 1 no figures: the server was not there or refused, 2 bad arguments.
)";

}  // namespace

void declare_bench_options(CLI::App& app, BenchOptions& options) {
  app.footer(kFooter);
  app.add_option("--server", options.server, "host:port, or several with commas")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--workload",
         [&options](const std::string& name) { options.workload = workloads().at(name); },
         "get, set, create, mixed, watch or connect (get)")
      ->check(CLI::IsMember(workload_names()).description(""))
      ->type_name("NAME");
  app.add_option("--sessions", options.sessions, "sessions held open")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->capture_default_str();
  app.add_option("--outstanding", options.outstanding, "requests in flight per session")
      ->check(CLI::Range(1, 100'000).description(""))
      ->capture_default_str();
  app.add_option("--size", options.value_size, "bytes of data per znode")
      ->check(CLI::Range(0, 1 << 20).description(""))
      ->capture_default_str();
  app.add_option("--duration", options.duration_s, "seconds to measure")
      ->check(CLI::Range(0.1, 86'400.0).description(""))
      ->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "seconds of load before that (a JVM wants 20)")
      ->check(CLI::Range(0.0, 3'600.0).description(""))
      ->capture_default_str();
  app.add_option(
         "--nodes", options.nodes,
         "znodes to work on (10000); with create: how many to create, instead of --duration")
      ->check(CLI::Range(1, 10'000'000).description(""));
  app.add_option("--read-percent", options.read_percent, "reads among the requests of mixed")
      ->check(CLI::Range(0, 100).description(""))
      ->capture_default_str();
  app.add_option("--root", options.root, "where the znodes are made")->capture_default_str();
  app.add_flag("--keep", options.keep, "leave the znodes there");
  app.add_option("--timeout", options.session_timeout_ms, "session timeout asked for, ms")
      ->check(CLI::Range(1, INT32_MAX).description(""))
      ->capture_default_str();
  app.add_option("--server-pid", options.server_pid,
                 "process id of a server on this machine: reports its CPU time and memory");
  app.add_option("--seed", options.seed, "which random znodes")->capture_default_str();
  app.add_flag("--json", options.json, "one JSON object on stdout instead of the table");
}

void check_bench_options(BenchOptions& options) {
  const auto parsed = client::parse_connect_string(options.server);
  if (!parsed) throw CLI::ValidationError("--server", parsed.error().message);
  if (!parsed->chroot.empty())
    throw CLI::ValidationError("--server", "takes no chroot; use --root");
  options.servers = parsed->hosts;
  if (const auto bad_path = client::path_problem(options.root)) {
    throw CLI::ValidationError("--root", *bad_path);
  }
  if (options.workload == WorkloadKind::kWatch &&
      options.sessions * options.outstanding > 1'000'000) {
    throw CLI::ValidationError("--outstanding",
                               "times --sessions is a znode each: at most 1000000");
  }
  if (options.root == "/")
    throw CLI::ValidationError("--root", "must be a znode of its own, not /");
}

std::string_view workload_name(WorkloadKind kind) {
  for (const auto& [name, value] : workloads()) {
    if (value == kind) return name;
  }
  return "?";
}

}  // namespace drover::load
