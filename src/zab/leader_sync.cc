// One learner from its first packet until it is up to date.

#include <algorithm>

#include "wire/jute_writer.h"
#include "zab/leader_impl.h"
#include "zab/sync_plan.h"

namespace drover::zab {
namespace {

constexpr Epoch kEpochMax = INT32_MAX - 1;  // one more has to fit
// Elections between ours and what a member may have accepted. More than that is no history of this
// ensemble, and taking it over would bring the last epoch there is within reach of a few strangers.
constexpr Epoch kEpochsAheadMax = 1'000'000;

std::string unexpected(const QuorumPacket& packet, std::string_view expected) {
  return fmt::format("{} (type {}) where {} was expected", name_of(packet.type),
                     static_cast<std::int32_t>(packet.type), expected);
}

std::string_view name_of(SyncPlan::Kind kind) {
  switch (kind) {
    case SyncPlan::Kind::kDiff:
      return "DIFF";
    case SyncPlan::Kind::kTrunc:
      return "TRUNC";
    case SyncPlan::Kind::kSnap:
      return "SNAP";
  }
  return "?";
}

PacketType packet_of(SyncPlan::Kind kind) {
  switch (kind) {
    case SyncPlan::Kind::kDiff:
      return PacketType::kDiff;
    case SyncPlan::Kind::kTrunc:
      return PacketType::kTrunc;
    case SyncPlan::Kind::kSnap:
      break;
  }
  return PacketType::kSnap;
}

}  // namespace

void Leader::Impl::on_hello(LearnerHandler& handler, const QuorumPacket& packet, base::Instant now,
                            LeaderEffects& effects) {
  const bool observer = packet.type == PacketType::kObserverInfo;
  if (!observer && packet.type != PacketType::kFollowerInfo) {
    return drop(handler, unexpected(packet, "FOLLOWERINFO or OBSERVERINFO"), effects);
  }
  const auto info = LearnerInfo::decode(packet.data);
  if (!info) return drop(handler, "FOLLOWERINFO without a server's number", effects);
  if (info->sid == self) {
    return drop(handler, fmt::format("says that it is sid={}, as we are", self.value), effects);
  }
  handler.stage = HandlerStage::kInfo;
  handler.sid = info->sid;
  handler.observer = observer;
  if (info->protocol_version < kProtocolVersion) {
    return drop(handler,
                fmt::format("protocol version {:#x}, expected {:#x}", info->protocol_version,
                            kProtocolVersion),
                effects);
  }
  if (info->config_version > config.version) {
    return drop(handler,
                fmt::format("its configuration has version {:#x}, ours {:#x}", info->config_version,
                            config.version),
                effects);
  }
  const Epoch accepted = packet.zxid.epoch();
  if (accepted < 0 || accepted > kEpochMax) {
    return drop(handler, fmt::format("accepted epoch {:#x} cannot be", accepted), effects);
  }
  if (accepted > epoch + kEpochsAheadMax) {
    return drop(
        handler,
        fmt::format("accepted epoch {:#x} is too far ahead of ours, {:#x}: a data directory "
                    "of another ensemble?",
                    accepted, epoch),
        effects);
  }
  for (auto& [id, other] : handlers) {
    if (&other != &handler && other.stage != HandlerStage::kHello && other.sid == handler.sid) {
      drop(other,
           fmt::format("link {} is of sid={} too: it came back, or two servers have one number (a "
                       "copied myid or data directory)",
                       handler.link->id.value, handler.sid.value),
           effects);
    }
  }
  const int voter = observer ? -1 : quorum.index_of(handler.sid);
  if (voter >= 0) handler.voter_bit = std::uint64_t{1} << voter;
  log.info("sid={} link {}: {} sid={}{} has accepted epoch {:#x}", self.value,
           handler.link->id.value, handler.kind(), handler.sid.value,
           config.find(handler.sid) == nullptr ? ", which is in no configuration," : "", accepted);
  if (phase != LeaderPhase::kEpoch && accepted > epoch && config.find(handler.sid) != nullptr) {
    effects.epoch_heard = accepted;
    return step_down(
        fmt::format("sid={} has accepted epoch {:#x}: it follows nobody before a later "
                    "one begins",
                    handler.sid.value, accepted),
        effects);
  }
  count_info(handler, accepted, now, effects);
  if (phase >= LeaderPhase::kEpochAcks) send_leader_info(handler, now, effects);
}

void Leader::Impl::send_leader_info(LearnerHandler& handler, base::Instant now,
                                    LeaderEffects& effects) {
  char version[4];
  wire::store_big_endian(version, static_cast<std::uint32_t>(kProtocolVersion));
  encode_packet(PacketType::kLeaderInfo, start_of_epoch(), {version, sizeof(version)},
                handler.link->output);
  mark_dirty(handler, effects);
  handler.stage = HandlerStage::kAckEpoch;
  handler.last_heard = now;  // its time to answer begins
}

void Leader::Impl::on_ack_epoch(LearnerHandler& handler, const QuorumPacket& packet,
                                base::Instant now, LeaderEffects& effects) {
  if (packet.type != PacketType::kAckEpoch) {
    return drop(handler, unexpected(packet, "ACKEPOCH"), effects);
  }
  if (!packet.data || packet.data->size() < 4) {
    return drop(handler, "ACKEPOCH without an epoch", effects);
  }
  constexpr Epoch kDoNotCountMe = -1;
  const Epoch current = wire::JuteReader(*packet.data).read_int();
  handler.last_zxid = packet.zxid;
  // Perhaps one of ours that could not truncate: to such a one even an empty DIFF is no help.
  handler.wants_snapshot = packet.zxid == Zxid(0) && current == kDoNotCountMe;
  // Who comes after the quorum is not compared: what it has in excess is truncated.
  if (phase != LeaderPhase::kEpochAcks) return synchronise(handler, now, effects);

  handler.stage = HandlerStage::kEpochAcked;
  if (current == kDoNotCountMe) return;
  if (std::pair(current, packet.zxid) > std::pair(history.current_epoch, history.last_zxid)) {
    return drop(handler,
                fmt::format("is ahead of us: epoch {:#x} zxid {:#x}, ours {:#x} and {:#x}", current,
                            packet.zxid.value, history.current_epoch, history.last_zxid.value),
                effects);
  }
  constexpr Zxid kNothingYet = Zxid(-1);
  if (packet.zxid != kNothingYet) epoch_acks |= handler.voter_bit;
  maybe_end_discovery(now, effects);
}

void Leader::Impl::synchronise(LearnerHandler& handler, base::Instant now, LeaderEffects& effects) {
  // All that is outstanding will be sent, and acked, once more. What it acked earlier does not
  // count: it is about to truncate it, or has lost its disk.
  acks.withdraw(handler.voter_bit);
  const SyncPlan plan = plan_sync(handler.last_zxid, proposals.committed(), proposals,
                                  options.force_snapshot_sync || handler.wants_snapshot);
  log.info("sid={} link {}: {} sid={} at {:#x} gets {} {:#x}", self.value, handler.link->id.value,
           handler.kind(), handler.sid.value, handler.last_zxid.value, name_of(plan.kind),
           plan.zxid.value);
  encode_packet(packet_of(plan.kind), plan.zxid, handler.link->output);
  mark_dirty(handler, effects);
  const auto busy = [this](HandlerStage stage) {
    return std::ranges::count_if(
        handlers, [stage](const auto& entry) { return entry.second.stage == stage; });
  };
  if (plan.kind == SyncPlan::Kind::kSnap) {
    ++probe.snapshots;
    probe.inflight_snapshots.add(busy(HandlerStage::kSnapshot) + 1);
  } else {
    ++probe.diffs;
    probe.inflight_diffs.add(busy(HandlerStage::kNewLeader) + 1);
  }
  if (plan.kind != SyncPlan::Kind::kSnap) {
    return send_history(handler, plan.send_after, now, effects);
  }
  handler.stage = HandlerStage::kSnapshot;
  handler.snapshot_after = plan.send_after;
  handler.pin = proposals.pin(plan.send_after);
  handler.seen_moving = now;
  handler.next_look = now + half_tick();
  effects.snapshots.push_back({handler.link, plan.send_after});
}

// What is committed goes before NEWLEADER, what is not behind it: learners between 3.5.10 and 3.9.2
// die of the other order, which is Apache's own (ZOOKEEPER-4394).
void Leader::Impl::send_history(LearnerHandler& handler, Zxid after, base::Instant now,
                                LeaderEffects& effects) {
  base::ByteBuffer& out = handler.link->output;
  proposals.for_each(after, proposals.committed(), [&out](const wire::TxnBytes& txn) {
    encode_packet(PacketType::kProposal, txn.zxid, txn.bytes, out);
    encode_packet(PacketType::kCommit, txn.zxid, out);
  });
  encode_packet(PacketType::kNewLeader, start_of_epoch(), config_text, out);
  if (!handler.observer) {
    proposals.for_each(proposals.committed(), proposals.last(), [&out](const wire::TxnBytes& txn) {
      encode_packet(PacketType::kProposal, txn.zxid, txn.bytes, out);
    });
  }
  mark_dirty(handler, effects);
  handler.stage = HandlerStage::kNewLeader;
  handler.acked = proposals.committed();
  handler.last_heard = now;  // its time to answer begins
}

void Leader::on_snapshot_sent(LinkId link, base::Instant now, LeaderEffects& effects) {
  LearnerHandler* const handler = impl_->find(link);
  if (handler == nullptr || handler->stage != HandlerStage::kSnapshot) return;
  impl_->send_history(*handler, handler->snapshot_after, now, effects);
  impl_->proposals.unpin(std::exchange(handler->pin, 0));
}

void Leader::Impl::on_ack_of_new_leader(LearnerHandler& handler, const QuorumPacket& packet,
                                        base::Instant now, LeaderEffects& effects) {
  if (packet.type != PacketType::kAck) {
    return drop(handler, unexpected(packet, "ACK of NEWLEADER"), effects);
  }
  if (packet.zxid != start_of_epoch()) {
    // Some releases ack txns of the sync stream early; that is not the answer to NEWLEADER
    // (ZOOKEEPER-4685).
    if (packet.zxid.counter() == 0 || packet.zxid > last_proposed) {
      return drop(handler,
                  fmt::format("acks {:#x} where NEWLEADER is {:#x}", packet.zxid.value,
                              start_of_epoch().value),
                  effects);
    }
    handler.acked_early = std::max(handler.acked_early, packet.zxid);
    return;
  }
  if (handler.stage == HandlerStage::kAcked) return;
  handler.stage = HandlerStage::kAcked;
  new_leader_acks |= handler.voter_bit;
  if (phase == LeaderPhase::kBroadcast) {
    serve(handler, now, effects);
  } else {
    maybe_establish(now, effects);
  }
}

void Leader::Impl::serve(LearnerHandler& handler, base::Instant now, LeaderEffects& effects) {
  encode_packet(PacketType::kUpToDate, Zxid(-1), handler.link->output);
  mark_dirty(handler, effects);
  handler.stage = HandlerStage::kServing;
  handler.last_heard = handler.last_sent = handler.last_ping = now;
  if (!handler.observer && proposals.last() > handler.acked) {
    await_ack(handler, proposals.last(), now);
  }
  if (handler.acked_early > handler.acked) on_ack(handler, handler.acked_early, now, effects);
}

}  // namespace drover::zab
