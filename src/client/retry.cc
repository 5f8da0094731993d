#include <drover/retry.h>

#include <algorithm>

namespace drover::retry {
namespace {

using std::chrono::milliseconds;

constexpr int kExponentMax = 29;  // ExponentialBackoffRetry.MAX_RETRIES_LIMIT

struct Ask {
  int tries;
  milliseconds elapsed;
  std::uint64_t random;

  std::optional<milliseconds> operator()(const None&) const { return std::nullopt; }
  std::optional<milliseconds> operator()(const Times& policy) const {
    if (tries >= policy.count) return std::nullopt;
    return policy.delay;
  }
  std::optional<milliseconds> operator()(const Forever& policy) const { return policy.delay; }
  std::optional<milliseconds> operator()(const Until& policy) const {
    if (elapsed >= policy.budget) return std::nullopt;
    return policy.delay;
  }
  std::optional<milliseconds> operator()(const Exponential& policy) const {
    if (tries >= std::min(policy.count_max, kExponentMax)) return std::nullopt;
    const std::uint64_t steps = std::uint64_t{1} << (tries + 1);
    const auto factor = static_cast<std::int64_t>(std::max<std::uint64_t>(1, random % steps));
    if (policy.base.count() > policy.cap.count() / factor) return policy.cap;
    return policy.base * factor;
  }
  std::optional<milliseconds> operator()(const Custom& policy) const {
    return policy(tries, elapsed);
  }
};

}  // namespace

std::optional<milliseconds> next_delay(const Policy& policy, int tries, milliseconds elapsed,
                                       std::uint64_t random) {
  const auto delay = std::visit(Ask{tries, elapsed, random}, policy);
  if (!delay) return std::nullopt;
  return std::max(*delay, milliseconds(0));
}

}  // namespace drover::retry
