#include "sim/zab_checker.h"

#include <fmt/format.h>

namespace drover::sim {

void ZabChecker::on_boot(zab::ServerId sid, const zab::History& stored, wire::Zxid) {
  Server& server = servers_[sid];
  if (stored.accepted_epoch < server.accepted || stored.current_epoch < server.current) {
    verdict_.fail(
        "EpochMonotone",
        fmt::format("sid={} came back with epochs {}/{} after {}/{}", sid.value,
                    stored.accepted_epoch, stored.current_epoch, server.accepted, server.current));
  }
  server = {stored.accepted_epoch, stored.current_epoch};
}

void ZabChecker::on_crash(zab::ServerId sid) {
  leading_.erase(sid);
}

void ZabChecker::on_accepted_epoch(zab::ServerId sid, zab::Epoch epoch) {
  Server& server = servers_[sid];
  if (epoch < server.accepted) {
    verdict_.fail("EpochMonotone", fmt::format("sid={} accepts epoch {} after {}", sid.value, epoch,
                                               server.accepted));
  }
  server.accepted = epoch;
}

void ZabChecker::on_current_epoch(zab::ServerId sid, zab::Epoch epoch) {
  Server& server = servers_[sid];
  if (epoch < server.current || epoch > server.accepted) {
    verdict_.fail("EpochMonotone", fmt::format("sid={} joins epoch {} after {}, accepted {}",
                                               sid.value, epoch, server.current, server.accepted));
  }
  server.current = epoch;
}

// Integrity: a zxid is one txn, whoever logs it.
void ZabChecker::on_logged(zab::ServerId sid, const wire::TxnBytes& txn) {
  const auto [found, is_new] = txns_.try_emplace(txn.zxid, txn.bytes);
  if (!is_new && found->second != txn.bytes) {
    verdict_.fail("Integrity",
                  fmt::format("sid={} logs another txn as zxid=0x{:x}", sid.value, txn.zxid.value));
  }
}

void ZabChecker::on_view(zab::ServerId sid, const replica::PeerView& view) {
  if (view.role == zab::Role::kLeading && view.phase != "discovery") {
    leading_[sid] = view.epoch;
    for (const auto& [other, epoch] : leading_) {
      if (other == sid || epoch != view.epoch) continue;
      verdict_.fail("Leadership1", fmt::format("sid={} and sid={} lead epoch {} at one time",
                                               other.value, sid.value, epoch));
    }
  } else {
    leading_.erase(sid);
  }
  if (view.role != zab::Role::kLeading || !view.serving) return;
  const auto [found, is_new] = leaders_.try_emplace(view.epoch, sid);
  if (!is_new && found->second != sid) {
    verdict_.fail("Leadership2", fmt::format("epoch {} has two leaders, sid={} and sid={}",
                                             view.epoch, found->second.value, sid.value));
  }
}

}  // namespace drover::sim
