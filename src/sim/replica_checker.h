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
  // All digests of this incarnation so far; starts again after a reload.
  void on_digests(zab::ServerId sid, const std::deque<replica::Replica::DigestAt>& digests);
  // A leadership begins behind `last`.
  void on_established(zab::Epoch epoch, wire::Zxid last) { bases_.try_emplace(epoch, last); }
  // Every zxid of the history that ends at `last`, as far back as it is known.
  [[nodiscard]] std::set<wire::Zxid> history(wire::Zxid last) const;

 private:
  [[nodiscard]] wire::Zxid before(wire::Zxid zxid) const;  // 0: not known
  struct State {
    std::uint64_t digest = 0;
    wire::Zxid before;
    zab::ServerId first;  // who showed it first
  };
  Verdict& verdict_;
  std::map<wire::Zxid, State> states_;
  std::map<zab::Epoch, wire::Zxid> bases_;
  std::map<zab::ServerId, std::size_t> seen_;
};

}  // namespace drover::sim
