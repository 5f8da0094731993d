#pragma once
// A machine with a disk and, most of the time, a server process on it: the shipped peer, lanes,
// storage. Carries out the peer's effects on the simulated disk and network as `server` does on
// real ones.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lane/connection.h"
#include "lane/lane.h"
#include "replica/peer.h"
#include "sim/network.h"
#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/snapshot_writer.h"

namespace drover::sim {

class Observer;  // observer.h: what happened, for the checkers

inline constexpr int kClientPort = 0, kElectionPort = 1, kQuorumPort = 2;

class Machine final : public Host {
 public:
  Machine(int index, const Scenario& scenario, const zab::EnsembleConfig& config,
          Schedule& schedule, Network& network, base::Prng& prng, Observer& observer,
          base::Log& log);
  ~Machine() override;

  void boot();
  void crash(bool power);
  void pause(std::int64_t ms);
  void jump_wall_clock(std::int64_t ms) { wall_offset_ms_ += ms; }
  void write_snapshot();
  // The disk fails at the `changes`th change from now, in the middle of it; the process dies of
  // that and is started again after a while.
  void fail_disk(std::int64_t changes);
  void begin_stop();  // a clean one; the process ends when it may
  void stop_faults();
  [[nodiscard]] bool is_stopping() const;

  [[nodiscard]] bool is_running() const { return process_ != nullptr; }
  [[nodiscard]] bool is_paused() const { return paused_until_ > schedule_.now(); }
  [[nodiscard]] int index() const { return index_; }
  [[nodiscard]] zab::ServerId sid() const { return zab::ServerId(index_ + 1); }
  // Requires is_running().
  [[nodiscard]] replica::PeerView view() const;
  [[nodiscard]] const tree::Tree& tree() const;
  [[nodiscard]] const session::SessionTable& sessions() const;
  [[nodiscard]] const replica::Peer& peer() const;
  [[nodiscard]] bool has_outstanding() const;

  // ---- Host
  bool on_accept(StreamId stream, int port) override;
  void on_connected(StreamId stream) override;
  void on_bytes(StreamId stream, const std::string& bytes) override;
  void on_closed(StreamId stream) override;

 private:
  struct Process;
  // Runs `action` on the process as it is now, after a pause, never in a later incarnation.
  void in_process(std::int64_t after_us, std::function<void()> action);
  void in_process_at(base::Instant at, std::function<void()> action);
  // Now, or when the pause is over, in order.
  void when_awake(std::function<void()> action);
  void wake();
  void pump();
  void carry_out();
  bool move_requests();
  void hand_over(const txn::RequestBatch& batch);
  [[nodiscard]] std::int64_t hop_us(std::size_t lane);
  bool do_tree_work();
  void take_inbox(std::size_t lane);
  bool flush_lanes();
  bool hand_in_frames();
  void start_disk();
  void finish_disk(std::vector<wire::TxnBytes> batch);
  void reload(const replica::PeerEffects::Reload& how);
  void install_snapshot();
  void arm_timer();
  [[nodiscard]] std::int64_t sync_us();
  [[nodiscard]] base::Instant now() const;
  [[nodiscard]] base::WallTime wall() const;
  [[nodiscard]] base::Instant world_time(base::Instant local) const;
  void write_more_of_snapshot();
  [[nodiscard]] std::unique_ptr<storage::SnapshotWriter> begin_snapshot_file(bool staged);
  void add_node(storage::SnapshotWriter& writer, tree::Tree::Walk& walk);
  [[nodiscard]] Result<storage::SnapshotFile> finish_snapshot_file(storage::SnapshotWriter& writer);
  [[nodiscard]] Result<void> write_snapshot_file(bool staged);  // in one moment
  void die(const Error& error);
  void fail_to_boot(const Error& error);
  void boot_later();

  const int index_;
  const Scenario& scenario_;
  const zab::EnsembleConfig& config_;
  Schedule& schedule_;
  Network& network_;
  base::Prng& prng_;
  Observer& observer_;
  base::Log& log_;
  storage::MemoryDisk disk_;
  std::unique_ptr<Process> process_;
  std::uint64_t incarnation_ = 0;
  base::Instant paused_until_;
  std::deque<std::function<void()>> asleep_;  // to be done after the pause
  std::int64_t wall_offset_ms_ = 0;
  std::int64_t drift_per_mille_ = 0;
  bool faults_ = true;
  bool disk_fails_ = false;  // or will
  bool dying_ = false;       // of its disk, at the end of this moment
};

}  // namespace drover::sim
