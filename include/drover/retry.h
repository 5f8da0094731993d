#pragma once
// When a failed operation is tried again: Curator's retry policies as values. A policy is asked
// after every failure that may be repeated (error_class.h: not applied, or unknown where repeating
// does no harm) and answers how long to pause. Timers do the waiting, no thread sleeps.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <variant>

namespace drover::retry {

// Not at all.
struct None {};
// RetryNTimes, RetryOneTime: `count` times, `delay` apart.
struct Times {
  int count = 0;
  std::chrono::milliseconds delay{0};
};
// RetryForever.
struct Forever {
  std::chrono::milliseconds delay{0};
};
// RetryUntilElapsed: `delay` apart until `budget` has passed since the first try.
struct Until {
  std::chrono::milliseconds budget{0};
  std::chrono::milliseconds delay{0};
};
// ExponentialBackoffRetry: base x a random number from 1 to under 2^(n+1) before retry n (counted
// from 0), `cap` at most (BoundedExponentialBackoffRetry), `count_max` times and never more
// than 29.
struct Exponential {
  std::chrono::milliseconds base{1000};
  int count_max = 3;
  std::chrono::milliseconds cap = std::chrono::milliseconds::max();
};
// The pause before the next try, or none: give up. `tries`: retries already made; `elapsed`: since
// the operation began. Called on the client's executor: it must not block or throw.
using Custom = std::function<std::optional<std::chrono::milliseconds>(
    int tries, std::chrono::milliseconds elapsed)>;

using Policy = std::variant<None, Times, Forever, Until, Exponential, Custom>;

// What `policy` says. `random` is any number, new for each call; the same gives the same answer.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_delay(const Policy& policy, int tries,
                                                                  std::chrono::milliseconds elapsed,
                                                                  std::uint64_t random);

}  // namespace drover::retry
