#include "server/peer_runner.h"

#include <algorithm>

#include "server/clock.h"
#include "server/measures.h"

namespace drover::server {

PeerRunner::PeerRunner(boost::asio::io_context& context, SharedTree& shared, replica::Peer& peer,
                       PeerDisk& disk, PeerRunnerOptions options, base::Log& log, Doors doors)
    : shared_(shared),
      peer_(peer),
      disk_(disk),
      leader_serves_(options.leader_serves),
      doors_(std::move(doors)),
      mail_(context, [this] { run(); }),
      links_(context, std::move(options.links), log, link_events()),
      deadline_(context, [this] { on_timer(); }),
      to_wake_(shared.inboxes.size(), 0) {}

PeerLinks::Events PeerRunner::link_events() {
  return {.on_accepted =
              [this](zab::Port port) {
                mail_.schedule();
                return peer_.on_link_accepted(port, now(), effects_);
              },
          .link = [this](zab::LinkId id) { return peer_.link(id); },
          .on_connected =
              [this](zab::LinkId id) {
                peer_.on_link_connected(id, now(), effects_);
                mail_.schedule();
              },
          .on_bytes =
              [this](zab::LinkId id, std::string_view bytes) {
                peer_.on_link_bytes(id, bytes, now(), wall_now(), effects_);
                mail_.schedule();
              },
          .on_drained =
              [this](zab::LinkId id) {
                peer_.on_link_drained(id, now(), effects_);
                mail_.schedule();  // there may be more to send
              },
          .on_closed = [this](zab::LinkId id) { link_closed(id); }};
}

// The link may be freed by the call, and the same link may be dialled again by it.
void PeerRunner::link_closed(zab::LinkId id) {
  if (zab::Link* link = peer_.link(id)) {
    link->dirty = false;
    std::erase(effects_.dirty, link);
  }
  peer_.on_link_closed(id, now(), effects_);
  mail_.schedule();
}

// ---- what comes in

void PeerRunner::start() {
  links_.start();
  peer_.start(now(), effects_);
  follow_up();
}

void PeerRunner::begin_stop() {
  peer_.begin_stop(now(), effects_);
  follow_up();
}

void PeerRunner::stop() {
  deadline_.cancel();
  links_.close_all();
}

bool PeerRunner::idle() const {
  return mail_.empty() && peer_.replica().outstanding() == 0;
}

bool PeerRunner::snapshot_may_begin() {
  snapshot_due_ = !peer_.may_snapshot();
  return !snapshot_due_;
}

std::int64_t PeerRunner::serving_ms() const {
  return served_ ? (now() - serving_since_) / std::chrono::milliseconds(1) : 0;
}

void PeerRunner::run() {
  if (const auto durable = mail_.open()) {
    peer_.on_persisted(*durable, now(), effects_);
    const bool learns = peer_.role() != zab::Role::kLeading;
    times_.durable(*durable, wall_now().ms, [&](std::int64_t ms, std::int64_t count) {
      if (learns) probe_.ack_creation_ms.add(ms, count);
    });
  }
  {
    const RunMeasure measure(mail_, runner_probe_);
    for (const txn::RequestBatch& batch : mail_.batches()) {
      peer_.on_requests(batch, now(), wall_now(), effects_);
    }
  }
  mail_.recycle();
  follow_up();
}

void PeerRunner::on_timer() {
  peer_.on_timer(now(), wall_now(), effects_);
  follow_up();
}

// ---- what follows

void PeerRunner::follow_up() {
  note_role();
  carry_out();
  if (peer_.has_tree_work()) {
    work_on_tree();
    note_role();
    carry_out();
  }
  if (const auto next = peer_.next_deadline()) deadline_.at(time_point_of(*next));
}

// Before anything is done to the tree that a snapshot under way must not see.
void PeerRunner::note_role() {
  const bool serves = peer_.may_snapshot();
  if (served_ && !serves) doors_.abandon_snapshot();
  if (!served_ && serves) {
    serving_since_ = now();
    note_election();
  }
  if (serves && snapshot_due_) {
    snapshot_due_ = false;
    doors_.request_snapshot();
  }
  const zab::Role role = peer_.role();
  note_times(serves, role);
  served_ = serves;
  has_served_ = has_served_ || serves;
  const bool looks = role == zab::Role::kLooking;
  if (looks && !looked_) {
    ++probe_.looking;
    times_.clear();  // what a role without an end had under way
  }
  if (!looks && looked_) {
    probe_.election_ms.add(peer_.view().election_ms);
    decided_at_ = now();
  }
  looked_ = looks;
  // Followers may come before we know that we lead.
  links_.set_listening(looks || role == zab::Role::kLeading);
}

void PeerRunner::note_times(bool serves, zab::Role role) {
  if (serves == served_) return;
  times_.clear();  // of another role
  if (!serves) {
    unavailable_since_ = now();
    return;
  }
  const auto ms_since = [](base::Instant since) {
    return (now() - since) / std::chrono::milliseconds(1);
  };
  if (has_served_) {
    probe_.unavailable_ms.add(ms_since(unavailable_since_));
    if (role == zab::Role::kLeading) probe_.leader_unavailable_ms.add(ms_since(unavailable_since_));
  }
  if (role == zab::Role::kFollowing) probe_.follower_sync_ms.add(ms_since(decided_at_));
  if (role == zab::Role::kObserving) probe_.observer_sync_ms.add(ms_since(decided_at_));
}

void PeerRunner::note_txns(std::span<const wire::TxnBytes> txns) {
  if (txns.empty()) return;
  const auto count = static_cast<std::int64_t>(txns.size());
  times_.came(txns);
  runner_probe_.txns_came += count;
  if (peer_.role() != zab::Role::kLeading) {
    probe_.learner_proposals += count;
    probe_.proposal_ms.add(wall_now().ms - TxnTimes::made_ms(txns.front()), count);
    return;
  }
  probe_.proposals += count;
  for (const wire::TxnBytes& txn : txns) {
    const auto bytes = static_cast<std::int64_t>(txn.bytes.size());
    probe_.proposal_bytes_last = bytes;
    probe_.proposal_bytes_max = std::max(probe_.proposal_bytes_max, bytes);
    probe_.proposal_bytes_min =
        probe_.proposal_bytes_min < 0 ? bytes : std::min(probe_.proposal_bytes_min, bytes);
  }
}

void PeerRunner::note_election() {
  constexpr std::size_t kElectionsMax = 20;
  const replica::PeerView view = peer_.view();
  if (elections_.size() == kElectionsMax) elections_.pop_front();
  elections_.push_back({.at_ms = wall_now().ms,
                        .epoch = view.epoch,
                        .leader = view.leader.value,
                        .took_ms = view.election_ms});
}

// Carrying out may lead to more: what a stream has taken makes room for the next.
void PeerRunner::carry_out() {
  const auto any = [](const replica::PeerEffects& e) {
    return !e.dials.empty() || !e.dirty.empty() || !e.persist.empty() || e.accepted_epoch ||
           e.current_epoch || e.reload || e.install_snapshot;
  };
  while (any(effects_)) {
    std::swap(working_, effects_);
    for (const zab::Dial& dial : working_.dials) links_.dial(dial);
    for (zab::Link* link : working_.dirty) links_.flush(*link);
    carry_out_disk(working_);
    working_.clear();
  }
}

void PeerRunner::carry_out_disk(replica::PeerEffects& effects) {
  if (!effects.persist.empty()) {
    note_txns(effects.persist);
    doors_.persist(effects.persist);
  }
  if (effects.accepted_epoch) {
    disk_.save_epoch(PeerDisk::EpochFile::kAccepted, *effects.accepted_epoch, [this] {
      peer_.on_accepted_epoch_saved(now(), effects_);
      mail_.schedule();
    });
  }
  if (effects.current_epoch) {
    disk_.save_epoch(PeerDisk::EpochFile::kCurrent, *effects.current_epoch, [this] {
      peer_.on_current_epoch_saved(now(), effects_);
      mail_.schedule();
    });
  }
  if (effects.reload) {
    disk_.reload(effects.reload->truncate_to, [this](bool truncated) {
      peer_.on_reloaded(truncated, now(), effects_);
      mail_.schedule();
    });
  }
  if (effects.install_snapshot) {
    disk_.install_snapshot([this] {
      peer_.on_snapshot_installed(now(), effects_);
      mail_.schedule();
    });
  }
}

// Lanes are not told that they may serve. (What they are told else comes with clients only.)
void PeerRunner::keep_clients_out() {
  for (std::uint32_t lane = 0; lane < shared_.console_lane(); ++lane) {
    std::erase_if(shared_.inboxes[lane].order, [](const txn::Deliveries::Item& item) {
      return item.kind == txn::Deliveries::Item::Kind::kServing;
    });
  }
}

// One round; another follows at once, unless a lane has much to take already: then it follows when
// that lane says that it has emptied its inbox.
void PeerRunner::work_on_tree() {
  bool lane_is_full = false;
  {
    const WriteHold hold(shared_.gate);
    const std::int64_t applied_before = runner_probe_.txns_applied;
    {
      ApplyMeasure measure(shared_.tree, times_, runner_probe_);
      bool watched = false;
      for (const char lane : shared_.watched) watched = watched || lane != 0;
      peer_.do_tree_work(now(), wall_now(), watched, shared_.inboxes, effects_);
    }
    (peer_.role() == zab::Role::kLeading ? probe_.commits : probe_.learner_commits) +=
        runner_probe_.txns_applied - applied_before;
    if (!leader_serves_ && peer_.role() == zab::Role::kLeading) keep_clients_out();
    for (std::size_t lane = 0; lane < to_wake_.size(); ++lane) {
      to_wake_[lane] = shared_.inboxes[lane].empty() ? 0 : 1;
      const bool may_fill = lane != 0 && lane != shared_.console_lane();
      lane_is_full = lane_is_full || (may_fill && to_wake_[lane] != 0);
    }
    mail_.wait_for_lane(peer_.has_tree_work() && lane_is_full);
  }
  doors_.take_own_inbox();
  for (std::uint32_t lane = 1; lane < to_wake_.size(); ++lane) {
    if (to_wake_[lane] != 0) doors_.wake(lane);
  }
  doors_.finish();
  if (peer_.has_tree_work() && !lane_is_full) mail_.schedule();
}

}  // namespace drover::server
