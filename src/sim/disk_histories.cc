#include "sim/disk_histories.h"

#include <algorithm>

namespace drover::sim {

std::size_t DiskHistory::count_up_to(wire::Zxid zxid) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(txns_, zxid) - txns_.begin());
}

bool DiskHistory::holds(wire::Zxid zxid) const {
  if (zxid <= base_) return true;
  const std::size_t count = count_up_to(zxid);
  return count > 0 && count <= durable_ && txns_[count - 1] == zxid;
}

void DiskHistory::synced(wire::Zxid up_to) {
  durable_ = std::max(durable_, count_up_to(up_to));
}

void DiskHistory::cut(wire::Zxid to) {
  base_ = std::min(base_, to);
  txns_.resize(count_up_to(to));
  durable_ = txns_.size();
}

void DiskHistory::replace(wire::Zxid image) {
  base_ = image;
  txns_.clear();
  durable_ = 0;
}

}  // namespace drover::sim
