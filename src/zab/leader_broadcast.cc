// Proposals, acks, commits.

#include <algorithm>

#include "base/assert.h"
#include "zab/leader_impl.h"

namespace drover::zab {

void Leader::propose(const wire::TxnBytes& txn, base::Instant now, LeaderEffects& effects) {
  Impl& impl = *impl_;
  if (impl.phase == LeaderPhase::kOver) return;
  DROVER_ASSERT(impl.phase == LeaderPhase::kBroadcast, "proposed before a quorum follows");
  DROVER_ASSERT(txn.zxid == impl.last_proposed.next() && txn.zxid.epoch() == impl.epoch,
                "proposals have consecutive zxids");
  impl.proposals.append(txn);
  impl.acks.propose();
  impl.last_proposed = txn.zxid;
  if (impl.proposed_at.empty() || impl.proposed_at.back().at != now) {
    impl.proposed_at.push_back({.last = txn.zxid, .count = 0, .at = now});
  }
  impl.proposed_at.back().last = txn.zxid;
  ++impl.proposed_at.back().count;
  impl.scratch.clear();
  for (auto& [id, handler] : impl.handlers) {
    if (handler.observer || handler.stage < HandlerStage::kNewLeader || handler.dropped) continue;
    if (impl.scratch.empty()) {
      encode_packet(PacketType::kProposal, txn.zxid, txn.bytes, impl.scratch);
    }
    handler.link->output.append(impl.scratch.view());
    handler.last_sent = now;
    if (handler.stage == HandlerStage::kServing) impl.await_ack(handler, txn.zxid, now);
    impl.mark_dirty(handler, effects);
    impl.drop_if_swamped(handler, effects);
  }
  if (txn.zxid.counter() >= impl.options.counter_max) {
    impl.step_down("the zxids of this epoch are used up", effects);
  }
  impl.finish(effects);
}

void Leader::on_persisted(Zxid up_to, base::Instant now, LeaderEffects& effects) {
  Impl& impl = *impl_;
  if (impl.phase != LeaderPhase::kBroadcast || up_to <= impl.self_acked) return;
  impl.acks.ack(impl.self_acked, up_to, impl.self_bit);
  impl.self_acked = std::min(up_to, impl.last_proposed);
  impl.commit(now, effects);
  impl.finish(effects);
}

void Leader::sync(LinkId link, LeaderEffects& effects) {
  LearnerHandler* const handler = impl_->find(link);
  if (handler == nullptr || handler->stage != HandlerStage::kServing) return;
  if (impl_->last_committed < impl_->last_proposed) {
    handler->syncs.push_back(impl_->last_proposed);
    return;
  }
  encode_packet(PacketType::kSync, Zxid(), handler->link->output);
  impl_->mark_dirty(*handler, effects);
}

void Leader::send(LinkId link, PacketType type, Zxid zxid, wire::NullableBytes data,
                  LeaderEffects& effects) {
  LearnerHandler* const handler = impl_->find(link);
  if (handler == nullptr || handler->stage != HandlerStage::kServing) return;
  encode_packet({type, zxid, data, std::nullopt}, handler->link->output);
  impl_->mark_dirty(*handler, effects);
}

void Leader::Impl::on_serving_packet(LearnerHandler& handler, const QuorumPacket& packet,
                                     base::Instant now, LeaderEffects& effects) {
  bool valid = false;
  switch (packet.type) {
    case PacketType::kAck:
      return on_ack(handler, packet.zxid, now, effects);
    case PacketType::kPing:
      valid = packet.data.has_value();
      break;
    case PacketType::kRequest:
      valid = ForwardedRequest::decode(packet.data).has_value();
      break;
    case PacketType::kRevalidate:
      valid = packet.data && packet.data->size() >= SessionTimeout::kSize;
      break;
    default:
      return drop(handler,
                  fmt::format("unexpected {} (type {})", name_of(packet.type),
                              static_cast<std::int32_t>(packet.type)),
                  effects);
  }
  if (!valid) return drop(handler, fmt::format("{} without data", name_of(packet.type)), effects);
  effects.requests.push_back({handler.link->id, handler.sid, packet.type, packet});
}

void Leader::Impl::on_ack(LearnerHandler& handler, Zxid zxid, base::Instant now,
                          LeaderEffects& effects) {
  if (zxid > last_proposed) {
    return drop(
        handler,
        fmt::format("acks {:#x}, the last proposed is {:#x}", zxid.value, last_proposed.value),
        effects);
  }
  // (e,0) answers UPTODATE; what is acked already, or was committed before it came, says nothing
  // new.
  if (zxid.counter() == 0 || zxid <= handler.acked) return;
  acks.ack(handler.acked, zxid, handler.voter_bit);
  count_acks(handler, handler.acked, zxid, now);
  handler.acked = zxid;
  if (zxid >= handler.awaited.zxid) {
    handler.awaited = zxid < handler.newest.zxid ? handler.newest : LearnerHandler::Awaited{};
  }
  if (handler.voter_bit != 0) commit(now, effects);
}

// What a quorum has acked before this learner did is not looked up any more.
void Leader::Impl::count_acks(LearnerHandler& handler, Zxid after, Zxid up_to, base::Instant now) {
  auto moment = std::ranges::upper_bound(proposed_at, after, {}, &ProposedAt::last);
  for (; moment != proposed_at.end() && moment->last <= up_to; ++moment) {
    handler.ack_ms.add((now - moment->at) / std::chrono::milliseconds(1), moment->count);
  }
}

// A moment of which a part is not committed yet waits for the rest.
void Leader::Impl::count_commits(base::Instant now) {
  while (!proposed_at.empty() && proposed_at.front().last <= last_committed) {
    const ProposedAt& moment = proposed_at.front();
    probe.quorum_ack_ms.add((now - moment.at) / std::chrono::milliseconds(1), moment.count);
    proposed_at.pop_front();
  }
}

void Leader::Impl::commit(base::Instant now, LeaderEffects& effects) {
  const std::int64_t taken = acks.take_committed(quorum);
  if (taken == 0) return;
  const Zxid after(acks.first().value - taken - 1);
  last_committed = Zxid(acks.first().value - 1);
  count_commits(now);
  for (auto& [id, handler] : handlers) {
    if (handler.stage < HandlerStage::kNewLeader || handler.dropped) continue;
    send_commits(handler, after, last_committed);
    handler.last_sent = now;
    mark_dirty(handler, effects);
    drop_if_swamped(handler, effects);
  }
  proposals.commit(last_committed);  // may drop what was just read
  effects.committed = last_committed;
}

void Leader::Impl::send_commits(LearnerHandler& handler, Zxid after, Zxid up_to) {
  base::ByteBuffer& out = handler.link->output;
  // Behind the commit it waited for and before the next: the learner takes it in that order.
  const auto answer_syncs = [&](Zxid committed) {
    while (!handler.syncs.empty() && handler.syncs.front() <= committed) {
      encode_packet(PacketType::kSync, Zxid(), out);
      handler.syncs.pop_front();
    }
  };
  if (!handler.observer) {
    for (Zxid zxid = after.next(); zxid <= up_to; zxid = zxid.next()) {
      encode_packet(PacketType::kCommit, zxid, out);
      answer_syncs(zxid);
    }
    return;
  }
  proposals.for_each(after, up_to, [&](const wire::TxnBytes& txn) {
    encode_packet(PacketType::kInform, txn.zxid, txn.bytes, out);
    answer_syncs(txn.zxid);
  });
}

// A learner that reads more slowly than the ensemble writes would cost us memory until syncLimit
// ends it. While it is brought up to date much may wait with good reason, and it has initLimit.
void Leader::Impl::drop_if_swamped(LearnerHandler& handler, LeaderEffects& effects) {
  const std::size_t waiting = handler.link->output.size();
  if (handler.stage != HandlerStage::kServing || waiting <= options.output_bytes_max) return;
  drop(handler, fmt::format("does not take what it is sent: {} bytes wait", waiting), effects);
}

void Leader::Impl::await_ack(LearnerHandler& handler, Zxid zxid, base::Instant now) {
  handler.newest = {zxid, now};
  if (handler.awaited.zxid == Zxid(0)) handler.awaited = handler.newest;
}

}  // namespace drover::zab
