#include "replica/peer.h"

#include <algorithm>

#include "base/assert.h"
#include "replica/config_znode.h"
#include "replica/peer_impl.h"

namespace drover::replica {

namespace {

// Observers do not all come back at once (observer.election.DelayMs).
constexpr std::uint64_t kObserverWaitMsMax = 200;
// Notifications heard between two roles: the newest few are enough, they are repeated anyway.
constexpr std::size_t kDeferredMax = 256;

base::Instant later(base::Instant now, std::int64_t ms) {
  return now + std::chrono::milliseconds(ms);
}

zab::LearnerOptions learner_options(const PeerOptions& options) {
  zab::LearnerOptions learner = options.learner;
  learner.observer = !options.config.is_voter(options.self);
  return learner;
}

ReplicaOptions replica_options(const PeerOptions& options) {
  ReplicaOptions replica = options.replica;
  replica.standalone = false;
  replica.server_id = static_cast<std::uint8_t>(options.self.value);
  return replica;
}

}  // namespace

void PeerEffects::clear() {
  dials.clear();
  dirty.clear();
  persist.clear();
  accepted_epoch.reset();
  current_epoch.reset();
  reload.reset();
  install_snapshot = false;
}

Peer::Impl::Impl(PeerOptions peer_options, tree::Tree& shared_tree,
                 session::SessionTable& session_table, const txn::AuthOptions& auth,
                 zab::History history, std::uint64_t seed, base::Log& line_log, base::Instant now,
                 base::WallTime now_wall)
    : options(std::move(peer_options)),
      tree(shared_tree),
      sessions(session_table),
      log(line_log),
      prng(seed),
      replica(replica_options(options), tree, sessions, auth, log, now, now_wall),
      proposals(options.proposals),
      election(options.self, options.config, options.election, log),
      election_links(options.self, options.config, options.election_links, next_link, log),
      stored(history),
      wall(now_wall) {
  show_config(tree, options.config);
  proposals.reset(tree.last_zxid());
}

Peer::Peer(PeerOptions options, tree::Tree& tree, session::SessionTable& sessions,
           const txn::AuthOptions& auth, zab::History stored, std::uint64_t seed, base::Log& log,
           base::Instant now, base::WallTime wall)
    : impl_(std::make_unique<Impl>(std::move(options), tree, sessions, auth, stored, seed, log, now,
                                   wall)) {}
Peer::~Peer() = default;

void Peer::start(base::Instant now, PeerEffects& effects) {
  impl_->looking_since = now;
  impl_->look(now, effects);
}

zab::History Peer::Impl::history() const {
  return {.accepted_epoch = stored.accepted_epoch,
          .current_epoch = stored.current_epoch,
          .last_zxid = stored.last_zxid.value == -1 && tree.last_zxid().value == 0
                           ? wire::Zxid(-1)
                           : tree.last_zxid()};
}

void Peer::Impl::serve(bool yes) {
  if (serving == yes) return;
  serving = yes;
  if (yes) ++term;
  notices.push_back(yes ? term : 0);
}

// ---- from one role to the next

void Peer::Impl::end_role(std::string_view why, PeerEffects& effects, base::Instant now) {
  log.warn("sid={} no longer {}: {}", options.self.value, zab::name_of(election.role()), why);
  leader.reset();
  learner.reset();
  close_quorum_links(effects);
  give_up_streams();
  receiving.reset();
  install_wanted = false;
  replica.stop();
  serve(false);
  phase = Phase::kDraining;
  looking_since = now;
  drain(now, effects);
}

// A search begins when the tree shows exactly what the disk holds (ZOOKEEPER-2845, 4712).
void Peer::Impl::drain(base::Instant now, PeerEffects& effects) {
  if (phase != Phase::kDraining) return;
  if (!replica.all_persisted() || accepted_being_saved || current_being_saved || reloading ||
      installing) {
    return;
  }
  replica.settle();
  if (!notices.empty() || replica.has_committed()) return;  // do_tree_work comes first
  if (tree_is_foreign) {
    phase = Phase::kReloading;
    reloading = true;
    effects.reload = PeerEffects::Reload{};
    return;
  }
  proposals.settle();
  if (!options.config.is_voter(options.self)) {
    phase = Phase::kWaiting;
    look_at = later(now, static_cast<std::int64_t>(prng.below(kObserverWaitMsMax)));
    return;
  }
  look(now, effects);
}

void Peer::Impl::look(base::Instant now, PeerEffects& effects) {
  phase = Phase::kLooking;
  const zab::History mine = history();
  log.info("sid={} looking: zxid=0x{:x} currentEpoch=0x{:x}", options.self.value,
           static_cast<std::uint64_t>(mine.last_zxid.value), mine.current_epoch);
  election.look(mine, now, election_effects);
  for (auto& heard : deferred) link_effects.received.push_back(std::move(heard));
  deferred.clear();
  take_election_effects(now, effects);
}

void Peer::Impl::decided(const zab::ElectionEffects::Decision& decision, base::Instant now,
                         PeerEffects& effects) {
  election_ms = (now - looking_since) / std::chrono::milliseconds(1);
  log.info("sid={} {} after {} ms of election: leader={} zxid=0x{:x}", options.self.value,
           zab::name_of(decision.role), election_ms, decision.vote.leader.value,
           static_cast<std::uint64_t>(decision.vote.zxid.value));
  if (decision.role == zab::Role::kLeading) {
    begin_to_lead(now, effects);
  } else {
    begin_to_learn(decision.vote.leader, now, effects);
  }
}

void Peer::Impl::begin_to_lead(base::Instant now, PeerEffects& effects) {
  phase = Phase::kLeading;
  zab::LeaderOptions how = options.leader;
  how.epoch_heard = epoch_heard;
  leader = std::make_unique<zab::Leader>(options.self, options.config, how, history(), proposals,
                                         log, now, leader_effects);
  open_lobby(now, effects);
  take_leader_effects(now, effects);
}

void Peer::Impl::begin_to_learn(zab::ServerId leader_sid, base::Instant now, PeerEffects& effects) {
  phase = Phase::kLearning;
  close_quorum_links(effects);
  replica.learn();
  zab::LearnerOptions how = learner_options(options);
  how.wants_snapshot = wants_snapshot;
  QuorumLink& link = new_quorum_link(true, now);
  leader_link = link.link.id;
  learner = std::make_unique<zab::Learner>(options.self, options.config, how, leader_sid, history(),
                                           link.link, log, now, learner_effects);
  take_learner_effects(now, effects);
}

// ---- effects of the parts

void Peer::Impl::take_leader_effects(base::Instant now, PeerEffects& effects) {
  zab::LeaderEffects& from = leader_effects;
  if (!from.requests.empty()) answer_learners(now, effects);
  take_replica_effects(now, effects);
  for (zab::Link* link : from.dirty) effects.dirty.push_back(link);
  if (from.save_accepted_epoch) {
    effects.accepted_epoch = accepted_being_saved = from.save_accepted_epoch;
  }
  if (from.save_current_epoch) {
    effects.current_epoch = current_being_saved = from.save_current_epoch;
  }
  for (const auto& snapshot : from.snapshots) {
    outgoing.push_back({.link = snapshot.link->id, .walk = nullptr});
  }
  for (const zab::LinkId gone : from.gone) give_up_stream(gone);
  if (from.established) {
    log.info("sid={} leading epoch=0x{:x}", options.self.value, *from.established);
    replica.lead(*from.established, now);
    election.settle(*from.established);
    if (!stopping) serve(true);
  }
  if (from.committed) replica.commit(*from.committed);
  if (from.epoch_heard) epoch_heard = std::max(epoch_heard, *from.epoch_heard);
  const std::optional<std::string> step_down = std::move(from.step_down);
  from.clear();
  if (step_down) {
    end_role(*step_down, effects, now);
  } else if (replica.is_used_up() && leader != nullptr && leader->established() &&
             replica.outstanding() == 0) {
    end_role("this epoch has no zxids left", effects, now);
  }
}

void Peer::Impl::take_learner_effects(base::Instant now, PeerEffects& effects) {
  zab::LearnerEffects& from = learner_effects;
  for (zab::Link* link : from.dirty) effects.dirty.push_back(link);
  if (from.dial) effects.dials.push_back(*from.dial);
  if (from.save_accepted_epoch) {
    effects.accepted_epoch = accepted_being_saved = from.save_accepted_epoch;
  }
  if (from.save_current_epoch) {
    effects.current_epoch = current_being_saved = from.save_current_epoch;
  }
  if (from.truncate) {
    reloading = true;
    effects.reload = PeerEffects::Reload{.truncate_to = from.truncate};
  }
  if (from.receive_snapshot) {
    receiving = from.receive_snapshot;
    snapshot_bytes_came = true;
  }
  if (!from.txns.empty()) {
    for (const auto& txn : from.txns) proposals.append(txn.txn);
    replica.on_proposals(from.txns, replica_effects);
    take_replica_effects(now, effects);
  }
  if (from.committed) {
    proposals.commit(*from.committed);
    replica.commit(*from.committed);
  }
  if (from.install_snapshot) install_wanted = true;
  for (const zab::Revalidated& answer : from.revalidated) {
    replica.on_revalidated(answer.session, answer.valid, now);
  }
  for (const wire::Zxid after : from.synced) replica.on_synced(after);
  if (from.serving) {
    wants_snapshot = false;
    log.info("sid={} {} leader={} epoch=0x{:x}", options.self.value, zab::name_of(election.role()),
             learner->leader().value, *from.serving);
    election.settle(*from.serving);
    if (!stopping) serve(true);
  }
  const std::optional<std::string> leave = std::move(from.leave);
  from.clear();
  if (leave) end_role(*leave, effects, now);
}

void Peer::Impl::take_replica_effects(base::Instant now, PeerEffects& effects) {
  Effects& from = replica_effects;
  if (leader != nullptr) {
    for (const wire::TxnBytes& txn : from.persist) leader->propose(txn, now, leader_effects);
  }
  effects.persist.insert(effects.persist.end(), from.persist.begin(), from.persist.end());
  if (learner != nullptr) {
    base::ByteBuffer timeout;
    for (const Effects::Forward& request : from.forwards) {
      std::string_view body = request.body;
      if (request.op == wire::OpCode::kCreateSession) {
        timeout.clear();
        wire::JuteWriter(timeout).write_int(request.timeout_ms);
        body = timeout.view();
      }
      static const std::vector<Id> kNobody;
      learner->forward(
          {.session = request.session, .cxid = request.cxid, .op = request.op, .body = body},
          request.identities ? *request.identities : kNobody, learner_effects);
    }
    for (const auto& [id, timeout_ms] : from.revalidations) {
      learner->revalidate({.session = id, .timeout_ms = timeout_ms}, learner_effects);
    }
    for (const auto& [id, timeout_ms] : from.touches) {
      learner->touch({.session = id, .timeout_ms = timeout_ms});
    }
  }
  from.clear();
}

void Peer::Impl::take_election_effects(base::Instant now, PeerEffects& effects) {
  std::optional<zab::ElectionEffects::Decision> decision;
  std::vector<zab::ElectionLinksEffects::Received> received;
  std::vector<zab::ElectionLinksEffects::Reachable> reachable;
  while (true) {
    for (const auto& send : election_effects.sends) {
      election_links.send(send.to, send.notification, now, link_effects);
    }
    if (election_effects.decision) decision = election_effects.decision;
    election_effects.clear();
    received.clear();
    received.swap(link_effects.received);
    reachable.clear();
    reachable.swap(link_effects.reachable);
    if (received.empty() && reachable.empty()) break;
    for (const auto& [sid, is_reachable] : reachable) {
      election.on_reachable(sid, is_reachable, now, election_effects);
    }
    for (auto& heard : received) {
      if (between_roles()) {
        if (deferred.size() < kDeferredMax) deferred.push_back(std::move(heard));
        continue;
      }
      const auto notification = zab::Notification::decode(heard.frame);
      if (!notification) {
        log.warn("sid={} election: what sid={} sent is no notification ({} bytes), left out",
                 options.self.value, heard.from.value, heard.frame.size());
        continue;
      }
      election.on_notification(heard.from, *notification, now, election_effects);
      if (leader != nullptr && notification->state == zab::Role::kLooking) {
        leader->on_supporter_looking(heard.from, now, leader_effects);
      }
    }
  }
  effects.dials.insert(effects.dials.end(), link_effects.dials.begin(), link_effects.dials.end());
  for (zab::Link* link : link_effects.dirty) effects.dirty.push_back(link);
  link_effects.clear();
  if (decision && phase == Phase::kLooking) decided(*decision, now, effects);
  if (leader != nullptr) take_leader_effects(now, effects);
}

// ---- the disk

void Peer::on_persisted(wire::Zxid up_to, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  impl.replica.on_persisted(up_to, impl.replica_effects);
  if (impl.leader) {
    impl.leader->on_persisted(up_to, now, impl.leader_effects);
    impl.take_leader_effects(now, effects);
  } else if (impl.learner) {
    impl.learner->on_persisted(up_to, now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
  }
  impl.drain(now, effects);
}

void Peer::on_accepted_epoch_saved(base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.accepted_being_saved.has_value(), "an epoch was saved that nobody sent");
  impl.stored.accepted_epoch = *impl.accepted_being_saved;
  impl.accepted_being_saved.reset();
  if (impl.leader) {
    impl.leader->on_accepted_epoch_saved(now, impl.leader_effects);
    impl.take_leader_effects(now, effects);
  } else if (impl.learner) {
    impl.learner->on_accepted_epoch_saved(now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
  }
  impl.drain(now, effects);
}

void Peer::on_current_epoch_saved(base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.current_being_saved.has_value(), "an epoch was saved that nobody sent");
  impl.stored.current_epoch = *impl.current_being_saved;
  impl.current_being_saved.reset();
  if (impl.leader) {
    impl.leader->on_current_epoch_saved(now, impl.leader_effects);
    impl.take_leader_effects(now, effects);
  } else if (impl.learner) {
    impl.learner->on_current_epoch_saved(now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
  }
  impl.drain(now, effects);
}

void Peer::on_reloaded(bool truncated, base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.reloading, "reloaded without having been asked to");
  impl.reloading = false;
  impl.tree_is_foreign = false;
  impl.config_to_show = true;
  impl.replica.reloaded();
  impl.proposals.reset(impl.tree.last_zxid());
  if (impl.phase == Impl::Phase::kReloading) impl.phase = Impl::Phase::kDraining;
  if (impl.learner) {
    if (!truncated) impl.wants_snapshot = true;
    impl.learner->on_truncated(truncated, now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
    if (impl.learner) {
      if (auto* link = impl.quorum_link(impl.leader_link)) impl.read_packets(*link, now, effects);
    }
  }
  impl.drain(now, effects);
}

void Peer::on_snapshot_installed(base::Instant now, PeerEffects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.installing, "a snapshot was installed that nobody asked for");
  impl.installing = false;
  impl.tree_is_foreign = false;
  impl.wants_snapshot = false;
  if (impl.learner) {
    impl.learner->on_snapshot_installed(now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
  }
  impl.drain(now, effects);
}

// ---- lanes and time

void Peer::on_requests(const txn::RequestBatch& batch, base::Instant now, base::WallTime wall,
                       PeerEffects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  // A lane that has not yet heard that its connections are over may send on what they asked. A
  // leader that is not there could not answer, and what waits for an answer here would stand in the
  // way of all that its session asks later. The next leader would not know that the session has
  // asked more since, elsewhere.
  if (!impl.serving || batch.term != impl.term) return;
  impl.replica.on_requests(batch, now, wall, impl.replica_effects);
  impl.take_replica_effects(now, effects);
  if (impl.leader) {
    impl.take_leader_effects(now, effects);
  } else if (impl.learner) {
    impl.take_learner_effects(now, effects);
  }
}

void Peer::on_timer(base::Instant now, base::WallTime wall, PeerEffects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  impl.election_links.on_timer(now, impl.link_effects);
  if (impl.phase == Impl::Phase::kLooking) impl.election.on_timer(now, impl.election_effects);
  impl.take_election_effects(now, effects);
  if (impl.leader) {
    if (impl.leader->established()) impl.replica.on_timer(now, wall, impl.replica_effects);
    impl.take_replica_effects(now, effects);
    impl.leader->on_timer(now, impl.leader_effects);
    impl.take_leader_effects(now, effects);
  } else if (impl.learner) {
    impl.learner->on_timer(now, impl.learner_effects);
    impl.take_learner_effects(now, effects);
  }
  impl.clear_lobby(now, effects);
  if (impl.phase == Impl::Phase::kWaiting && impl.look_at <= now) impl.look(now, effects);
}

std::optional<base::Instant> Peer::next_deadline() const {
  const Impl& impl = *impl_;
  std::optional<base::Instant> next;
  const auto consider = [&next](std::optional<base::Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  consider(impl.election_links.next_deadline());
  if (impl.phase == Impl::Phase::kLooking) consider(impl.election.next_deadline());
  if (impl.phase == Impl::Phase::kWaiting) consider(impl.look_at);
  if (impl.leader) {
    consider(impl.leader->next_deadline());
    if (impl.leader->established()) consider(impl.replica.next_deadline());
  }
  if (impl.learner) consider(impl.learner->next_deadline());
  const std::int64_t lobby_ms = impl.options.leader.init_limit * impl.options.leader.tick_ms;
  for (const auto& [id, link] : impl.quorum_links) {
    if (link->in_lobby && !link->link.close) consider(later(link->since, lobby_ms));
  }
  return next;
}

// ---- a clean stop, and what operators see

void Peer::begin_stop(base::Instant, PeerEffects&) {
  impl_->stopping = true;
  impl_->serve(false);
}

bool Peer::may_stop() const {
  const Impl& impl = *impl_;
  if (!impl.notices.empty() || !impl.replica.all_persisted()) return false;
  if (impl.leader == nullptr || !impl.leader->established()) return true;
  return impl.replica.outstanding() == 0 && impl.leader->all_acked();
}

bool Peer::may_snapshot() const {
  return impl_->serving;
}

bool Peer::is_searching() const {
  return impl_->phase == Impl::Phase::kLooking;
}

const Replica& Peer::replica() const {
  return impl_->replica;
}

zab::Role Peer::role() const {
  if (impl_->leader) return zab::Role::kLeading;
  return impl_->learner ? impl_->election.role() : zab::Role::kLooking;
}

std::optional<zab::LeaderProbe> Peer::leader_probe() const {
  if (!impl_->leader) return std::nullopt;
  return impl_->leader->probe();
}

void Peer::reset_leader_probe() {
  if (impl_->leader) impl_->leader->reset_probe();
}

void Peer::reset_observer_counters() {
  if (impl_->leader) impl_->leader->reset_observer_counters();
}

PeerView Peer::view() const {
  const Impl& impl = *impl_;
  PeerView view;
  view.role = role();
  view.phase = "election";
  view.serving = impl.serving;
  view.election_ms = impl.election_ms;
  view.last_proposed = view.last_committed = impl.tree.last_zxid();
  if (impl.leader) {
    view.phase = impl.leader->phase();
    view.leader = impl.options.self;
    view.epoch = impl.leader->epoch();
    view.last_proposed = impl.leader->last_proposed();
    view.last_committed = impl.leader->last_committed();
    view.learners = impl.leader->learners();
    view.pending_syncs = impl.leader->pending_syncs();
  } else if (impl.learner) {
    view.phase = impl.learner->phase();
    view.leader = impl.learner->leader();
    view.epoch = impl.learner->epoch();
    view.last_proposed = impl.replica.last_proposed();
  }
  return view;
}

}  // namespace drover::replica
