#include "load/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include "load/driver.h"
#include "load/options.h"
#include "load/report.h"

namespace drover::load {
namespace {

constexpr std::size_t kFillOutstanding = 128;
constexpr std::uint32_t kNodesDefault = 10'000;
constexpr std::uint32_t kCreateMax =
    10'000'000;  // of one run without --nodes; its directories are made first

volatile std::sig_atomic_t interrupted = 0;

// The first Ctrl-C ends the measurement, reports and cleans up; the second one ends the program.
void stop_on_interrupt() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
}

std::chrono::nanoseconds from_seconds(double s) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(s * 1e9));
}

// One line, rewritten each second, when a person looks on.
class Progress {
 public:
  void show(std::string_view what, std::uint64_t done, double rate) {
    if (!shown_) return;
    fmt::print(stderr, "\r\x1b[K{}: {} done, {:.0f}/s", what, done, rate);
    std::fflush(stderr);
  }
  void clear() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool shown_ = isatty(STDERR_FILENO) == 1;
};

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(options),
        tree_{.root = options.root},
        driver_({.servers = options.servers,
                 .sessions = options.sessions,
                 .session_timeout_ms = options.session_timeout_ms}) {}

  Result<BenchResult> run() {
    if (const auto opened = driver_.open(); !opened) return std::unexpected(opened.error());
    if (const auto prepared = prepare(); !prepared) return std::unexpected(prepared.error());
    auto result = measure();
    if (!result) return result;
    if (const auto cleaned = clean_up(); !cleaned) return std::unexpected(cleaned.error());
    if (const auto closed = driver_.close(); !closed) return std::unexpected(closed.error());
    return result;
  }

 private:
  // Runs a workload to its end, or for `at_most`, or until Ctrl-C; without what is still in flight.
  Result<void> run_for(Workload& workload, std::size_t outstanding,
                       std::chrono::nanoseconds at_most, std::string_view what) {
    const auto begin = steady_now();
    const auto end = begin + at_most;
    std::uint64_t done_before = workload.meter.latency.count();
    for (auto now = begin; now < end && interrupted == 0; now = steady_now()) {
      const auto slice_end = std::min(end, now + std::chrono::seconds(1));
      if (const auto ran = driver_.run(workload, outstanding, slice_end); !ran) return ran;
      const std::uint64_t done = workload.meter.latency.count();
      const auto took = std::chrono::duration<double>(steady_now() - now).count();
      progress_.show(what, done, static_cast<double>(done - done_before) / took);
      done_before = done;
      if (workload.finished() && took < 0.999) break;
    }
    progress_.clear();
    return {};
  }

  // One request for each index; any error is an error of the whole, but for `forgiven`.
  Result<void> sweep(wire::OpCode op, const std::string& record, const std::string& sample,
                     std::uint32_t count, std::string_view what,
                     ErrorCode forgiven = ErrorCode::kOk) {
    Sweep all(RequestTemplate(op, record, sample), count);
    if (const auto ran = run_for(all, kFillOutstanding, std::chrono::hours(24), what); !ran)
      return ran;
    if (const auto drained = driver_.drain(all); !drained) return drained;
    for (const auto& [code, times] : all.meter.errors) {
      if (code == forgiven) continue;
      if (code == ErrorCode::kNodeExists) {
        return failure(
            fmt::format("{} exists already, perhaps from an earlier run: delete it with "
                        "'drover shell deleteall {}' or choose another --root",
                        tree_.root, tree_.root));
      }
      return failure(fmt::format("{} failed: {} times {}", what, times, error_name(code)), code);
    }
    return {};
  }

  [[nodiscard]] std::uint32_t node_count() const {
    switch (options_.workload) {
      case WorkloadKind::kConnect:
        return 0;
      case WorkloadKind::kCreate:
        return options_.nodes.value_or(kCreateMax);
      case WorkloadKind::kWatch:
        return static_cast<std::uint32_t>(options_.sessions * options_.outstanding);
      default:
        return options_.nodes.value_or(kNodesDefault);
    }
  }

  Result<void> prepare() {
    const std::uint32_t nodes = node_count();
    if (nodes == 0) return {};
    using enum wire::OpCode;
    if (const auto made = sweep(kCreate, create_record(tree_.root, ""), tree_.root, 1, "root");
        !made) {
      return made;
    }
    directories_ = BenchTree::directories_for(nodes);
    if (const auto made = sweep(kCreate, create_record(tree_.directory(0), ""), tree_.directory(0),
                                directories_, "creating directories");
        !made) {
      return made;
    }
    if (options_.workload == WorkloadKind::kCreate) return {};
    nodes_ = nodes;
    return sweep(kCreate, create_node_record(), tree_.node(0), nodes, "creating znodes");
  }

  [[nodiscard]] std::string create_node_record() const {
    return create_record(tree_.node(0), std::string(options_.value_size, 'v'));
  }

  std::unique_ptr<Workload> make_workload() {
    const WorkloadOptions options{.tree = tree_,
                                  .nodes = nodes_,
                                  .sessions = options_.sessions,
                                  .outstanding = options_.outstanding,
                                  .value_size = options_.value_size,
                                  .seed = options_.seed};
    switch (options_.workload) {
      case WorkloadKind::kGet:
        return make_access(options, 100);
      case WorkloadKind::kSet:
        return make_access(options, 0);
      case WorkloadKind::kMixed:
        return make_access(options, options_.read_percent);
      case WorkloadKind::kWatch:
        return make_watch(options);
      case WorkloadKind::kConnect:
        return make_connect();
      case WorkloadKind::kCreate:
        break;
    }
    return std::make_unique<Sweep>(
        RequestTemplate(wire::OpCode::kCreate, create_node_record(), tree_.node(0)), node_count());
  }

  Result<BenchResult> measure() {
    const auto workload = make_workload();
    const auto outstanding = options_.workload == WorkloadKind::kConnect ? 1 : options_.outstanding;
    const bool by_count = options_.workload == WorkloadKind::kCreate && options_.nodes;
    if (!by_count && options_.warmup_s > 0) {
      const auto warmed =
          run_for(*workload, outstanding, from_seconds(options_.warmup_s), "warm-up");
      if (!warmed) return std::unexpected(warmed.error());
    }
    workload->meter = Meter();
    auto window = open_window();
    if (!window) return std::unexpected(window.error());
    const auto at_most = by_count ? std::chrono::hours(24) : from_seconds(options_.duration_s);
    const auto ran = run_for(*workload, outstanding, at_most, workload_name(options_.workload));
    if (!ran) return std::unexpected(ran.error());
    auto result = close_window(*window, workload->meter);
    if (!result) return result;
    if (const auto drained = driver_.drain(*workload); !drained)
      return std::unexpected(drained.error());
    if (const auto* created = dynamic_cast<const Sweep*>(workload.get())) nodes_ = created->sent();
    return result;
  }

  struct Window {
    base::Instant begin;
    std::chrono::nanoseconds own_cpu{0};
    std::chrono::nanoseconds server_cpu{0};
  };

  [[nodiscard]] Result<Window> open_window() const {
    Window window{.begin = steady_now(), .own_cpu = own_cpu()};
    if (!options_.server_pid) return window;
    const auto usage = process_usage(*options_.server_pid);
    if (!usage) return std::unexpected(usage.error());
    window.server_cpu = usage->cpu;
    return window;
  }

  [[nodiscard]] Result<BenchResult> close_window(const Window& window, const Meter& meter) const {
    BenchResult result{
        .seconds = std::chrono::duration<double>(steady_now() - window.begin).count(),
        .meter = meter,
        .connections_lost = driver_.connections_lost(),
        .generator_cpu = own_cpu() - window.own_cpu,
        .server_cpu = std::nullopt,
        .server_resident_bytes = std::nullopt,
    };
    if (!options_.server_pid) return result;
    const auto usage = process_usage(*options_.server_pid);
    if (!usage) return std::unexpected(usage.error());
    result.server_cpu = usage->cpu - window.server_cpu;
    result.server_resident_bytes = usage->resident_bytes;
    return result;
  }

  Result<void> clean_up() {
    if (options_.keep || directories_ == 0) return {};
    using enum wire::OpCode;
    // A create that failed has left nothing to delete.
    if (const auto gone = sweep(kDelete, delete_record(tree_.node(0)), tree_.node(0), nodes_,
                                "deleting znodes", ErrorCode::kNoNode);
        !gone) {
      return gone;
    }
    if (const auto gone = sweep(kDelete, delete_record(tree_.directory(0)), tree_.directory(0),
                                directories_, "deleting directories");
        !gone) {
      return gone;
    }
    return sweep(kDelete, delete_record(tree_.root), tree_.root, 1, "deleting the root");
  }

  const BenchOptions& options_;
  BenchTree tree_;
  LoadDriver driver_;
  Progress progress_;
  std::uint32_t directories_ = 0;  // that exist now
  std::uint32_t nodes_ = 0;        // indices below this may exist now
};

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<BenchOptions>();
  auto* command =
      app.add_subcommand("bench", "Load a ZooKeeper server, report throughput and latency");
  declare_bench_options(*command, *options);
  command->callback([options, &exit_code] {
    check_bench_options(*options);
    stop_on_interrupt();
    const auto result = Bench(*options).run();
    if (!result) {
      fmt::print(stderr, "drover bench: {}\n", result.error().message);
      exit_code = 1;
      return;
    }
    fmt::print("{}",
               options->json ? report_json(*options, *result) : report_table(*options, *result));
    if (result->meter.latency.count() == 0) exit_code = 1;
  });
}

}  // namespace drover::load
