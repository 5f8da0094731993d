#pragma once
// Which paths and connections a lane hears of most, by looking at one request in kEvery while
// somebody wants to know; otherwise it costs one test per request. Of the last half to whole
// minute.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "lane/top_counter.h"
#include "wire/op_code.h"

namespace drover::lane {

class HotSampler {
 public:
  static constexpr std::uint32_t kEvery = 16;

  [[nodiscard]] bool on() const { return windows_ != nullptr; }
  void begin(base::Instant now);  // unless it is on already
  void end() { windows_.reset(); }

  // Requires on(). `body` is the request's record.
  void note(wire::OpCode op, std::string_view body, std::uint64_t connection, base::Instant now) {
    if (++count_ % kEvery == 0) look_at(op, body, connection, now);
  }

  struct Connection {
    std::uint64_t id = 0;
    std::int64_t requests = 0;
  };
  // Counts are of what was looked at: one in kEvery.
  struct Report {
    std::int64_t window_ms = 0;
    std::vector<TopCounter::Entry> paths;
    std::vector<Connection> connections;
  };
  [[nodiscard]] Report report(base::Instant now) const;

 private:
  struct Window {
    base::Instant since;
    TopCounter paths, connections;
  };
  struct Windows {
    Window current, before;
    bool has_before = false;
  };
  void look_at(wire::OpCode op, std::string_view body, std::uint64_t connection, base::Instant now);

  std::uint32_t count_ = 0;
  std::unique_ptr<Windows> windows_;
};

}  // namespace drover::lane
