#include "sim/replica_checker.h"

#include <fmt/format.h>

#include <utility>

namespace drover::sim {

void ReplicaChecker::on_digests(zab::ServerId sid,
                                const std::deque<replica::Replica::DigestAt>& digests,
                                bool serves) {
  std::size_t& seen = seen_[sid];
  if (digests.size() < seen) seen = 0;
  for (; seen < digests.size(); ++seen) {
    const auto& at = digests[seen];
    const auto [found, is_new] = states_.try_emplace(at.zxid, State{at.digest, at.before, sid});
    if (serves && !std::exchange(found->second.delivered, true)) on_delivered(sid, at.zxid);
    if (is_new) continue;
    const State& known = found->second;
    if (known.before != at.before) {
      verdict_.fail(
          "PrefixConsistency",
          fmt::format("zxid=0x{:x} follows 0x{:x} on sid={} and 0x{:x} on sid={}", at.zxid.value,
                      at.before.value, sid.value, known.before.value, known.first.value));
    }
    if (known.digest != at.digest) {
      verdict_.fail("TreeEqual",
                    fmt::format("zxid=0x{:x}: digest {:x} on sid={}, {:x} on sid={}", at.zxid.value,
                                at.digest, sid.value, known.digest, known.first.value));
    }
  }
}

void ReplicaChecker::on_restored(zab::ServerId sid, wire::Zxid last, std::uint64_t digest) {
  const auto known = states_.find(last);
  if (known == states_.end() || known->second.digest == digest) return;
  verdict_.fail("TreeEqual", fmt::format("zxid=0x{:x}: digest {:x} on the disk of sid={}, {:x} on "
                                         "sid={}",
                                         last.value, digest, sid.value, known->second.digest,
                                         known->second.first.value));
}

// PrimaryIntegrity: before a leader proposes anything it has delivered whatever anybody ever
// delivers of an earlier epoch.
void ReplicaChecker::on_broadcast(zab::ServerId leader, wire::Zxid zxid) {
  if (zxid.counter() != 1) return;
  const auto [at, is_new] = begun_with_.try_emplace(zxid.epoch());
  if (!is_new) return;
  at->second = history(bases_[zxid.epoch()]);
  for (const auto& [earlier, state] : states_) {
    if (!state.delivered || earlier.epoch() >= zxid.epoch() || at->second.count(earlier) != 0) {
      continue;
    }
    return verdict_.fail(
        "PrimaryIntegrity",
        fmt::format("sid={} begins epoch {} without zxid=0x{:x}, which was delivered before",
                    leader.value, zxid.epoch(), earlier.value));
  }
}

void ReplicaChecker::on_delivered(zab::ServerId sid, wire::Zxid zxid) {
  for (auto at = begun_with_.upper_bound(zxid.epoch()); at != begun_with_.end(); ++at) {
    if (at->second.count(zxid) != 0) continue;
    return verdict_.fail(
        "PrimaryIntegrity",
        fmt::format("sid={} delivers zxid=0x{:x}, which the leader of epoch {} had "
                    "not when it began",
                    sid.value, zxid.value, at->first));
  }
}

// A txn that every server applied while it restored its log was never shown: then the rule of zxids
// tells.
wire::Zxid ReplicaChecker::before(wire::Zxid zxid) const {
  if (const auto found = states_.find(zxid); found != states_.end()) return found->second.before;
  if (zxid.counter() > 1) return wire::Zxid(zxid.value - 1);
  const auto base = bases_.find(zxid.epoch());
  return base == bases_.end() ? wire::Zxid() : base->second;
}

std::set<wire::Zxid> ReplicaChecker::history(wire::Zxid last) const {
  std::set<wire::Zxid> zxids;
  for (; last.value > 0; last = before(last)) zxids.insert(zxids.begin(), last);
  return zxids;
}

}  // namespace drover::sim
