#pragma once
// Enough servers: the one verifier for majority and hierarchical quorums (QuorumMaj,
// QuorumHierarchical).

#include <cstdint>
#include <set>
#include <vector>

#include "zab/ensemble_config.h"

namespace drover::zab {

class Quorum {
 public:
  explicit Quorum(const EnsembleConfig& config);

  // Who is not a voter does not count.
  [[nodiscard]] bool contains(const std::set<ServerId>& acks) const;
  // Same for voters as bits: bit i is the i-th voter ascending (index_of). For the path of every
  // ack.
  [[nodiscard]] bool contains(std::uint64_t voter_bits) const;
  // -1: not a voter. At most 64 voters (the configuration refuses more).
  [[nodiscard]] int index_of(ServerId sid) const;
  [[nodiscard]] std::int64_t weight_of(ServerId sid) const;  // 0: unknown, never elected
  [[nodiscard]] const std::vector<ServerId>& voters() const { return voters_; }

 private:
  struct Group {
    std::uint64_t bits = 0;
    std::int64_t weight = 0;
  };
  std::vector<ServerId> voters_;  // ascending
  std::vector<std::int64_t> weights_;
  bool hierarchical_ = false;  // else a majority decides
  std::vector<Group> groups_;  // those without weight are left out
};

}  // namespace drover::zab
