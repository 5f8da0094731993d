#pragma once
// What the servers' disks hold, as the checkers know it from what was written and synced: the
// History(i) of the spec.

#include <map>
#include <vector>

#include "wire/zxid.h"
#include "zab/ids.h"

namespace drover::sim {

// One disk's txns. Of what is at or below `base` (a snapshot, or found at the first boot) only the
// end is known; behind it each txn.
class DiskHistory {
 public:
  [[nodiscard]] wire::Zxid base() const { return base_; }
  [[nodiscard]] wire::Zxid last() const { return txns_.empty() ? base_ : txns_.back(); }
  [[nodiscard]] wire::Zxid last_durable() const {
    return durable_ == 0 ? base_ : txns_[durable_ - 1];
  }
  [[nodiscard]] bool all_durable() const { return durable_ == txns_.size(); }
  [[nodiscard]] bool holds(wire::Zxid zxid) const;                             // durably
  [[nodiscard]] const std::vector<wire::Zxid>& txns() const { return txns_; }  // ascending

  // Requires zxid > last().
  void append(wire::Zxid zxid) { txns_.push_back(zxid); }
  void synced(wire::Zxid up_to);
  void cut(wire::Zxid to);  // durable at once, as all below
  void replace(wire::Zxid image);

 private:
  [[nodiscard]] std::size_t count_up_to(wire::Zxid zxid) const;
  wire::Zxid base_;
  std::vector<wire::Zxid> txns_;
  std::size_t durable_ = 0;
};

using DiskHistories = std::map<zab::ServerId, DiskHistory>;

}  // namespace drover::sim
