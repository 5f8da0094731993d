#pragma once
// What has to be on which disks: before an epoch is joined, a txn acked or committed, a leadership
// begun, a search for a leader made, and after every restart.

#include <map>
#include <set>
#include <vector>

#include "replica/peer.h"
#include "sim/disk_histories.h"
#include "sim/verdict.h"
#include "zab/ids.h"
#include "zab/quorum.h"

namespace drover::sim {

class DurabilityChecker {
 public:
  DurabilityChecker(Verdict& verdict, const zab::EnsembleConfig& config)
      : verdict_(verdict), quorum_(config) {}

  // ---- the disk. `restored`: what recovery made of it.
  void on_boot(zab::ServerId sid, const zab::History& stored, wire::Zxid restored);
  void on_logged(zab::ServerId sid, wire::Zxid zxid);  // on its way
  void on_synced(zab::ServerId sid, wire::Zxid up_to);
  // About to be done; a crash may leave either state behind.
  void on_truncating(zab::ServerId sid, wire::Zxid to) { half_done_[sid].cut = to; }
  void on_installing(zab::ServerId sid, wire::Zxid image) { half_done_[sid].image = image; }
  void on_joining(zab::ServerId sid, zab::Epoch epoch);  // currentEpoch is about to be written
  void on_reloaded(zab::ServerId sid, std::optional<wire::Zxid> truncated_to, wire::Zxid restored);
  void on_installed(zab::ServerId sid, wire::Zxid image);
  // Follows on_boot or on_reloaded: the txns that recovery replayed behind the snapshot it took.
  void on_replayed(zab::ServerId sid, const std::vector<wire::Zxid>& zxids);
  void on_accepted_epoch(zab::ServerId sid, zab::Epoch epoch) { epochs_[sid].accepted = epoch; }
  void on_current_epoch(zab::ServerId sid, zab::Epoch epoch) { epochs_[sid].current = epoch; }

  // ---- the protocol
  void on_searching(zab::ServerId sid, wire::Zxid advertised);
  void on_leader_info(zab::ServerId leader, zab::Epoch epoch);
  void on_ack_epoch(zab::ServerId sid, zab::Epoch epoch, bool counts, wire::Zxid last);
  void on_new_leader(zab::ServerId leader, zab::Epoch epoch);
  void on_ack_new_leader(zab::ServerId sid, zab::Epoch epoch);
  void on_up_to_date(zab::ServerId leader, zab::Epoch epoch);
  void on_ack(zab::ServerId sid, wire::Zxid zxid);
  void on_established(zab::ServerId leader, zab::Epoch epoch);
  void on_committed(zab::ServerId leader, wire::Zxid up_to);

 private:
  struct Epochs {
    zab::Epoch accepted = 0;
    zab::Epoch current = 0;
  };
  struct HalfDone {
    std::optional<wire::Zxid> cut, image;
  };
  void demand_initial_history(zab::ServerId sid, zab::Epoch epoch, const char* checker);
  void demand_quorum_of_acks(zab::ServerId leader, zab::Epoch epoch);

  Verdict& verdict_;
  const zab::Quorum quorum_;
  DiskHistories disks_;
  std::set<zab::ServerId> booted_;
  std::map<zab::ServerId, HalfDone> half_done_;
  std::map<zab::ServerId, Epochs> epochs_;
  std::map<zab::Epoch, DiskHistory> initial_;  // what each leader brought into its epoch
  std::map<zab::Epoch, std::set<zab::ServerId>> new_leader_acks_;
  std::set<std::pair<zab::ServerId, zab::Epoch>> promises_;
  std::set<zab::Epoch> established_;
  std::vector<wire::Zxid> committed_;  // ascending
};

}  // namespace drover::sim
