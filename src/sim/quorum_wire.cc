#include "sim/quorum_wire.h"

#include <fmt/format.h>

#include "wire/jute_reader.h"

namespace drover::sim {

using wire::Zxid;
using zab::PacketType;

namespace {

constexpr std::int32_t kLengthMax = 2097150;

// Whoever only looks for the end of a snapshot.
class NullSink final : public storage::RestoreSink {
 public:
  void begin_snapshot(Zxid) override {}
  void session(wire::SessionId, std::int32_t) override {}
  void acl(std::int64_t, AclList) override {}
  Result<void> node(std::string_view, wire::NullableBytes, std::int64_t,
                    const wire::StatPersisted&) override {
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes&) override { return {}; }
};
NullSink& null_sink() {
  thread_local NullSink sink;
  return sink;
}

}  // namespace

QuorumWire::~QuorumWire() = default;

void QuorumWire::on_sent(StreamId stream, zab::ServerId sender, bool dialled,
                         std::string_view bytes) {
  Link& link = links_[stream];
  link.stream = stream;
  std::string& input = dialled ? link.from_learner : link.from_leader;
  if (dialled) link.learner = sender;
  input.append(bytes);
  listen(link, sender, dialled, input);
}

void QuorumWire::listen(Link& link, zab::ServerId sender, bool learner, std::string& input) {
  std::string_view rest = input;
  while (!rest.empty()) {
    if (!learner && link.snapshot) {
      const auto taken = link.snapshot->feed(rest);
      if (!taken) return verdict_.fail("NoIllegalStep", taken.error().message);
      rest.remove_prefix(*taken);
      if (!link.snapshot->done()) break;
      link.snapshot.reset();
      continue;
    }
    const auto decoded = zab::decode_packet(rest, kLengthMax);
    if (!decoded) return verdict_.fail("NoIllegalStep", decoded.error().message);
    if (!*decoded) break;
    rest.remove_prefix((*decoded)->size);
    if (learner) {
      from_learner(link, (*decoded)->packet);
    } else {
      from_leader(link, sender, (*decoded)->packet);
    }
  }
  input.erase(0, input.size() - rest.size());
}

void QuorumWire::from_leader(Link& link, zab::ServerId leader, const zab::QuorumPacket& packet) {
  switch (packet.type) {
    case PacketType::kLeaderInfo:
      link.epoch = packet.zxid.epoch();
      return durability_.on_leader_info(leader, link.epoch);
    case PacketType::kSnap:
      link.snapshot =
          std::make_unique<storage::SnapshotStreamParser>(packet.zxid, kLengthMax, null_sink());
      link.last = packet.zxid;
      return;
    case PacketType::kNewLeader:
      if (std::exchange(link.new_leader_sent, true)) {
        verdict_.fail("NoIllegalStep", fmt::format("sid={} says NEWLEADER twice", leader.value));
      }
      return durability_.on_new_leader(leader, link.epoch);
    case PacketType::kTrunc:
      link.last = packet.zxid;
      return;
    case PacketType::kProposal:
    case PacketType::kInform:
      if (packet.zxid != link.last.next() &&
          !(packet.zxid.epoch() > link.last.epoch() && packet.zxid.counter() == 1)) {
        verdict_.fail("NoHole", fmt::format("sid={} sends zxid=0x{:x} behind 0x{:x}", leader.value,
                                            packet.zxid.value, link.last.value));
      }
      link.last = packet.zxid;
      if (!link.new_leader_sent || packet.type == PacketType::kInform) return;
      link.proposed = packet.zxid;
      link.to_ack.push_back(packet.zxid);
      return;
    case PacketType::kCommit:
      if (!link.new_leader_sent) return;
      if (packet.zxid > link.proposed ||
          (link.committed.value != 0 && packet.zxid != link.committed.next())) {
        verdict_.fail(
            "NoIllegalStep",
            fmt::format("sid={} commits zxid=0x{:x} behind 0x{:x}, it has proposed 0x{:x}",
                        leader.value, packet.zxid.value, link.committed.value,
                        link.proposed.value));
      }
      link.committed = packet.zxid;
      return;
    case PacketType::kRevalidate:
      if (const auto answer = zab::Revalidated::decode(packet.data); answer && answer->valid) {
        owners_.on_revalidated(leader, link.stream, answer->session);
      }
      return;
    case PacketType::kUpToDate:
      return durability_.on_up_to_date(leader, link.epoch);
    default:
      return;
  }
}

void QuorumWire::from_learner(Link& link, const zab::QuorumPacket& packet) {
  if (packet.type == PacketType::kAckEpoch) {
    link.last = std::max(packet.zxid, Zxid(0));
    wire::JuteReader in(packet.data.value_or(std::string_view()));
    return durability_.on_ack_epoch(link.learner, link.epoch, in.read_int() != -1, packet.zxid);
  }
  if (packet.type != PacketType::kAck) return;
  if (packet.zxid.counter() != 0) return ack(link, packet.zxid);
  if (packet.zxid.epoch() != link.epoch || !link.new_leader_sent) {
    verdict_.fail("NoIllegalStep", fmt::format("sid={} acks zxid=0x{:x} in epoch {}",
                                               link.learner.value, packet.zxid.value, link.epoch));
  }
  // The second answers UPTODATE.
  if (!std::exchange(link.new_leader_acked, true)) {
    durability_.on_ack_new_leader(link.learner, link.epoch);
  }
}

// Every proposal behind NEWLEADER is acked, in order, none before NEWLEADER itself is.
void QuorumWire::ack(Link& link, Zxid zxid) {
  if (!link.new_leader_acked) {
    return verdict_.fail("AckOrder", fmt::format("sid={} acks zxid=0x{:x} before NEWLEADER",
                                                 link.learner.value, zxid.value));
  }
  if (link.to_ack.empty() || link.to_ack.front() != zxid) {
    return verdict_.fail(
        "AckOrder", fmt::format("sid={} acks zxid=0x{:x} where 0x{:x} is next", link.learner.value,
                                zxid.value, link.to_ack.empty() ? 0 : link.to_ack.front().value));
  }
  link.to_ack.pop_front();
  durability_.on_ack(link.learner, zxid);
}

}  // namespace drover::sim
