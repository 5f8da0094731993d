// What a leader does because time has passed: pings, and giving up on those that are silent.

#include <algorithm>

#include "zab/leader_impl.h"

namespace drover::zab {
namespace {

void take_earlier(std::optional<base::Instant>& earliest, std::optional<base::Instant> candidate) {
  if (candidate && (!earliest || *candidate < *earliest)) earliest = candidate;
}

}  // namespace

void Leader::on_timer(base::Instant now, LeaderEffects& effects) {
  Impl& impl = *impl_;
  impl.maybe_stop_waiting_for_epoch(now, effects);
  if (const auto deadline = impl.phase_deadline(); deadline && *deadline <= now) {
    impl.step_down(fmt::format("no quorum in initLimit, phase {}", phase()), effects);
  }
  for (auto& [id, handler] : impl.handlers) {
    if (handler.dropped) continue;
    if (handler.stage == HandlerStage::kSnapshot) impl.look_at_snapshot(handler, now, effects);
    const auto silent = impl.silence_deadline(handler);
    const auto behind = impl.ack_deadline(handler);
    if (silent && *silent <= now) {
      impl.drop(handler, "nothing was heard from it in time", effects);
    } else if (behind && *behind <= now) {
      impl.drop(handler, fmt::format("no ack of {:#x} in syncLimit", handler.awaited.zxid.value),
                effects);
    } else if (handler.stage == HandlerStage::kServing && impl.ping_deadline(handler) <= now) {
      impl.ping(handler, now, effects);
    }
  }
  impl.finish(effects);
}

std::optional<base::Instant> Leader::next_deadline() const {
  const Impl& impl = *impl_;
  std::optional<base::Instant> earliest = impl.phase_deadline();
  if (impl.phase == LeaderPhase::kEpoch && impl.supporter_looks &&
      impl.options.max_time_to_wait_for_epoch_ms >= 0) {
    take_earlier(earliest, impl.phase_since + std::chrono::milliseconds(
                                                  impl.options.max_time_to_wait_for_epoch_ms));
  }
  for (const auto& [id, handler] : impl.handlers) {
    take_earlier(earliest, impl.silence_deadline(handler));
    take_earlier(earliest, impl.ack_deadline(handler));
    if (handler.stage == HandlerStage::kServing)
      take_earlier(earliest, impl.ping_deadline(handler));
    if (handler.stage == HandlerStage::kSnapshot) take_earlier(earliest, handler.next_look);
  }
  return earliest;
}

std::optional<base::Instant> Leader::Impl::phase_deadline() const {
  if (phase == LeaderPhase::kBroadcast || phase == LeaderPhase::kOver) return std::nullopt;
  return phase_since + init_time();
}

std::optional<base::Instant> Leader::Impl::silence_deadline(const LearnerHandler& handler) const {
  switch (handler.stage) {
    case HandlerStage::kHello:
    case HandlerStage::kAckEpoch:
    case HandlerStage::kNewLeader:
      return handler.last_heard + init_time();
    case HandlerStage::kServing:
      return handler.last_heard + sync_time();
    case HandlerStage::kSnapshot:
      return handler.seen_moving + init_time();
    case HandlerStage::kInfo:
    case HandlerStage::kEpochAcked:
    case HandlerStage::kAcked:
      break;  // it waits for us, and the phase has its limit
  }
  return std::nullopt;
}

// A learner that answers pings and acks nothing is no use (Apache's SyncLimitCheck).
std::optional<base::Instant> Leader::Impl::ack_deadline(const LearnerHandler& handler) const {
  if (handler.stage != HandlerStage::kServing || handler.awaited.zxid == Zxid(0))
    return std::nullopt;
  return handler.awaited.since + sync_time();
}

// Also when there is other traffic every half tick: the answers carry the sessions' touches.
base::Instant Leader::Impl::ping_deadline(const LearnerHandler& handler) const {
  const std::chrono::nanoseconds interval =
      std::chrono::milliseconds(std::max<std::int64_t>(options.ping_interval_ms, 1));
  return std::min(handler.last_ping + half_tick(), handler.last_sent + interval);
}

void Leader::Impl::ping(LearnerHandler& handler, base::Instant now, LeaderEffects& effects) {
  encode_packet(PacketType::kPing, last_proposed, handler.link->output);
  handler.last_ping = handler.last_sent = now;
  mark_dirty(handler, effects);
}

// The learner says nothing while it reads a snapshot. It moves as long as the output does: bytes
// were taken from its front, or appended to its end.
void Leader::Impl::look_at_snapshot(LearnerHandler& handler, base::Instant now,
                                    LeaderEffects& effects) {
  if (now < handler.next_look) return;
  handler.next_look = now + half_tick();
  const base::ByteBuffer& out = handler.link->output;
  if (out.data() != handler.seen_data || out.size() != handler.seen_size) {
    handler.seen_data = out.data();
    handler.seen_size = out.size();
    handler.seen_moving = now;
  } else if (out.empty()) {
    handler.seen_moving = now;  // it is the host that has nothing ready
  }
  if (handler.seen_moving + init_time() <= now)
    drop(handler, "the snapshot does not move", effects);
}

}  // namespace drover::zab
