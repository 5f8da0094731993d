#include "zab/learner.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/assert.h"
#include "wire/jute_writer.h"
#include "zab/silence_watch.h"

namespace drover::zab {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kRetryMsFirst = 10;
// A deadline that is noticed later than this is not the leader's fault.
constexpr milliseconds kLate{250};

std::string hex(Zxid zxid) {
  return fmt::format("0x{:x}", static_cast<std::uint64_t>(zxid.value));
}

// Of a packet that has to wait.
struct HeldPacket {
  PacketType type;
  Zxid zxid;
  std::optional<std::string> data;
};

}  // namespace

void LearnerEffects::clear() {
  dirty.clear();
  dial.reset();
  save_accepted_epoch.reset();
  save_current_epoch.reset();
  truncate.reset();
  receive_snapshot.reset();
  txns.clear();
  committed.reset();
  install_snapshot = false;
  serving.reset();
  revalidated.clear();
  synced.clear();
  leave.reset();
}

struct Learner::Impl {
  enum class Phase {
    kConnecting,
    kDiscovery,            // said who we are, LEADERINFO has to come
    kSavingAcceptedEpoch,  // before ACKEPOCH
    kAwaitingPlan,         // DIFF, TRUNC or SNAP has to come
    kTruncating,           // packets are held
    kReceivingSnapshot,    // no packets come
    kCatchingUp,           // what comes before NEWLEADER
    kSettling,             // NEWLEADER came, the history is not durable yet
    kSavingCurrentEpoch,   // before the ACK of NEWLEADER
    kJoined,               // that ACK was sent, UPTODATE has to come
    kServing,
    kLeft,
  };
  // Received and not committed, or committed and still kept back. In zxid order.
  struct Proposal {
    Zxid zxid;
    std::string bytes{};  // empty once it is in the effects
  };

  ServerId self;
  const EnsembleConfig& config;
  LearnerOptions options;
  ServerId leader;
  History history;
  Link& link;
  base::Log& log;

  Phase phase = Phase::kConnecting;
  Epoch epoch = 0;
  bool gone = false;  // the link
  // ---- time
  base::Instant connect_deadline{};
  std::optional<base::Instant> redial_at{};
  std::int64_t retry_ms = kRetryMsFirst;
  base::Instant heard{};  // from the leader, the last time
  bool forgiven = false;  // a timeout of which we may be guilty ourselves, since then
  SilenceWatch silence;
  // ---- the stream
  std::deque<HeldPacket> held{};
  Zxid last_queued{};           // newest zxid received: what comes must follow it
  std::optional<Zxid> image{};  // the snapshot's zxid; what comes up to there is inside already
  bool installed = false;       // the image is on the disk
  bool first_txn = true;        // none came yet
  std::deque<Proposal> pending{};
  std::size_t committed_kept = 0;                   // so many of `pending`, from the front
  std::deque<std::pair<Zxid, std::string>> lent{};  // bytes that the effects' views show
  std::deque<Zxid> to_ack{};                        // Invariant: empty until NEWLEADER is acked
  Zxid last_committed{};
  Zxid last_durable{};  // newest that was asked to be made durable
  Zxid persisted{};     // newest that is
  // ---- sessions
  std::map<wire::SessionId, std::int32_t> touched{};

  // ---- packets
  void handle(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects);
  void on_leader_info(const QuorumPacket& packet, LearnerEffects& effects);
  void on_plan(const QuorumPacket& packet, LearnerEffects& effects);
  void on_stream(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects);
  void proposal(Zxid zxid, wire::NullableBytes data, LearnerEffects& effects);
  void commit(Zxid zxid, LearnerEffects& effects);
  void inform(Zxid zxid, wire::NullableBytes data, LearnerEffects& effects);
  void new_leader(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects);
  void up_to_date(LearnerEffects& effects);
  void ping(Zxid zxid, base::Instant now, LearnerEffects& effects);
  void revalidated(const QuorumPacket& packet, LearnerEffects& effects);
  void release_held(base::Instant now, LearnerEffects& effects);

  [[nodiscard]] bool acked_new_leader() const {
    return phase == Phase::kJoined || phase == Phase::kServing;
  }
  [[nodiscard]] bool in_image(Zxid zxid) const { return image && zxid <= *image; }
  [[nodiscard]] bool follows(Zxid zxid) const;
  [[nodiscard]] bool waits_for_ourselves() const;
  [[nodiscard]] std::optional<base::Instant> read_deadline() const;

  void dial(LearnerEffects& effects);
  void ack_epoch(bool counts, LearnerEffects& effects);
  void emit(Proposal& proposal, bool durable, LearnerEffects& effects);
  void save_epoch_when_durable(LearnerEffects& effects);
  void release_kept(LearnerEffects& effects);
  void ack_persisted(LearnerEffects& effects);
  void forget_lent();
  void check_config(std::string_view text);
  void send(PacketType type, Zxid zxid, LearnerEffects& effects);
  void send(PacketType type, Zxid zxid, const base::ByteBuffer& data, LearnerEffects& effects);
  void has_output(LearnerEffects& effects);
  void leave(std::string why, LearnerEffects& effects);
};

// ---- small things

void Learner::Impl::has_output(LearnerEffects& effects) {
  if (link.dirty) return;
  link.dirty = true;
  effects.dirty.push_back(&link);
}

void Learner::Impl::send(PacketType type, Zxid zxid, LearnerEffects& effects) {
  encode_packet(type, zxid, link.output);
  has_output(effects);
}

void Learner::Impl::send(PacketType type, Zxid zxid, const base::ByteBuffer& data,
                         LearnerEffects& effects) {
  encode_packet(type, zxid, data.view(), link.output);
  has_output(effects);
}

void Learner::Impl::leave(std::string why, LearnerEffects& effects) {
  if (phase == Phase::kLeft) return;
  phase = Phase::kLeft;
  effects.leave = std::move(why);
  if (gone) return;
  link.close = true;
  has_output(effects);
}

void Learner::Impl::dial(LearnerEffects& effects) {
  const Member* member = config.find(leader);
  if (!member) {
    return leave(fmt::format("the leader, {}, is no member of this ensemble", leader.value),
                 effects);
  }
  gone = false;
  effects.dial = Dial{.link = link.id,
                      .port = Port::kQuorum,
                      .to = leader,
                      .host = member->quorum.host,
                      .port_number = member->quorum.port};
}

// ---- time

bool Learner::Impl::waits_for_ourselves() const {
  return phase == Phase::kSavingAcceptedEpoch || phase == Phase::kTruncating ||
         phase == Phase::kSettling || phase == Phase::kSavingCurrentEpoch;
}

// A leader that waits for us has nothing to say.
std::optional<base::Instant> Learner::Impl::read_deadline() const {
  if (phase == Phase::kConnecting || phase == Phase::kLeft || waits_for_ourselves()) {
    return std::nullopt;
  }
  const std::int64_t ticks = acked_new_leader() ? options.sync_limit : options.init_limit;
  return heard + milliseconds(ticks * options.tick_ms);
}

// ---- discovery

void Learner::Impl::on_leader_info(const QuorumPacket& packet, LearnerEffects& effects) {
  if (packet.type != PacketType::kLeaderInfo) {
    return leave(fmt::format("the leader began with {}, not with LEADERINFO", name_of(packet.type)),
                 effects);
  }
  const Epoch offered = packet.zxid.epoch();
  if (offered < history.accepted_epoch) {
    return leave(fmt::format("the leader offers epoch 0x{:x}, below the accepted 0x{:x}", offered,
                             history.accepted_epoch),
                 effects);
  }
  epoch = offered;
  if (offered == history.accepted_epoch) return ack_epoch(false, effects);
  phase = Phase::kSavingAcceptedEpoch;
  effects.save_accepted_epoch = offered;
}

// Nobody counts twice for an epoch, nor does who hides what is on its disk: a leader that were
// elected with such a vote might lack what was committed.
void Learner::Impl::ack_epoch(bool counts, LearnerEffects& effects) {
  const bool hides = options.wants_snapshot;
  base::ByteBuffer data;
  wire::JuteWriter(data).write_int(
      counts && !hides ? static_cast<std::int32_t>(history.current_epoch) : -1);
  phase = Phase::kAwaitingPlan;
  send(PacketType::kAckEpoch, hides ? Zxid(0) : history.last_zxid, data, effects);
}

// ---- synchronisation

void Learner::Impl::on_plan(const QuorumPacket& packet, LearnerEffects& effects) {
  if (options.wants_snapshot && packet.type != PacketType::kSnap) {
    return leave(
        fmt::format("the leader sends {} to a server that needs SNAP", name_of(packet.type)),
        effects);
  }
  switch (packet.type) {
    case PacketType::kDiff:
      phase = Phase::kCatchingUp;
      break;
    case PacketType::kTrunc:
      phase = Phase::kTruncating;
      last_queued = last_committed = last_durable = persisted = packet.zxid;
      effects.truncate = packet.zxid;
      break;
    case PacketType::kSnap:
      phase = Phase::kReceivingSnapshot;
      image = last_queued = last_committed = packet.zxid;
      effects.receive_snapshot = packet.zxid;
      break;
    default:
      return leave(
          fmt::format("the leader sends {} in place of DIFF, TRUNC or SNAP", name_of(packet.type)),
          effects);
  }
  log.info("sid={} follows sid={} epoch=0x{:x}: {} zxid={}", self.value, leader.value, epoch,
           name_of(packet.type), hex(packet.zxid));
}

void Learner::Impl::on_stream(const QuorumPacket& packet, base::Instant now,
                              LearnerEffects& effects) {
  switch (packet.type) {
    case PacketType::kProposal:
      return proposal(packet.zxid, packet.data, effects);
    case PacketType::kCommit:
      return commit(packet.zxid, effects);
    case PacketType::kInform:
      return inform(packet.zxid, packet.data, effects);
    case PacketType::kCommitAndActivate:
      log.warn("{} {}: the ensemble is being changed, which this server does not follow",
               name_of(packet.type), hex(packet.zxid));
      return commit(packet.zxid, effects);
    case PacketType::kInformAndActivate: {
      log.warn("{} {}: the ensemble is being changed, which this server does not follow",
               name_of(packet.type), hex(packet.zxid));
      constexpr std::size_t kDesignatedLeaderSize = 8;  // stands in front of the txn
      const bool whole = packet.data && packet.data->size() >= kDesignatedLeaderSize;
      return inform(
          packet.zxid,
          whole ? wire::NullableBytes(packet.data->substr(kDesignatedLeaderSize)) : std::nullopt,
          effects);
    }
    case PacketType::kNewLeader:
      return new_leader(packet, now, effects);
    case PacketType::kUpToDate:
      return up_to_date(effects);
    case PacketType::kPing:
      return ping(packet.zxid, now, effects);
    case PacketType::kRevalidate:
      return revalidated(packet, effects);
    case PacketType::kSync:
      effects.synced.push_back(last_committed);
      return;
    default:
      log.warn("a packet of type {} ({}) from the leader is ignored",
               static_cast<std::int32_t>(packet.type), name_of(packet.type));
  }
}

// A leader that sends a snapshot of a living tree names it by what was applied when it began, which
// may be more than where the txns behind it begin.
bool Learner::Impl::follows(Zxid zxid) const {
  if (first_txn && in_image(zxid)) return true;
  const bool begins_epoch = zxid.epoch() > last_queued.epoch() && zxid.counter() == 1;
  return zxid == last_queued.next() || begins_epoch;
}

void Learner::Impl::proposal(Zxid zxid, wire::NullableBytes data, LearnerEffects& effects) {
  if (!follows(zxid)) {
    return leave(fmt::format("txn {} does not follow {}", hex(zxid), hex(last_queued)), effects);
  }
  if (!data || data->size() < wire::TxnHeader::kSize) {
    return leave(fmt::format("txn {} has no header", hex(zxid)), effects);
  }
  wire::JuteReader in(*data);
  const Zxid inside = wire::TxnHeader::decode(in).zxid;
  if (inside != zxid) {
    return leave(fmt::format("txn {} says that it is {}", hex(zxid), hex(inside)), effects);
  }
  first_txn = false;
  last_queued = zxid;
  if (!acked_new_leader()) {
    pending.push_back({zxid, std::string(*data)});
    return;
  }
  pending.push_back({zxid});
  if (!options.observer) to_ack.push_back(zxid);
  if (in_image(zxid)) return ack_persisted(effects);
  effects.txns.push_back({.txn = {zxid, *data}, .durable = true});
}

void Learner::Impl::commit(Zxid zxid, LearnerEffects& effects) {
  if (committed_kept == pending.size()) {
    if (zxid <= last_committed) {
      log.warn("COMMIT {} is late, {} is committed", hex(zxid), hex(last_committed));
      return;
    }
    return leave(fmt::format("COMMIT {} without a proposal, the newest commit is {}", hex(zxid),
                             hex(last_committed)),
                 effects);
  }
  Proposal& oldest = pending[committed_kept];
  if (oldest.zxid != zxid) {
    return leave(fmt::format("COMMIT {} while the oldest uncommitted proposal is {}", hex(zxid),
                             hex(oldest.zxid)),
                 effects);
  }
  last_committed = std::max(last_committed, zxid);
  if (phase == Phase::kSettling || phase == Phase::kSavingCurrentEpoch) {
    ++committed_kept;
    return;
  }
  if (!in_image(zxid)) {
    if (phase == Phase::kCatchingUp) emit(oldest, !image, effects);
    effects.committed = zxid;
  }
  pending.pop_front();
}

void Learner::Impl::inform(Zxid zxid, wire::NullableBytes data, LearnerEffects& effects) {
  proposal(zxid, data, effects);
  if (phase != Phase::kLeft) commit(zxid, effects);
}

void Learner::Impl::emit(Proposal& proposal, bool durable, LearnerEffects& effects) {
  if (durable) last_durable = proposal.zxid;
  auto& [zxid, bytes] = lent.emplace_back(proposal.zxid, std::move(proposal.bytes));
  effects.txns.push_back({.txn = {zxid, bytes}, .durable = durable});
}

void Learner::Impl::new_leader(const QuorumPacket& packet, base::Instant now,
                               LearnerEffects& effects) {
  if (phase != Phase::kCatchingUp) {
    log.warn("a second NEWLEADER {} is ignored", hex(packet.zxid));
    return;
  }
  if (packet.zxid != Zxid::of(epoch, 0)) {
    return leave(
        fmt::format("NEWLEADER {} from the leader of epoch 0x{:x}", hex(packet.zxid), epoch),
        effects);
  }
  check_config(packet.data.value_or(std::string_view()));
  phase = Phase::kSettling;
  heard = now;
  if (image) {
    last_durable = last_committed;
    effects.install_snapshot = true;
  }
  save_epoch_when_durable(effects);
}

// Other addresses or an order of its own are the leader's business; another set of servers means
// two different ideas of what a quorum is.
void Learner::Impl::check_config(std::string_view text) {
  if (text.size() <= 1) return;
  const auto theirs = EnsembleConfig::parse(text);
  if (!theirs) {
    log.warn("the leader's configuration cannot be read: {}", theirs.error().message);
    return;
  }
  const auto sids_of = [](const EnsembleConfig& of) {
    std::set<std::pair<ServerId, bool>> sids;
    for (const auto& [sid, member] : of.members) sids.emplace(sid, member.observer);
    return sids;
  };
  if (sids_of(*theirs) == sids_of(config)) return;
  log.warn(
      "the leader's ensemble is not the one configured here: it has {} servers, {} of them "
      "voters; here there are {} and {}",
      theirs->members.size(), theirs->voters().size(), config.members.size(),
      config.voters().size());
}

void Learner::Impl::save_epoch_when_durable(LearnerEffects& effects) {
  if (phase != Phase::kSettling || persisted < last_durable || (image && !installed)) return;
  phase = Phase::kSavingCurrentEpoch;
  effects.save_current_epoch = epoch;
}

// What the leader had not committed when it sent NEWLEADER: now that the epoch is ours, these are
// txns like any other.
void Learner::Impl::release_kept(LearnerEffects& effects) {
  for (Proposal& proposal : pending) {
    if (!in_image(proposal.zxid)) emit(proposal, true, effects);
    if (!options.observer) to_ack.push_back(proposal.zxid);
  }
  for (; committed_kept > 0; --committed_kept) {
    if (!in_image(pending.front().zxid)) effects.committed = pending.front().zxid;
    pending.pop_front();
  }
}

void Learner::Impl::up_to_date(LearnerEffects& effects) {
  if (phase == Phase::kServing) {
    log.warn("a second UPTODATE is ignored");
    return;
  }
  if (phase != Phase::kJoined) return leave("UPTODATE before NEWLEADER was acked", effects);
  send(PacketType::kAck, Zxid::of(epoch, 0), effects);
  phase = Phase::kServing;
  effects.serving = epoch;
}

// ---- broadcast

void Learner::Impl::ack_persisted(LearnerEffects& effects) {
  while (!to_ack.empty() && to_ack.front() <= persisted) {
    send(PacketType::kAck, to_ack.front(), effects);
    to_ack.pop_front();
  }
}

void Learner::Impl::forget_lent() {
  const Zxid done = std::min(persisted, last_committed);
  while (!lent.empty() && lent.front().first <= done) lent.pop_front();
}

void Learner::Impl::ping(Zxid zxid, base::Instant now, LearnerEffects& effects) {
  silence.on_ping(now);
  if (phase != Phase::kServing) return;
  base::ByteBuffer data;
  for (const auto& [session, timeout_ms] : touched) {
    encode_session_timeout({session, timeout_ms}, data);
  }
  touched.clear();
  send(PacketType::kPing, zxid, data, effects);
}

void Learner::Impl::revalidated(const QuorumPacket& packet, LearnerEffects& effects) {
  const auto answer = Revalidated::decode(packet.data);
  if (answer) {
    effects.revalidated.push_back(*answer);
  } else {
    log.warn("a REVALIDATE of the leader cannot be read");
  }
}

// ---- dispatch

void Learner::Impl::handle(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects) {
  switch (phase) {
    case Phase::kConnecting:
    case Phase::kLeft:
      return;
    case Phase::kDiscovery:
      return on_leader_info(packet, effects);
    case Phase::kSavingAcceptedEpoch:
      return leave(fmt::format("{} before our ACKEPOCH", name_of(packet.type)), effects);
    case Phase::kAwaitingPlan:
      return on_plan(packet, effects);
    case Phase::kTruncating: {
      std::optional<std::string> data;
      if (packet.data) data = std::string(*packet.data);
      held.push_back({packet.type, packet.zxid, std::move(data)});
      return;
    }
    case Phase::kReceivingSnapshot:
      DROVER_ASSERT(false, "no packets while a snapshot comes in");
    case Phase::kCatchingUp:
    case Phase::kSettling:
    case Phase::kSavingCurrentEpoch:
    case Phase::kJoined:
    case Phase::kServing:
      return on_stream(packet, now, effects);
  }
}

// Every txn among them is copied: none is in the effects before the ACK of NEWLEADER.
void Learner::Impl::release_held(base::Instant now, LearnerEffects& effects) {
  while (!held.empty()) {
    const HeldPacket packet = std::move(held.front());
    held.pop_front();
    wire::NullableBytes data;
    if (packet.data) data = *packet.data;
    handle({.type = packet.type, .zxid = packet.zxid, .data = data, .authinfo = std::nullopt}, now,
           effects);
  }
}

// ---- the learner

Learner::Learner(ServerId self, const EnsembleConfig& config, LearnerOptions options,
                 ServerId leader, const History& history, Link& link, base::Log& log,
                 base::Instant now, LearnerEffects& effects)
    : impl_(new Impl{.self = self,
                     .config = config,
                     .options = options,
                     .leader = leader,
                     .history = history,
                     .link = link,
                     .log = log,
                     .silence = SilenceWatch(options.silence_ms_max)}) {
  const Zxid last = std::max(history.last_zxid, Zxid(0));  // -1: an empty server
  impl_->last_queued = impl_->last_committed = last;
  impl_->last_durable = impl_->persisted = last;
  const std::int64_t ticks = options.connect_limit > 0 ? options.connect_limit : options.init_limit;
  impl_->connect_deadline = now + milliseconds(ticks * options.tick_ms);
  impl_->silence.on_awake(now);
  impl_->dial(effects);
}

Learner::~Learner() = default;

void Learner::on_connected(base::Instant now, LearnerEffects& effects) {
  if (impl_->phase != Impl::Phase::kConnecting) return;
  impl_->silence.on_awake(now);
  impl_->heard = now;
  impl_->phase = Impl::Phase::kDiscovery;
  base::ByteBuffer info;
  LearnerInfo{.sid = impl_->self, .config_version = impl_->config.version}.encode(info);
  impl_->send(impl_->options.observer ? PacketType::kObserverInfo : PacketType::kFollowerInfo,
              Zxid::of(impl_->history.accepted_epoch, 0), info, effects);
}

void Learner::on_closed(base::Instant now, LearnerEffects& effects) {
  impl_->silence.on_awake(now);
  impl_->gone = true;
  if (impl_->phase != Impl::Phase::kConnecting) {
    return impl_->leave("the leader closed the stream", effects);
  }
  const base::Instant again = now + milliseconds(impl_->retry_ms);
  if (again >= impl_->connect_deadline) {
    return impl_->leave("the leader cannot be reached", effects);
  }
  impl_->redial_at = again;
  impl_->retry_ms =
      std::min(2 * impl_->retry_ms, std::max(impl_->options.connect_retry_ms, kRetryMsFirst));
}

void Learner::on_packet(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects) {
  impl_->silence.on_awake(now);
  impl_->silence.on_packet(now);
  impl_->heard = now;
  impl_->forgiven = false;
  impl_->handle(packet, now, effects);
}

void Learner::on_bytes_of_snapshot(base::Instant now) {
  impl_->silence.on_awake(now);
  impl_->silence.on_packet(now);
  impl_->heard = now;
}

void Learner::on_snapshot_received(base::Instant now, LearnerEffects&) {
  if (impl_->phase != Impl::Phase::kReceivingSnapshot) return;
  on_bytes_of_snapshot(now);
  impl_->phase = Impl::Phase::kCatchingUp;
}

void Learner::on_truncated(bool done, base::Instant now, LearnerEffects& effects) {
  if (impl_->phase != Impl::Phase::kTruncating) return;
  impl_->silence.on_awake(now);
  impl_->heard = now;
  if (!done) {
    return impl_->leave(fmt::format("the history cannot be cut at {}", hex(impl_->last_queued)),
                        effects);
  }
  impl_->phase = Impl::Phase::kCatchingUp;
  impl_->release_held(now, effects);
}

void Learner::on_accepted_epoch_saved(base::Instant now, LearnerEffects& effects) {
  if (impl_->phase != Impl::Phase::kSavingAcceptedEpoch) return;
  impl_->silence.on_awake(now);
  impl_->heard = now;
  impl_->ack_epoch(true, effects);
}

void Learner::on_current_epoch_saved(base::Instant now, LearnerEffects& effects) {
  if (impl_->phase != Impl::Phase::kSavingCurrentEpoch) return;
  impl_->silence.on_awake(now);
  impl_->heard = now;
  impl_->send(PacketType::kAck, Zxid::of(impl_->epoch, 0), effects);
  impl_->phase = Impl::Phase::kJoined;
  impl_->release_kept(effects);
  impl_->ack_persisted(effects);
}

void Learner::on_persisted(Zxid up_to, base::Instant now, LearnerEffects& effects) {
  impl_->silence.on_awake(now);
  impl_->persisted = std::max(impl_->persisted, up_to);
  impl_->save_epoch_when_durable(effects);
  impl_->ack_persisted(effects);
  impl_->forget_lent();
}

void Learner::on_snapshot_installed(base::Instant now, LearnerEffects& effects) {
  if (impl_->phase != Impl::Phase::kSettling || !impl_->image) return;
  impl_->silence.on_awake(now);
  impl_->installed = true;
  impl_->persisted = impl_->last_durable;  // whatever else was on the disk is gone
  impl_->save_epoch_when_durable(effects);
  impl_->forget_lent();
}

void Learner::forward(const ForwardedRequest& request, const std::vector<Id>& authinfo,
                      LearnerEffects& effects) {
  if (!serving()) return;
  base::ByteBuffer data;
  request.encode(data);
  encode_packet(
      {.type = PacketType::kRequest, .zxid = Zxid(-1), .data = data.view(), .authinfo = authinfo},
      impl_->link.output);
  impl_->has_output(effects);
}

void Learner::revalidate(SessionTimeout session, LearnerEffects& effects) {
  if (!serving()) return;
  base::ByteBuffer data;
  encode_session_timeout(session, data);
  impl_->send(PacketType::kRevalidate, Zxid(-1), data, effects);
}

void Learner::touch(SessionTimeout session) {
  impl_->touched[session.session] = session.timeout_ms;
}

void Learner::on_timer(base::Instant now, LearnerEffects& effects) {
  impl_->silence.on_awake(now);
  if (impl_->phase == Impl::Phase::kConnecting) {
    if (now >= impl_->connect_deadline) {
      return impl_->leave("the leader cannot be reached", effects);
    }
    if (impl_->redial_at && now >= *impl_->redial_at) {
      impl_->redial_at.reset();
      impl_->dial(effects);
    }
    return;
  }
  const auto deadline = impl_->read_deadline();
  if (!deadline) return;
  if (impl_->silence.is_silent(now)) {
    return impl_->leave(fmt::format("the leader pinged often and has been silent for {} ms",
                                    impl_->options.silence_ms_max),
                        effects);
  }
  if (now < *deadline) return;
  // We slept through it: what the leader said meanwhile may be waiting to be read.
  if (now - *deadline > kLate && !impl_->forgiven) {
    impl_->forgiven = true;
    impl_->heard = now;
    return;
  }
  impl_->leave(
      fmt::format("nothing from the leader for {} ms", (now - impl_->heard) / milliseconds(1)),
      effects);
}

std::optional<base::Instant> Learner::next_deadline() const {
  if (impl_->phase == Impl::Phase::kConnecting) {
    return std::min(impl_->connect_deadline, impl_->redial_at.value_or(impl_->connect_deadline));
  }
  const auto deadline = impl_->read_deadline();
  if (!deadline) return std::nullopt;
  return std::min(*deadline, impl_->silence.next_deadline().value_or(*deadline));
}

Epoch Learner::epoch() const {
  return impl_->epoch;
}
ServerId Learner::leader() const {
  return impl_->leader;
}
bool Learner::serving() const {
  return impl_->phase == Impl::Phase::kServing;
}

std::string_view Learner::phase() const {
  switch (impl_->phase) {
    case Impl::Phase::kConnecting:
    case Impl::Phase::kDiscovery:
    case Impl::Phase::kSavingAcceptedEpoch:
    case Impl::Phase::kAwaitingPlan:
      return "discovery";
    case Impl::Phase::kServing:
      return "broadcast";
    default:
      return "synchronization";
  }
}

}  // namespace drover::zab
