#pragma once
// What a benchmark asks the server. The driver owns the sessions and their sockets; a workload says
// what each of them sends next, and learns what came back. All in one thread.

#include <drover/error_code.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/prng.h"
#include "base/time.h"
#include "load/histogram.h"
#include "load/request_template.h"

namespace drover::load {

// What a run counts: finished operations, how long each took, and which failed.
struct Meter {
  Histogram latency;                          // of operations that succeeded
  std::map<ErrorCode, std::uint64_t> errors;  // by code

  void record(ErrorCode error, std::chrono::nanoseconds took) {
    if (error == ErrorCode::kOk) {
      latency.record(took);
    } else {
      ++errors[error];
    }
  }
};

struct LoadReply {
  std::size_t session = 0;
  std::uint32_t tag = 0;  // as next() gave it
  ErrorCode error = ErrorCode::kOk;
  base::Instant sent;
  base::Instant now;
};

class Workload {
 public:
  virtual ~Workload() = default;

  // Appends the next request frame of `session` to `out`, with `xid` in its header, and returns a
  // tag that comes back with the reply; nullopt when the session has nothing to send for now.
  virtual std::optional<std::uint32_t> next(std::size_t session, std::int32_t xid,
                                            base::ByteBuffer& out) = 0;

  virtual void on_reply(const LoadReply& reply) = 0;
  virtual void on_event(std::size_t /*session*/, std::string_view /*path*/, base::Instant /*now*/) {
  }
  // The handshake of `session` is done; it began at `started`.
  virtual void on_open(std::size_t /*session*/, base::Instant /*started*/, base::Instant /*now*/) {}

  // Nothing will ever be sent again. A workload bounded by time alone is never finished.
  [[nodiscard]] virtual bool finished() const { return false; }
  // A session that has closed itself is opened anew.
  [[nodiscard]] virtual bool reconnects() const { return false; }

  // Sessions that have something to send though nothing arrived for them.
  std::vector<std::size_t> woken;
  Meter meter;
};

inline constexpr std::uint32_t kCloseTag = UINT32_MAX;  // the request is closeSession

struct WorkloadOptions {
  BenchTree tree;
  std::uint32_t nodes = 0;
  std::size_t sessions = 1;
  std::size_t outstanding = 1;
  std::uint32_t value_size = 0;     // bytes
  std::uint32_t read_percent = 90;  // of the mixed workload
  std::uint64_t seed = 1;
};

// `count` requests of one form, for the indices 0, 1, 2 ...: fills and clears the tree, and is the
// create workload.
class Sweep final : public Workload {
 public:
  Sweep(RequestTemplate request, std::uint32_t count)
      : request_(std::move(request)), count_(count) {}

  std::optional<std::uint32_t> next(std::size_t session, std::int32_t xid,
                                    base::ByteBuffer& out) override;
  void on_reply(const LoadReply& reply) override;
  [[nodiscard]] bool finished() const override { return next_ == count_; }
  [[nodiscard]] std::uint32_t sent() const { return next_; }

 private:
  RequestTemplate request_;
  std::uint32_t count_;
  std::uint32_t next_ = 0;
};

// Random znodes of the tree, `read_percent` of the requests getData, the others setData.
[[nodiscard]] std::unique_ptr<Workload> make_access(const WorkloadOptions& options,
                                                    std::uint32_t read_percent);

// One znode per session and outstanding request. An operation: its session sets a data watch, the
// next session changes the znode, the event arrives. Timed from the change to the event.
[[nodiscard]] std::unique_ptr<Workload> make_watch(const WorkloadOptions& options);

// Connect, handshake, closeSession, again. Timed from the connect to the handshake's answer.
[[nodiscard]] std::unique_ptr<Workload> make_connect();

}  // namespace drover::load
