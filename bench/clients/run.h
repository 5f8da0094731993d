#pragma once
// What the client benchmarks share: their arguments, what they count, and the line that they print.
// Every program keeps `outstanding` requests in flight on one session, each answer sending the
// next.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

struct Arguments {
  std::string server;  // host:port
  bool writes = false;
  int outstanding = 1;
  double seconds = 1;  // that count, behind as many that do not
  int bytes = 100;     // of the znode's data
};

inline Arguments arguments(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: %s HOST:PORT get|set OUTSTANDING SECONDS BYTES\n", argv[0]);
    std::exit(2);
  }
  return {argv[1], std::string(argv[2]) == "set", std::atoi(argv[3]), std::atof(argv[4]),
          std::atoi(argv[5])};
}

inline constexpr const char* kPath = "/client-bench";

// Counts answers while the run lasts. Only the thread that takes answers calls answered().
class Run {
 public:
  using Clock = std::chrono::steady_clock;

  void answered(Clock::time_point asked_at) {
    if (!counts_.load(std::memory_order_relaxed)) return;
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - asked_at);
    ++operations_;
    ++buckets_[std::min<std::size_t>(static_cast<std::size_t>(took.count()), buckets_.size() - 1)];
  }
  [[nodiscard]] bool goes_on() const { return goes_on_.load(std::memory_order_relaxed); }

  // Waits on the calling thread while others ask and answer.
  void wait(double seconds) {
    const std::chrono::duration<double> phase(seconds);
    std::this_thread::sleep_for(phase);
    const double cpu = cpu_seconds();
    const auto began = Clock::now();
    counts_ = true;
    std::this_thread::sleep_for(phase);
    counts_ = false;
    seconds_ = std::chrono::duration<double>(Clock::now() - began).count();
    cpu_seconds_ = cpu_seconds() - cpu;
    goes_on_ = false;
  }
  void print() const {
    std::printf(
        "{\"operations\": %lld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"p50_us\": %zu, "
        "\"p99_us\": %zu}\n",
        static_cast<long long>(operations_), seconds_, cpu_seconds_, percentile(0.5),
        percentile(0.99));
  }

 private:
  static double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  [[nodiscard]] std::size_t percentile(double part) const {
    auto left = static_cast<std::int64_t>(static_cast<double>(operations_) * part);
    std::size_t at = 0;
    while (at + 1 < buckets_.size() && (left -= buckets_[at]) > 0) ++at;
    return at;
  }

  std::atomic<bool> counts_ = false;
  std::atomic<bool> goes_on_ = true;
  std::int64_t operations_ = 0;
  std::vector<std::int64_t> buckets_ = std::vector<std::int64_t>(1'000'000);  // by us
  double seconds_ = 0;
  double cpu_seconds_ = 0;
};
