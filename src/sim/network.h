#pragma once
// TCP between machines that can be cut: streams deliver in order or break; a cut holds bytes back,
// in one direction or both, until it heals or the stream gives up.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/prng.h"
#include "sim/scenario.h"
#include "sim/schedule.h"

namespace drover::sim {

using HostId = int;
using StreamId = std::uint64_t;

// One who can be spoken to. Calls come from the schedule.
class Host {
 public:
  virtual ~Host() = default;
  // Somebody dials `port`. False: refused.
  virtual bool on_accept(StreamId stream, int port) = 0;
  virtual void on_connected(StreamId stream) = 0;
  virtual void on_bytes(StreamId stream, const std::string& bytes) = 0;
  virtual void on_closed(StreamId stream) = 0;  // by the other side, or never connected
};

class Network {
 public:
  Network(const Scenario& scenario, Schedule& schedule, base::Prng& prng);

  void add(HostId id, Host& host) { hosts_[id] = &host; }

  // The answer is on_connected or on_closed, some time later.
  StreamId dial(HostId from, HostId to, int port, std::int64_t timeout_ms);
  void send(StreamId stream, HostId from, std::string bytes);
  // After what was sent. No call about this stream follows at `from`.
  void close(StreamId stream, HostId from);

  // A host's streams end. `silent`: nobody is told (the power is gone); who speaks to it later
  // finds out.
  void host_down(HostId host, bool silent);
  void host_up(HostId host);
  [[nodiscard]] bool is_up(HostId host) const { return down_.count(host) == 0; }

  // From `from` to `to` nothing passes.
  void cut(HostId from, HostId to) { cuts_.insert({from, to}); }
  void heal(HostId from, HostId to);
  void heal_all();
  [[nodiscard]] bool is_cut(HostId from, HostId to) const { return cuts_.count({from, to}) != 0; }
  void stop_faults() { faults_ = false; }

 private:
  struct Message {
    std::string bytes;
    bool end = false;    // the sender has closed
    bool reset = false;  // the stream broke
  };
  struct Side {
    HostId host = 0;
    bool open = true;            // takes bytes
    bool known = false;          // this side has heard that the stream is there
    base::Instant last_arrival;  // of what was sent to it
    std::vector<Message> held;   // sent to it, behind a cut
    bool giving_up = false;      // the held bytes have a time limit
  };
  struct Stream {
    Side sides[2];
    int port = 0;
    bool established = false;
  };
  using StreamPtr = std::shared_ptr<Stream>;

  static int side_of(const Stream& stream, HostId host) {
    return stream.sides[0].host == host ? 0 : 1;
  }
  void tear(StreamId id, int to, std::string bytes);
  void give_up_in_time(StreamId id, int to);
  void transmit(StreamId id, int to, Message message);
  void arrive(StreamId id, int to, const Message& message);
  void break_stream(StreamId id);
  void end(StreamId id, int side, bool tell);
  void release(StreamId id, int to);
  [[nodiscard]] std::int64_t latency_us();

  const Scenario& scenario_;
  Schedule& schedule_;
  base::Prng& prng_;
  std::map<HostId, Host*> hosts_;
  std::map<StreamId, StreamPtr> streams_;
  std::set<std::pair<HostId, HostId>> cuts_;
  std::set<HostId> down_;
  std::set<HostId> silent_;
  StreamId next_ = 1;
  bool faults_ = true;
};

}  // namespace drover::sim
