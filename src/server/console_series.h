#pragma once
// The last hour in numbers: every five seconds each reactor is asked for its counters, and what
// they grew by becomes a point in a ring.
//
// Threads: the admin server's.

#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/distribution.h"
#include "server/console.h"

namespace drover::server {

class ConsoleSeries : public std::enable_shared_from_this<ConsoleSeries> {
 public:
  explicit ConsoleSeries(ConsolePtr console);

  void start();
  // Points later than `since_ms`, ms since 1970.
  [[nodiscard]] boost::json::object answer(std::int64_t since_ms) const;

 private:
  // What only grows, and what is as it is.
  struct Sample {
    std::int64_t requests = 0, reads = 0, writes = 0;
    base::Distribution latency_ms, fsync_us;
    std::int64_t outstanding = 0, connections = 0, sessions = 0, watches = 0, znodes = 0;
  };
  struct Point {
    std::int64_t at_ms = 0;
    double requests_per_s = 0, reads_per_s = 0, writes_per_s = 0;
    double latency_avg_ms = 0, fsync_avg_ms = 0;
    std::int64_t latency_max_ms = 0, latency_p99_ms = 0;
    std::int64_t outstanding = 0, connections = 0, sessions = 0, watches = 0, znodes = 0;
    std::int64_t memory_bytes = 0;
  };

  void wait();
  void sample();
  static void add(Reactor& reactor, const session::SessionTable& sessions, Sample& sample);
  void on_sample(const std::vector<Sample>& parts);

  ConsolePtr console_;
  boost::asio::steady_timer timer_;
  bool sampling_ = false;
  bool begun_ = false;
  Sample last_;
  std::int64_t last_at_ms_ = 0;  // monotonic
  std::deque<Point> points_;
};

}  // namespace drover::server
