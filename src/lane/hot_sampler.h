#pragma once
// Which paths and connections a lane hears of most, by looking at one request in so many while
// somebody wants to know; otherwise it costs one test per request. Of the last half to whole
// minute.
//
// A look costs as much as a read. So a busy lane looks at fewer of its requests, about a thousand a
// second, each standing for as many as it is one of; and at random ones, as clients that ask in
// turns would else show only some of their turns.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "lane/top_counter.h"
#include "wire/op_code.h"

namespace drover::lane {

class HotSampler {
 public:
  static constexpr std::uint32_t kEveryLeast = 16;

  [[nodiscard]] bool on() const { return windows_ != nullptr; }
  void begin(base::Instant now);  // unless it is on already
  void end() { windows_.reset(); }

  // Requires on(). `body` is the request's record.
  void note(wire::OpCode op, std::string_view body, std::uint64_t connection, base::Instant now) {
    if (--countdown_ == 0) look_at(op, body, connection, now);
  }

  struct Connection {
    std::uint64_t id = 0;
    std::int64_t requests = 0;
  };
  // Counts are estimates of all requests.
  struct Report {
    std::int64_t window_ms = 0;
    std::uint32_t every = kEveryLeast;  // one in so many is looked at, now
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

  void pace(base::Instant now);

  std::uint32_t every_ = kEveryLeast;
  std::uint32_t countdown_ = kEveryLeast;
  std::uint32_t looks_ = 0;  // since paced_
  base::Instant paced_;
  base::Prng chance_{1};
  std::unique_ptr<Windows> windows_;
};

}  // namespace drover::lane
