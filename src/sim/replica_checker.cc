#include "sim/replica_checker.h"

#include <fmt/format.h>

namespace drover::sim {

void ReplicaChecker::on_digests(zab::ServerId sid,
                                const std::deque<replica::Replica::DigestAt>& digests) {
  std::size_t& seen = seen_[sid];
  if (digests.size() < seen) seen = 0;
  for (; seen < digests.size(); ++seen) {
    const auto& at = digests[seen];
    const auto [found, is_new] = states_.try_emplace(at.zxid, State{at.digest, at.before, sid});
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
