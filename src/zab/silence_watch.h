#pragma once
// Notices a leader that has stopped without closing its stream, sooner than any timeout that has to
// suit every leader: one that was heard to ping often and says nothing for a while is taken for
// frozen. Judged by when its packets reached us, and only while we were awake ourselves.
//
// Threads: one. Deterministic.

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace drover::zab {

class SilenceWatch {
 public:
  // Armed by pings at most `silence_ms_max` / 4 apart, over kLearning. 0: never armed.
  explicit SilenceWatch(std::int64_t silence_ms_max);

  // At the start of every call into the owner: a long gap between two of them means that we were
  // frozen or starved, and then the measure starts again.
  void on_awake(base::Instant now);
  void on_packet(base::Instant now);  // a sign of life
  void on_ping(base::Instant now);    // one that counts for the rhythm; after on_packet

  [[nodiscard]] bool armed() const { return armed_; }
  [[nodiscard]] bool is_silent(base::Instant now) const;
  // When to wake: well before the silence is over, or nobody could tell it from a sleep of ours.
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

  static constexpr std::chrono::nanoseconds kLearning = std::chrono::seconds(1);

 private:
  std::chrono::nanoseconds silence_max_;
  base::Instant awake_;  // of the last call
  base::Instant quiet_since_;
  std::optional<base::Instant> last_ping_;     // nullopt: none, or we slept since
  std::optional<base::Instant> rhythm_since_;  // pings have been frequent since then
  bool armed_ = false;                         // Invariant: only with rhythm_since_
};

}  // namespace drover::zab
