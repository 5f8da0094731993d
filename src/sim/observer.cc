#include "sim/observer.h"

#include "sim/machine.h"

namespace drover::sim {

void Observer::on_boot(const Machine& machine, const zab::History& stored, wire::Zxid last) {
  zab.on_boot(machine.sid(), stored, last);
  replicas.on_restart(machine.sid());
}

void Observer::before_crash(const Machine& machine) {
  after_step(machine);
  zab.on_crash(machine.sid());
}

void Observer::on_proposed(const Machine& machine, const wire::TxnBytes& txn) {
  zab.on_logged(machine.sid(), txn);
}

void Observer::on_accepted_epoch(const Machine& machine, zab::Epoch epoch) {
  zab.on_accepted_epoch(machine.sid(), epoch);
}

void Observer::on_current_epoch(const Machine& machine, zab::Epoch epoch) {
  zab.on_current_epoch(machine.sid(), epoch);
}

void Observer::after_step(const Machine& machine) {
  if (!machine.is_running()) return;
  const auto view = machine.view();
  zab.on_view(machine.sid(), view);
  if (view.role == zab::Role::kLeading && view.serving) {
    replicas.on_established(view.epoch, machine.tree().last_zxid());
  }
  replicas.on_digests(machine.sid(), machine.peer().replica().digests());
}

}  // namespace drover::sim
