#include "sim/durability_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::sim {

using wire::Zxid;

// ---- the disk

void DurabilityChecker::on_boot(zab::ServerId sid, const zab::History& stored, Zxid restored) {
  DiskHistory& disk = disks_[sid];
  if (booted_.insert(sid).second) disk.replace(restored);
  const HalfDone half_done = std::exchange(half_done_[sid], {});
  if (half_done.cut == restored) disk.cut(restored);
  if (half_done.image == restored && restored != disk.last()) disk.replace(restored);
  const bool known = restored == disk.base() || std::ranges::binary_search(disk.txns(), restored);
  if (!known || restored < disk.last_durable()) {
    verdict_.fail(
        "Restart",
        fmt::format("sid={} comes back with zxid=0x{:x}; it has synced 0x{:x} and written "
                    "0x{:x}",
                    sid.value, restored.value, disk.last_durable().value, disk.last().value));
  }
  disk.cut(restored);
  epochs_[sid] = {stored.accepted_epoch, stored.current_epoch};
}

void DurabilityChecker::on_logged(zab::ServerId sid, Zxid zxid) {
  DiskHistory& disk = disks_[sid];
  const Zxid last = disk.last();
  if (zxid != last.next() && !(zxid.epoch() > last.epoch() && zxid.counter() == 1)) {
    verdict_.fail("NoHole", fmt::format("sid={} logs zxid=0x{:x} behind 0x{:x}", sid.value,
                                        zxid.value, last.value));
    return;
  }
  disk.append(zxid);
}

void DurabilityChecker::on_synced(zab::ServerId sid, Zxid up_to) {
  disks_[sid].synced(up_to);
  if (up_to.epoch() > epochs_[sid].accepted) {
    verdict_.fail("EpochCovers", fmt::format("sid={} has zxid=0x{:x} on disk and acceptedEpoch {}",
                                             sid.value, up_to.value, epochs_[sid].accepted));
  }
}

void DurabilityChecker::on_reloaded(zab::ServerId sid, std::optional<Zxid> truncated_to,
                                    Zxid restored) {
  DiskHistory& disk = disks_[sid];
  half_done_[sid] = {};
  if (truncated_to) disk.cut(*truncated_to);
  if (restored == disk.last()) return;
  verdict_.fail("TruncExact",
                fmt::format("sid={} read its disk again and found zxid=0x{:x} in place of 0x{:x}",
                            sid.value, restored.value, disk.last().value));
}

void DurabilityChecker::on_installed(zab::ServerId sid, Zxid image) {
  half_done_[sid] = {};
  disks_[sid].replace(image);
}

// What a leader's snapshot replaced is gone for good.
void DurabilityChecker::on_replayed(zab::ServerId sid, const std::vector<Zxid>& zxids) {
  const DiskHistory& disk = disks_[sid];
  for (const Zxid zxid : zxids) {
    if (zxid > disk.base() && std::ranges::binary_search(disk.txns(), zxid)) continue;
    return verdict_.fail(
        "SnapFence",
        fmt::format("sid={} replays zxid=0x{:x}, which is not part of what its disk should hold "
                    "since the snapshot 0x{:x}",
                    sid.value, zxid.value, disk.base().value));
  }
}

void DurabilityChecker::on_joining(zab::ServerId sid, zab::Epoch epoch) {
  demand_initial_history(sid, epoch, "EpochAfterHistory");
}

// The disk holds what the epoch's leader began with, and of earlier epochs nothing else.
void DurabilityChecker::demand_initial_history(zab::ServerId sid, zab::Epoch epoch,
                                               const char* checker) {
  const auto found = initial_.find(epoch);
  if (found == initial_.end()) return;
  const DiskHistory& initial = found->second;
  const DiskHistory& disk = disks_[sid];
  for (auto at = std::ranges::upper_bound(initial.txns(), disk.base()); at != initial.txns().end();
       ++at) {
    if (disk.holds(*at)) continue;
    return verdict_.fail(
        checker, fmt::format("sid={} joins epoch {} without zxid=0x{:x} on its disk", sid.value,
                             epoch, at->value));
  }
  if (disk.last_durable() < initial.last()) {
    return verdict_.fail(
        checker, fmt::format("sid={} joins epoch {} with zxid=0x{:x}, its leader "
                             "began with 0x{:x}",
                             sid.value, epoch, disk.last_durable().value, initial.last().value));
  }
  for (auto at = std::ranges::upper_bound(disk.txns(), initial.base());
       at != disk.txns().end() && at->epoch() < epoch; ++at) {
    if (initial.holds(*at)) continue;
    return verdict_.fail(checker, fmt::format("sid={} joins epoch {} with zxid=0x{:x} on its disk, "
                                              "which its leader does not have",
                                              sid.value, epoch, at->value));
  }
}

// ---- the protocol

void DurabilityChecker::on_searching(zab::ServerId sid, Zxid advertised) {
  const DiskHistory& disk = disks_[sid];
  if (disk.last() == advertised && disk.all_durable()) return;
  verdict_.fail(
      "MemDisk",
      fmt::format("sid={} looks for a leader with zxid=0x{:x}, its disk has 0x{:x}, "
                  "synced 0x{:x}",
                  sid.value, advertised.value, disk.last().value, disk.last_durable().value));
}

void DurabilityChecker::on_leader_info(zab::ServerId leader, zab::Epoch epoch) {
  if (epochs_[leader].accepted >= epoch) return;
  verdict_.fail("PromiseDurable", fmt::format("sid={} offers epoch {} and has accepted {} on disk",
                                              leader.value, epoch, epochs_[leader].accepted));
}

void DurabilityChecker::on_ack_epoch(zab::ServerId sid, zab::Epoch epoch, bool counts, Zxid last) {
  const DiskHistory& disk = disks_[sid];
  // Who asks for a snapshot says 0.
  if (last.value > 0 && (last != disk.last() || !disk.all_durable())) {
    verdict_.fail("MemDisk", fmt::format("sid={} says that it has zxid=0x{:x}, its disk has 0x{:x}",
                                         sid.value, last.value, disk.last_durable().value));
  }
  if (!counts) return;
  if (epochs_[sid].accepted < epoch) {
    verdict_.fail("PromiseDurable", fmt::format("sid={} promises epoch {} and has accepted {} on "
                                                "disk",
                                                sid.value, epoch, epochs_[sid].accepted));
  }
  if (!promises_.insert({sid, epoch}).second) {
    verdict_.fail("OnePromise", fmt::format("sid={} counts twice for epoch {}", sid.value, epoch));
  }
}

// Whatever of the epoch itself is there already was proposed since.
void DurabilityChecker::on_new_leader(zab::ServerId leader, zab::Epoch epoch) {
  DiskHistory history = disks_[leader];
  if (initial_.count(epoch) != 0 || history.base().epoch() >= epoch) return;
  history.cut(Zxid(Zxid::of(epoch, 0).value - 1));
  initial_[epoch] = std::move(history);
}

void DurabilityChecker::on_ack_new_leader(zab::ServerId sid, zab::Epoch epoch) {
  if (epochs_[sid].current != epoch) {
    verdict_.fail("NewLeaderDurable", fmt::format("sid={} acks NEWLEADER of epoch {} with "
                                                  "currentEpoch {} on disk",
                                                  sid.value, epoch, epochs_[sid].current));
  }
  demand_initial_history(sid, epoch, "NewLeaderDurable");
  new_leader_acks_[epoch].insert(sid);
}

void DurabilityChecker::demand_quorum_of_acks(zab::ServerId leader, zab::Epoch epoch) {
  std::set<zab::ServerId> acks = new_leader_acks_[epoch];
  if (epochs_[leader].current == epoch) acks.insert(leader);
  if (quorum_.contains(acks)) return;
  verdict_.fail("Established",
                fmt::format("sid={} leads epoch {} with {} acks of NEWLEADER, its own among them",
                            leader.value, epoch, acks.size()));
}

void DurabilityChecker::on_up_to_date(zab::ServerId leader, zab::Epoch epoch) {
  demand_quorum_of_acks(leader, epoch);
}

void DurabilityChecker::on_ack(zab::ServerId sid, Zxid zxid) {
  if (disks_[sid].holds(zxid)) return;
  verdict_.fail("AckDurable", fmt::format("sid={} acks zxid=0x{:x}, its disk has 0x{:x}", sid.value,
                                          zxid.value, disks_[sid].last_durable().value));
}

void DurabilityChecker::on_established(zab::ServerId leader, zab::Epoch epoch) {
  if (!established_.insert(epoch).second) return;
  demand_quorum_of_acks(leader, epoch);
  const DiskHistory& disk = disks_[leader];
  for (auto at = std::ranges::upper_bound(committed_, disk.base());
       at != committed_.end() && at->epoch() < epoch; ++at) {
    if (disk.holds(*at)) continue;
    return verdict_.fail(
        "LeaderCompleteness",
        fmt::format("sid={} leads epoch {} without zxid=0x{:x}, which was committed", leader.value,
                    epoch, at->value));
  }
}

void DurabilityChecker::on_committed(zab::ServerId leader, Zxid up_to) {
  if (up_to.counter() == 0) return;
  Zxid next = committed_.empty() || committed_.back().epoch() < up_to.epoch()
                  ? Zxid::of(up_to.epoch(), 1)
                  : committed_.back().next();
  for (; next <= up_to; next = next.next()) {
    std::set<zab::ServerId> holders;
    for (const zab::ServerId voter : quorum_.voters()) {
      if (disks_[voter].holds(next)) holders.insert(voter);
    }
    if (!quorum_.contains(holders)) {
      return verdict_.fail("CommitQuorum", fmt::format("sid={} commits zxid=0x{:x}, which is on {} "
                                                       "disks",
                                                       leader.value, next.value, holders.size()));
    }
    committed_.push_back(next);
  }
}

}  // namespace drover::sim
