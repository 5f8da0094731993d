// One leadership from its begin to its end: phases, quorums, stepping down.

#include "zab/leader.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "zab/leader_impl.h"

namespace drover::zab {
namespace {

std::uint64_t bit_of(const Quorum& quorum, ServerId sid) {
  const int index = quorum.index_of(sid);
  return index < 0 ? 0 : std::uint64_t{1} << index;
}

}  // namespace

void LeaderEffects::clear() {
  dirty.clear();
  save_accepted_epoch.reset();
  save_current_epoch.reset();
  established.reset();
  committed.reset();
  snapshots.clear();
  requests.clear();
  gone.clear();
  step_down.reset();
  epoch_heard.reset();
}

Leader::Impl::Impl(ServerId self_in, const EnsembleConfig& config_in, LeaderOptions options_in,
                   const History& history_in, ProposalLog& proposals_in, base::Log& log_in,
                   base::Instant now)
    : self(self_in),
      config(config_in),
      config_text(config_in.text()),
      options(options_in),
      history(history_in),
      proposals(proposals_in),
      log(log_in),
      quorum(config_in),
      self_bit(bit_of(quorum, self_in)),
      phase_since(now),
      epoch(std::max(history_in.accepted_epoch, options_in.epoch_heard) + 1),
      last_proposed(history_in.last_zxid),
      last_committed(history_in.last_zxid) {
  DROVER_ASSERT(self_bit != 0, "a leader that is no voter");
  DROVER_ASSERT(proposals.last() == history.last_zxid && proposals.committed() == proposals.last(),
                "a leader whose proposal log does not end with its history");
}

Leader::Impl::~Impl() {
  for (const auto& [id, handler] : handlers) proposals.unpin(handler.pin);
}

void Leader::Impl::set_phase(LeaderPhase next, base::Instant now) {
  phase = next;
  phase_since = now;
}

void Leader::Impl::count_info(const LearnerHandler& handler, Epoch accepted, base::Instant now,
                              LeaderEffects& effects) {
  if (phase != LeaderPhase::kEpoch) return;
  epoch = std::max(epoch, accepted + 1);
  infos |= handler.voter_bit;
  maybe_save_epoch(now, effects);
}

void Leader::Impl::maybe_save_epoch(base::Instant now, LeaderEffects& effects) {
  if (phase != LeaderPhase::kEpoch || !quorum.contains(infos)) return;
  set_phase(LeaderPhase::kSavingEpoch, now);
  effects.save_accepted_epoch = epoch;
}

void Leader::Impl::maybe_end_discovery(base::Instant now, LeaderEffects& effects) {
  if (phase != LeaderPhase::kEpochAcks || !quorum.contains(epoch_acks)) return;
  set_phase(LeaderPhase::kNewLeader, now);
  last_proposed = start_of_epoch();
  effects.save_current_epoch = epoch;
  for (auto& [id, handler] : handlers) {
    if (handler.stage == HandlerStage::kEpochAcked && !handler.dropped) {
      synchronise(handler, now, effects);
    }
  }
}

// Our own current epoch has to be durable too: nothing is proposed in an epoch that we would not
// remember.
void Leader::Impl::maybe_establish(base::Instant now, LeaderEffects& effects) {
  if (phase != LeaderPhase::kNewLeader || (new_leader_acks & self_bit) == 0) return;
  if (!quorum.contains(new_leader_acks)) return;
  // Their promises count, but who has left cannot be led: nobody would notice that we do.
  if (!quorum_is_connected()) return step_down("the followers have left", effects);
  set_phase(LeaderPhase::kBroadcast, now);
  last_committed = self_acked = start_of_epoch();
  acks.start(start_of_epoch().next());
  effects.established = epoch;
  log.info("sid={} leads epoch {:#x} behind {:#x}", self.value, epoch, history.last_zxid.value);
  for (auto& [id, handler] : handlers) {
    if (handler.stage == HandlerStage::kAcked && !handler.dropped) serve(handler, now, effects);
  }
}

void Leader::Impl::maybe_stop_waiting_for_epoch(base::Instant now, LeaderEffects& effects) {
  const std::int64_t limit = options.max_time_to_wait_for_epoch_ms;
  if (phase != LeaderPhase::kEpoch || limit < 0 || !supporter_looks) return;
  if (now - phase_since < std::chrono::milliseconds(limit)) return;
  step_down("a supporter has gone back to looking before a quorum followed", effects);
}

void Leader::Impl::step_down(std::string why, LeaderEffects& effects) {
  if (phase == LeaderPhase::kOver) return;
  log.warn("sid={} stops leading epoch {:#x}: {}", self.value, epoch, why);
  phase = LeaderPhase::kOver;
  effects.step_down = std::move(why);
  for (auto& [id, handler] : handlers) close(handler, effects);
}

// A learner that is not yet up to date counts: it came back to us on a new link, or would have to
// begin all over again with the next leader. Its time is limited like everybody's.
bool Leader::Impl::quorum_is_connected() const {
  std::uint64_t bits = self_bit;
  for (const auto& [id, handler] : handlers) {
    if (handler.stage >= HandlerStage::kInfo) bits |= handler.voter_bit;
  }
  return quorum.contains(bits);
}

void Leader::Impl::finish(LeaderEffects& effects) {
  if (!std::exchange(any_dropped, false)) return;
  for (auto at = handlers.begin(); at != handlers.end();) {
    if (!at->second.dropped) {
      ++at;
      continue;
    }
    proposals.unpin(at->second.pin);
    if (at->second.stage == HandlerStage::kServing) effects.gone.push_back(at->first);
    at = handlers.erase(at);
  }
  if (phase == LeaderPhase::kBroadcast && !quorum_is_connected()) {
    step_down("less than a quorum is connected", effects);
    finish(effects);
  }
}

LearnerHandler* Leader::Impl::find(LinkId link) {
  const auto at = handlers.find(link);
  return at == handlers.end() ? nullptr : &at->second;
}

void Leader::Impl::mark_dirty(LearnerHandler& handler, LeaderEffects& effects) {
  if (std::exchange(handler.link->dirty, true)) return;
  effects.dirty.push_back(handler.link);
}

void Leader::Impl::close(LearnerHandler& handler, LeaderEffects& effects) {
  handler.dropped = any_dropped = true;
  handler.link->close = true;
  mark_dirty(handler, effects);
}

void Leader::Impl::drop(LearnerHandler& handler, std::string_view why, LeaderEffects& effects) {
  if (handler.stage == HandlerStage::kHello) {
    log.warn("sid={} closes link {}: {}", self.value, handler.link->id.value, why);
  } else {
    log.warn("sid={} closes link {} of {} sid={}: {}", self.value, handler.link->id.value,
             handler.kind(), handler.sid.value, why);
  }
  close(handler, effects);
}

// ---- the surface

Leader::Leader(ServerId self, const EnsembleConfig& config, LeaderOptions options,
               const History& history, ProposalLog& proposals, base::Log& log, base::Instant now,
               LeaderEffects& effects)
    : impl_(std::make_unique<Impl>(self, config, options, history, proposals, log, now)) {
  impl_->infos = impl_->self_bit;
  impl_->maybe_save_epoch(now, effects);
}

Leader::~Leader() = default;

void Leader::on_accepted(Link& link, base::Instant now) {
  if (impl_->phase == LeaderPhase::kOver) return;
  LearnerHandler& handler = impl_->handlers[link.id];
  handler.link = &link;
  handler.last_heard = now;
}

void Leader::on_packet(Link& link, const QuorumPacket& packet, base::Instant now,
                       LeaderEffects& effects) {
  LearnerHandler* const handler = impl_->find(link.id);
  if (handler == nullptr) return;  // closed by us, its last bytes were under way
  handler->last_heard = now;
  ++handler->packets_received;
  if (packet.type == PacketType::kRequest) ++handler->requests;
  switch (handler->stage) {
    case HandlerStage::kHello:
      impl_->on_hello(*handler, packet, now, effects);
      break;
    case HandlerStage::kAckEpoch:
      impl_->on_ack_epoch(*handler, packet, now, effects);
      break;
    case HandlerStage::kNewLeader:
    case HandlerStage::kAcked:
      impl_->on_ack_of_new_leader(*handler, packet, now, effects);
      break;
    case HandlerStage::kServing:
      impl_->on_serving_packet(*handler, packet, now, effects);
      break;
    case HandlerStage::kInfo:
    case HandlerStage::kEpochAcked:
    case HandlerStage::kSnapshot:
      impl_->drop(*handler,
                  fmt::format("unexpected {} (type {})", name_of(packet.type),
                              static_cast<std::int32_t>(packet.type)),
                  effects);
      break;
  }
  impl_->finish(effects);
}

void Leader::on_closed(LinkId link, base::Instant, LeaderEffects& effects) {
  LearnerHandler* const handler = impl_->find(link);
  if (handler == nullptr) return;
  if (handler->stage != HandlerStage::kHello) {
    impl_->log.info("sid={} lost link {} of {} sid={}", impl_->self.value, link.value,
                    handler->kind(), handler->sid.value);
  }
  handler->dropped = impl_->any_dropped = true;
  impl_->finish(effects);
}

void Leader::on_accepted_epoch_saved(base::Instant now, LeaderEffects& effects) {
  if (impl_->phase != LeaderPhase::kSavingEpoch) return;
  impl_->set_phase(LeaderPhase::kEpochAcks, now);
  for (auto& [id, handler] : impl_->handlers) {
    if (handler.stage == HandlerStage::kInfo) impl_->send_leader_info(handler, now, effects);
  }
  impl_->epoch_acks |= impl_->self_bit;
  impl_->maybe_end_discovery(now, effects);
  impl_->finish(effects);
}

void Leader::on_current_epoch_saved(base::Instant now, LeaderEffects& effects) {
  if (impl_->phase != LeaderPhase::kNewLeader) return;
  impl_->new_leader_acks |= impl_->self_bit;
  impl_->maybe_establish(now, effects);
  impl_->finish(effects);
}

void Leader::on_supporter_looking(ServerId sid, base::Instant now, LeaderEffects& effects) {
  const std::uint64_t bit = bit_of(impl_->quorum, sid);
  if (bit == 0 || (impl_->infos & bit) != 0) return;
  impl_->supporter_looks = true;
  impl_->maybe_stop_waiting_for_epoch(now, effects);
  impl_->finish(effects);
}

Epoch Leader::epoch() const {
  return impl_->phase == LeaderPhase::kEpoch ? 0 : impl_->epoch;
}

bool Leader::established() const {
  return impl_->phase == LeaderPhase::kBroadcast;
}

Zxid Leader::last_proposed() const {
  return impl_->last_proposed;
}

Zxid Leader::last_committed() const {
  return impl_->last_committed;
}

std::vector<LearnerView> Leader::learners() const {
  std::vector<LearnerView> views;
  for (const auto& [id, handler] : impl_->handlers) {
    if (handler.stage == HandlerStage::kHello) continue;
    views.push_back({.link = id,
                     .sid = handler.sid,
                     .observer = handler.observer,
                     .voter = handler.voter_bit != 0,
                     .synced = handler.stage == HandlerStage::kServing,
                     .last_acked = handler.acked,
                     .queued_bytes = handler.link->output.size(),
                     .packets_received = handler.packets_received,
                     .requests = handler.requests});
  }
  return views;
}

LeaderProbe Leader::probe() const {
  LeaderProbe probe = impl_->probe;
  for (const auto& [id, handler] : impl_->handlers) {
    if (handler.stage >= HandlerStage::kNewLeader)
      probe.ack_ms.emplace_back(handler.sid, handler.ack_ms);
  }
  return probe;
}

std::int64_t Leader::pending_syncs() const {
  std::int64_t count = 0;
  for (const auto& [id, handler] : impl_->handlers)
    count += static_cast<std::int64_t>(handler.syncs.size());
  return count;
}

void Leader::reset_probe() {
  impl_->probe = {};
  for (auto& [id, handler] : impl_->handlers) handler.ack_ms = {};
}

void Leader::reset_observer_counters() {
  for (auto& [id, handler] : impl_->handlers) {
    if (handler.observer) handler.packets_received = handler.requests = 0;
  }
}

bool Leader::all_acked() const {
  if (impl_->last_proposed.counter() == 0) return true;
  return std::ranges::all_of(impl_->handlers, [this](const auto& entry) {
    const LearnerHandler& handler = entry.second;
    return handler.voter_bit == 0 || handler.stage != HandlerStage::kServing ||
           handler.acked >= impl_->last_proposed;
  });
}

std::string_view Leader::phase() const {
  switch (impl_->phase) {
    case LeaderPhase::kEpoch:
    case LeaderPhase::kSavingEpoch:
    case LeaderPhase::kEpochAcks:
      return "discovery";
    case LeaderPhase::kNewLeader:
      return "synchronization";
    case LeaderPhase::kBroadcast:
    case LeaderPhase::kOver:
      break;
  }
  return "broadcast";
}

}  // namespace drover::zab
