#include "zab/quorum.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace drover::zab {

Quorum::Quorum(const EnsembleConfig& config) {
  std::map<std::int64_t, Group> groups;
  for (const auto& [sid, member] : config.members) {
    if (member.observer) continue;
    const auto index = voters_.size();
    DROVER_ASSERT(index < 64, "the configuration refuses more than 64 voters");
    std::int64_t weight = 1;
    if (!config.groups.empty()) {
      if (const auto at = config.weights.find(sid); at != config.weights.end()) weight = at->second;
      const auto group = config.groups.find(sid);
      DROVER_ASSERT(group != config.groups.end(), "the configuration puts each voter in a group");
      groups[group->second].bits |= std::uint64_t{1} << index;
      groups[group->second].weight += weight;
    }
    voters_.push_back(sid);
    weights_.push_back(weight);
  }
  hierarchical_ = !config.groups.empty();
  for (const auto& [id, group] : groups) {
    if (group.weight != 0) groups_.push_back(group);
  }
}

bool Quorum::contains(const std::set<ServerId>& acks) const {
  std::uint64_t bits = 0;
  for (const auto sid : acks) {
    if (const int index = index_of(sid); index >= 0) bits |= std::uint64_t{1} << index;
  }
  return contains(bits);
}

bool Quorum::contains(std::uint64_t voter_bits) const {
  const auto known =
      voters_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << voters_.size()) - 1;
  voter_bits &= known;
  if (!hierarchical_) {
    return static_cast<std::size_t>(std::popcount(voter_bits)) > voters_.size() / 2;
  }
  std::size_t won = 0;
  for (const auto& group : groups_) {
    std::int64_t weight = 0;
    for (auto bits = group.bits & voter_bits; bits != 0; bits &= bits - 1) {
      weight += weights_[static_cast<std::size_t>(std::countr_zero(bits))];
    }
    if (weight > group.weight / 2) ++won;
  }
  return won > groups_.size() / 2;
}

int Quorum::index_of(ServerId sid) const {
  const auto at = std::ranges::lower_bound(voters_, sid);
  if (at == voters_.end() || *at != sid) return -1;
  return static_cast<int>(at - voters_.begin());
}

std::int64_t Quorum::weight_of(ServerId sid) const {
  const int index = index_of(sid);
  return index < 0 ? 0 : weights_[static_cast<std::size_t>(index)];
}

}  // namespace drover::zab
