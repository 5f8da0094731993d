#include "sim/observer.h"

#include "sim/machine.h"

namespace drover::sim {

void Observer::on_boot(const Machine& machine, const zab::History& stored, wire::Zxid last) {
  zab.on_boot(machine.sid(), stored, last);
  replicas.on_restart(machine.sid());
  replicas.on_restored(machine.sid(), last, machine.tree().digest());
  durability.on_boot(machine.sid(), stored, last);
}

void Observer::before_crash(const Machine& machine) {
  after_step(machine);
  zab.on_crash(machine.sid());
}

void Observer::on_proposed(const Machine& machine, const wire::TxnBytes& txn) {
  zab.on_logged(machine.sid(), txn);
  if (machine.peer().role() == zab::Role::kLeading) {
    owners.on_proposed(machine.sid(), txn);
    replicas.on_broadcast(machine.sid(), txn.zxid);
  }
  durability.on_logged(machine.sid(), txn.zxid);
}

void Observer::on_sent(const Machine& machine, StreamId stream, const zab::Link& link,
                       std::string_view bytes) {
  if (link.port == zab::Port::kQuorum) wire.on_sent(stream, machine.sid(), link.dialled, bytes);
}

void Observer::on_received(const Machine& machine, StreamId stream, const zab::Link& link,
                           std::string_view bytes) {
  if (link.port != zab::Port::kQuorum || link.dialled) return;
  const bool leads = machine.peer().role() == zab::Role::kLeading;
  owners.on_received(machine.sid(), leads, stream, bytes);
}

void Observer::on_requests(const Machine& machine, const txn::RequestBatch& batch) {
  if (machine.peer().role() == zab::Role::kLeading) owners.on_requests(machine.sid(), batch);
}

void Observer::on_synced(const Machine& machine, wire::Zxid up_to) {
  durability.on_synced(machine.sid(), up_to);
}

void Observer::on_joining(const Machine& machine, zab::Epoch epoch) {
  durability.on_joining(machine.sid(), epoch);
}

void Observer::on_truncating(const Machine& machine, wire::Zxid to) {
  durability.on_truncating(machine.sid(), to);
}

void Observer::on_installing(const Machine& machine) {
  durability.on_installing(machine.sid(), machine.tree().last_zxid());
}

void Observer::on_reloaded(const Machine& machine, std::optional<wire::Zxid> truncated_to) {
  durability.on_reloaded(machine.sid(), truncated_to, machine.tree().last_zxid());
}

void Observer::on_installed(const Machine& machine) {
  durability.on_installed(machine.sid(), machine.tree().last_zxid());
}

void Observer::on_replayed(const Machine& machine, const std::vector<wire::Zxid>& zxids) {
  durability.on_replayed(machine.sid(), zxids);
}

void Observer::on_accepted_epoch(const Machine& machine, zab::Epoch epoch) {
  zab.on_accepted_epoch(machine.sid(), epoch);
  durability.on_accepted_epoch(machine.sid(), epoch);
}

void Observer::on_current_epoch(const Machine& machine, zab::Epoch epoch) {
  zab.on_current_epoch(machine.sid(), epoch);
  durability.on_current_epoch(machine.sid(), epoch);
}

void Observer::after_step(const Machine& machine) {
  if (!machine.is_running()) return;
  const auto view = machine.view();
  if (view.serving) newest_served_ = std::max(newest_served_, machine.tree().last_zxid());
  zab.on_view(machine.sid(), view);
  if (view.role == zab::Role::kLeading && view.serving) {
    replicas.on_established(view.epoch, machine.tree().last_zxid());
    durability.on_established(machine.sid(), view.epoch);
    durability.on_committed(machine.sid(), view.last_committed);
  }
  if (machine.peer().is_searching()) {
    durability.on_searching(machine.sid(), machine.tree().last_zxid());
  }
  if (view.role != zab::Role::kLeading) owners.on_idle(machine.sid());
  replicas.on_digests(machine.sid(), machine.peer().replica().digests(), view.serving);
}

}  // namespace drover::sim
