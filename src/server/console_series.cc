#include "server/console_series.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <chrono>
#include <cmath>
#include <fstream>

#include "server/clock.h"
#include "server/console_ask.h"

namespace drover::server {

namespace json = boost::json;

namespace {

constexpr std::int64_t kIntervalMs = 5000;
constexpr std::size_t kPointsMax = 3'600'000 / kIntervalMs;

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages_all = 0, pages_resident = 0;
  statm >> pages_all >> pages_resident;
  return pages_resident * sysconf(_SC_PAGESIZE);
}

// Somebody may have set the counters back (srst): then it is what came since.
std::int64_t grown(std::int64_t now, std::int64_t before) {
  return now >= before ? now - before : now;
}

// Three decimals are enough, and keep an hour's answer small.
double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

}  // namespace

ConsoleSeries::ConsoleSeries(ConsolePtr console)
    : console_(std::move(console)), timer_(console_->context()) {}

void ConsoleSeries::start() {
  sample();
  wait();
}

void ConsoleSeries::wait() {
  timer_.expires_after(std::chrono::milliseconds(kIntervalMs));
  timer_.async_wait([self = shared_from_this()](boost::system::error_code aborted) {
    if (aborted) return;
    self->sample();
    self->wait();
  });
}

// A reactor that has not answered the last time is not asked twice.
void ConsoleSeries::sample() {
  if (sampling_) return;
  sampling_ = true;
  ask_reactors<Sample>(
      console_,
      [console = console_](Reactor& reactor, Sample& part) {
        add(reactor, console->from.sessions, part);
      },
      [self = shared_from_this()](const std::vector<Sample>& parts) { self->on_sample(parts); });
}

void ConsoleSeries::add(Reactor& reactor, const session::SessionTable& sessions, Sample& sample) {
  const lane::LaneProbe& probe = reactor.lane().probe();
  sample.requests = probe.packets_received;
  sample.writes = probe.update_ms.count();
  const std::size_t pings = lane::LaneProbe::op_index(wire::OpCode::kPing);
  sample.reads = std::max<std::int64_t>(probe.read_ms.count() - probe.ops[pings], 0);
  sample.latency_ms = probe.update_ms;
  sample.latency_ms.merge(probe.read_ms);
  sample.outstanding = probe.outstanding;
  sample.connections = static_cast<std::int64_t>(reactor.clients_count());
  sample.watches = static_cast<std::int64_t>(reactor.lane().watches().watch_count());
  if (reactor.index() == 0) sample.sessions = static_cast<std::int64_t>(sessions.size());
}

void ConsoleSeries::on_sample(const std::vector<Sample>& parts) {
  sampling_ = false;
  Sample sum;
  for (const Sample& part : parts) {
    sum.requests += part.requests;
    sum.reads += part.reads;
    sum.writes += part.writes;
    sum.latency_ms.merge(part.latency_ms);
    sum.outstanding += part.outstanding;
    sum.connections += part.connections;
    sum.watches += part.watches;
    sum.sessions += part.sessions;
  }
  sum.fsync_us = console_->from.disk.probe().sync_us;
  console_->from.lane.read([&](const tree::Tree& tree) { sum.znodes = tree.node_count(); });

  const std::int64_t time_ms = now().ms();
  const double seconds =
      static_cast<double>(std::max<std::int64_t>(time_ms - last_at_ms_, 1)) / 1e3;
  const auto rate = [&](std::int64_t Sample::* member) {
    return static_cast<double>(grown(sum.*member, last_.*member)) / seconds;
  };
  const base::Distribution latency = sum.latency_ms.since(last_.latency_ms);
  if (std::exchange(begun_, true)) {
    points_.push_back({.at_ms = wall_now().ms,
                       .requests_per_s = rate(&Sample::requests),
                       .reads_per_s = rate(&Sample::reads),
                       .writes_per_s = rate(&Sample::writes),
                       .latency_avg_ms = latency.average(),
                       .fsync_avg_ms = sum.fsync_us.since(last_.fsync_us).average() / 1e3,
                       .latency_max_ms = latency.max(),
                       .latency_p99_ms = latency.quantile(0.99),
                       .outstanding = sum.outstanding,
                       .connections = sum.connections,
                       .sessions = sum.sessions,
                       .watches = sum.watches,
                       .znodes = sum.znodes,
                       .memory_bytes = resident_bytes()});
    if (points_.size() > kPointsMax) points_.pop_front();
  }
  last_ = sum;
  last_at_ms_ = time_ms;
}

json::object ConsoleSeries::answer(std::int64_t since_ms) const {
  json::array points;
  for (const Point& point : points_) {
    if (point.at_ms <= since_ms) continue;
    points.push_back(json::object{{"t", point.at_ms},
                                  {"requests_per_s", rounded(point.requests_per_s)},
                                  {"reads_per_s", rounded(point.reads_per_s)},
                                  {"writes_per_s", rounded(point.writes_per_s)},
                                  {"latency_avg_ms", rounded(point.latency_avg_ms)},
                                  {"latency_max_ms", point.latency_max_ms},
                                  {"latency_p99_ms", point.latency_p99_ms},
                                  {"outstanding", point.outstanding},
                                  {"connections", point.connections},
                                  {"sessions", point.sessions},
                                  {"watches", point.watches},
                                  {"znodes", point.znodes},
                                  {"fsync_avg_ms", rounded(point.fsync_avg_ms)},
                                  {"memory_bytes", point.memory_bytes}});
  }
  return {{"interval_ms", kIntervalMs}, {"points", std::move(points)}};
}

void add_series_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  auto series = std::make_shared<ConsoleSeries>(console);
  boost::asio::post(console->context(), [series] { series->start(); });
  add_row(routes, {"series", "Throughput, latency and sizes of the last hour", {"since"}},
          [series](const net::HttpRequest& request, const net::HttpReply& reply) {
            const auto since = number_argument(request, reply, "since", 0, 0, INT64_MAX);
            if (since) reply(json_answer(series->answer(*since)));
          });
}

}  // namespace drover::server
