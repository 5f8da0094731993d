#include "load/report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace drover::load {
namespace {

struct Percentile {
  const char* name;
  const char* json_name;
  double percent;
};
constexpr Percentile kPercentiles[] = {
    {"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p99.9", "p99_9", 99.9}};

double microseconds(std::chrono::nanoseconds t) {
  return static_cast<double>(t.count()) / 1e3;
}
double seconds(std::chrono::nanoseconds t) {
  return static_cast<double>(t.count()) / 1e9;
}

std::string human(std::chrono::nanoseconds t) {
  const double us = microseconds(t);
  if (us < 1000) return fmt::format("{:.0f} us", us);
  if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

double per_operation_us(std::chrono::nanoseconds cpu, const Meter& meter) {
  const auto count = meter.latency.count();
  return count == 0 ? 0 : microseconds(cpu) / static_cast<double>(count);
}

std::string setting(const BenchOptions& options) {
  std::string text = fmt::format("{}, {} session{}", workload_name(options.workload),
                                 options.sessions, options.sessions == 1 ? "" : "s");
  if (options.workload == WorkloadKind::kConnect) return text;
  text += fmt::format(" x {} outstanding, {} bytes", options.outstanding, options.value_size);
  if (options.workload == WorkloadKind::kMixed)
    text += fmt::format(", {} % reads", options.read_percent);
  return text;
}

}  // namespace

std::string report_table(const BenchOptions& options, const BenchResult& result) {
  const auto& latency = result.meter.latency;
  std::string text =
      fmt::format("workload    {}\nserver      {}\n", setting(options), options.server);
  text += fmt::format("throughput  {:.0f} op/s ({} in {:.2f} s)\n",
                      static_cast<double>(latency.count()) / result.seconds, latency.count(),
                      result.seconds);
  text += fmt::format("latency     mean {}", human(latency.mean()));
  for (const auto& p : kPercentiles) {
    text += fmt::format("  {} {}", p.name, human(latency.percentile(p.percent)));
  }
  text += fmt::format("  max {}\nerrors      ", human(latency.max()));
  if (result.meter.errors.empty()) text += "none";
  const char* separator = "";
  for (const auto& [code, count] : result.meter.errors) {
    text += fmt::format("{}{} {}", separator, count, error_name(code));
    separator = ", ";
  }
  if (result.connections_lost > 0)
    text += fmt::format(" ({} connections lost)", result.connections_lost);
  text += '\n';
  if (result.server_cpu) {
    text += fmt::format("server cpu  {:.2f} us/op, {:.0f} % of one core; resident {:.1f} MiB\n",
                        per_operation_us(*result.server_cpu, result.meter),
                        100 * seconds(*result.server_cpu) / result.seconds,
                        static_cast<double>(result.server_resident_bytes.value_or(0)) / (1 << 20));
  }
  text += fmt::format("generator   {:.0f} % of one core\n",
                      100 * seconds(result.generator_cpu) / result.seconds);
  return text;
}

std::string report_json(const BenchOptions& options, const BenchResult& result) {
  const auto& latency = result.meter.latency;
  boost::json::object latency_us{{"mean", microseconds(latency.mean())}};
  for (const auto& p : kPercentiles)
    latency_us[p.json_name] = microseconds(latency.percentile(p.percent));
  latency_us["max"] = microseconds(latency.max());

  boost::json::object errors;
  for (const auto& [code, count] : result.meter.errors) errors[error_name(code)] = count;

  boost::json::object report{
      {"workload", workload_name(options.workload)},
      {"server", options.server},
      {"sessions", options.sessions},
      {"outstanding", options.outstanding},
      {"value_bytes", options.value_size},
      {"seconds", result.seconds},
      {"operations", latency.count()},
      {"operations_per_second", static_cast<double>(latency.count()) / result.seconds},
      {"latency_us", latency_us},
      {"errors", errors},
      {"connections_lost", result.connections_lost},
      {"generator_cpu_cores", seconds(result.generator_cpu) / result.seconds},
  };
  if (result.server_cpu) {
    report["server_cpu_us_per_operation"] = per_operation_us(*result.server_cpu, result.meter);
    report["server_cpu_cores"] = seconds(*result.server_cpu) / result.seconds;
    report["server_resident_bytes"] = result.server_resident_bytes.value_or(0);
  }
  return boost::json::serialize(report) + "\n";
}

}  // namespace drover::load
