#pragma once
// What ZooKeeper calls a basic summary: count, sum, least and greatest of what was observed.

#include <algorithm>
#include <cstdint>

namespace drover::admin {

struct Summary {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::int64_t min = 0;  // 0 while count is 0
  std::int64_t max = 0;

  void add(std::int64_t value) {
    min = count == 0 ? value : std::min(min, value);
    max = count == 0 ? value : std::max(max, value);
    ++count;
    sum += value;
  }
  void merge(const Summary& other) {
    if (other.count == 0) return;
    min = count == 0 ? other.min : std::min(min, other.min);
    max = count == 0 ? other.max : std::max(max, other.max);
    count += other.count;
    sum += other.sum;
  }
  [[nodiscard]] double average() const {
    return count == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(count);
  }
};

}  // namespace drover::admin
