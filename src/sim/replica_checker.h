#pragma once
// Servers that have applied the same zxid have the same tree, and the same txns led there.

#include <cstdint>
#include <deque>
#include <map>
#include <set>

#include "replica/replica.h"
#include "sim/verdict.h"
#include "zab/ids.h"

namespace drover::sim {

class ReplicaChecker {
 public:
  explicit ReplicaChecker(Verdict& verdict) : verdict_(verdict) {}

  void on_restart(zab::ServerId sid) { seen_[sid] = 0; }
  // What recovery made of a disk that ends with `last`.
  void on_restored(zab::ServerId sid, wire::Zxid last, std::uint64_t digest);
  // All digests of this incarnation so far; starts again after a reload. `serves`: what is new was
  // committed, and not only read back from disk.
  void on_digests(zab::ServerId sid, const std::deque<replica::Replica::DigestAt>& digests,
                  bool serves);
  // A leadership begins behind `last`; the leader proposes.
  void on_established(zab::Epoch epoch, wire::Zxid last) { bases_.try_emplace(epoch, last); }
  void on_broadcast(zab::ServerId leader, wire::Zxid zxid);
  // Every zxid of the history that ends at `last`, as far back as it is known.
  [[nodiscard]] std::set<wire::Zxid> history(wire::Zxid last) const;

 private:
  [[nodiscard]] wire::Zxid before(wire::Zxid zxid) const;  // 0: not known
  struct State {
    std::uint64_t digest = 0;
    wire::Zxid before;
    zab::ServerId first;  // who showed it first
    bool delivered = false;
  };
  void on_delivered(zab::ServerId sid, wire::Zxid zxid);

  Verdict& verdict_;
  std::map<wire::Zxid, State> states_;
  std::map<zab::Epoch, wire::Zxid> bases_;
  std::map<zab::Epoch, std::set<wire::Zxid>> begun_with_;  // of each epoch that has a proposal
  std::map<zab::ServerId, std::size_t> seen_;
};

}  // namespace drover::sim
