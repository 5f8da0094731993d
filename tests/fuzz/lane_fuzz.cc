// A whole server without a socket, one lane and a replica, driven by arbitrary frames: connections
// open and close, requests arrive, time passes, commits are late. Promises: output is well-formed
// frames; no request of any shape leaves a log that cannot be replayed; what is replayed is the
// same tree.

#include <array>
#include <deque>

#include "fuzz_support.h"
#include "lane/connection.h"
#include "lane/lane.h"
#include "replica/replica.h"
#include "replica/restorer.h"
#include "wire/jute_writer.h"

namespace {

using namespace drover;

constexpr std::size_t kConnections = 4;
constexpr int kStepsMax = 200;

class Server {
 public:
  Server()
      : lane_(lane_options(), tree_, auth_),
        replica_(replica_options(), tree_, sessions_, auth_, log_, now_, wall_) {}

  void step(fuzz::Input& input) {
    const std::uint8_t choice = input.byte();
    const std::size_t at = choice % kConnections;
    switch (choice / kConnections % 8) {
      case 0:
        if (connections_[at] != nullptr) disconnect(at);
        connections_[at] = &lane_.open("127.0.0.1", 1, now_);
        frame(at, connect_request(input));
        break;
      case 1:
        if (connections_[at] != nullptr) disconnect(at);
        break;
      case 2:
        now_ = now_ + std::chrono::milliseconds(input.byte() * 40);
        wall_.ms += 17;
        lane_.on_timer(now_);
        replica_.on_timer(now_, wall_, effects_);
        break;
      case 3:
        commit();
        break;
      default:
        frame(at, input.bytes());
    }
    collect();
  }

  // Everything commits, then the log is replayed into a new tree.
  void finish() {
    commit();
    tree::Tree replayed;
    session::SessionTable sessions(500);
    replica::Restorer restorer(replayed, sessions, log_, now_);
    for (const auto& [zxid, bytes] : history_) {
      fuzz::require(restorer.txn({zxid, bytes}).has_value(),
                    "every txn in the log can be replayed");
    }
    fuzz::require(restorer.digest_mismatches() == 0,
                  "every txn's digest is that of the replayed tree");
    fuzz::require(replica_.probe().digest_mismatches == 0,
                  "every txn's digest is that of the live tree");
    fuzz::require(tree_.digest() == replayed.digest(), "replay makes the same tree");
    fuzz::require(tree_.digest() == fuzz::recount_digest(tree_),
                  "digest() is the sum over all znodes");
    fuzz::require(tree_.node_count() == replayed.node_count(),
                  "replay makes the same number of znodes");
    fuzz::require(sessions_.list() == sessions.list(), "replay makes the same sessions");
  }

 private:
  static lane::LaneOptions lane_options() {
    lane::LaneOptions options;
    options.session_timeout_ms_min = 1000;
    options.frame_size_max = 1 << 16;
    return options;
  }
  static replica::ReplicaOptions replica_options() {
    replica::ReplicaOptions options;
    options.tick_ms = 500;
    options.prepare.extended_types_enabled = true;
    options.prepare.enforce_quota = true;
    return options;
  }
  // A good handshake for most, so that requests get through; the input may break it.
  static std::string connect_request(fuzz::Input& input) {
    const std::string_view raw = input.bytes();
    if (!raw.empty()) return std::string(raw);
    base::ByteBuffer buffer;
    wire::JuteWriter out(buffer);
    wire::ConnectRequest request;
    request.timeout_ms = 4000;
    request.password = std::string_view("0123456789abcdef");
    request.encode(out);
    return std::string(buffer.view());
  }
  // Frames wait like bytes in a socket while the lane does not want them.
  void frame(std::size_t at, std::string_view payload) {
    if (connections_[at] == nullptr) return;
    unread_[at].emplace_back(payload);
    read(at);
  }
  void read(std::size_t at) {
    while (connections_[at] != nullptr && !unread_[at].empty()) {
      auto& connection = *connections_[at];
      if (connection.reading_paused || connection.close_now || connection.close_when_flushed)
        return;
      const std::string payload = std::move(unread_[at].front());
      unread_[at].pop_front();
      lane_.on_frame(connection, payload, now_);
    }
  }
  void disconnect(std::size_t at) {
    lane_.closed(*connections_[at]);
    connections_[at] = nullptr;
    unread_[at].clear();
  }
  void commit() {
    // What one round commits may let more through: a few rounds drain it.
    for (int round = 0; round < 20; ++round) {
      collect();
      if (!history_.empty() && history_.back().first > persisted_) {
        persisted_ = history_.back().first;
        replica_.on_persisted(persisted_, effects_);
      }
      if (!replica_.has_committed()) break;
      std::array<txn::Deliveries, 1> deliveries;
      replica_.apply_committed(now_, true, deliveries);
      lane_.on_deliveries(deliveries[0], now_);
    }
  }
  // What the lane and the replica have put out.
  void collect() {
    txn::RequestBatch batch = std::exchange(lane_.outbox(), txn::RequestBatch());
    if (!batch.empty()) replica_.on_requests(batch, now_, wall_, effects_);
    for (const auto& txn : effects_.persist) {
      fuzz::require(history_.empty() || txn.zxid > history_.back().first, "zxids ascend");
      history_.emplace_back(txn.zxid, std::string(txn.bytes));
    }
    effects_.clear();
    lane_.dirty().clear();
    for (std::size_t at = 0; at < kConnections; ++at) {
      if (connections_[at] != nullptr) drain(at);
      read(at);
    }
  }
  void drain(std::size_t at) {
    auto& connection = *connections_[at];
    wire::JuteReader in(connection.output.view());
    while (in.ok() && in.remaining() > 0) {
      const auto payload = in.read_bytes();
      fuzz::require(in.ok() && payload && payload->size() >= 16, "output is whole frames");
    }
    connection.output.clear();
    if (connection.close_now || connection.close_when_flushed) return disconnect(at);
    lane_.on_flushed(connection);
  }

  base::Instant now_ = base::Instant::from_ms(1000);
  base::WallTime wall_{1700000000000};
  base::NullLog log_;
  txn::AuthOptions auth_;
  tree::Tree tree_;
  session::SessionTable sessions_{500};
  lane::Lane lane_;
  replica::Replica replica_;
  replica::Effects effects_;
  std::array<lane::Connection*, kConnections> connections_{};
  std::array<std::deque<std::string>, kConnections> unread_;
  std::vector<std::pair<wire::Zxid, std::string>> history_;
  wire::Zxid persisted_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  fuzz::Input input(data, size);
  Server server;
  for (int i = 0; i < kStepsMax && !input.empty(); ++i) server.step(input);
  server.finish();
  return 0;
}
