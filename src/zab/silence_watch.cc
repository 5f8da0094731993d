#include "zab/silence_watch.h"

#include <algorithm>
#include <utility>

namespace drover::zab {

SilenceWatch::SilenceWatch(std::int64_t silence_ms_max)
    : silence_max_(std::chrono::milliseconds(silence_ms_max)) {}

void SilenceWatch::on_awake(base::Instant now) {
  const auto slept = now - awake_;
  awake_ = now;
  // next_deadline() asks to be woken after a quarter.
  if (slept <= silence_max_ * 3 / 8) return;
  quiet_since_ = now;
  last_ping_.reset();
}

void SilenceWatch::on_packet(base::Instant now) {
  quiet_since_ = now;
}

// One late ping does not make a seldom pinger: up to half the silence is forgiven once the rhythm
// is known, but teaches nothing.
void SilenceWatch::on_ping(base::Instant now) {
  if (silence_max_.count() == 0) return;
  const auto before = std::exchange(last_ping_, now);
  if (!before) return;
  const auto gap = now - *before;
  const bool late = gap > silence_max_ / 4;
  if (late && (!armed_ || gap > silence_max_ / 2)) {
    armed_ = false;
    rhythm_since_.reset();
    return;
  }
  if (!rhythm_since_) rhythm_since_ = before;
  if (now - *rhythm_since_ >= kLearning) armed_ = true;
}

bool SilenceWatch::is_silent(base::Instant now) const {
  return armed_ && now - quiet_since_ >= silence_max_;
}

std::optional<base::Instant> SilenceWatch::next_deadline() const {
  if (!armed_) return std::nullopt;
  return std::min(quiet_since_ + silence_max_, awake_ + silence_max_ / 4);
}

}  // namespace drover::zab
