#pragma once
// What ZAB promises about epochs and proposals, whatever happens (names as in docs/zab.md).

#include <map>
#include <string>

#include "replica/peer.h"
#include "sim/verdict.h"
#include "zab/ids.h"

namespace drover::sim {

class ZabChecker {
 public:
  explicit ZabChecker(Verdict& verdict) : verdict_(verdict) {}

  void on_boot(zab::ServerId sid, const zab::History& stored, wire::Zxid last);
  void on_crash(zab::ServerId sid);
  void on_accepted_epoch(zab::ServerId sid, zab::Epoch epoch);
  void on_current_epoch(zab::ServerId sid, zab::Epoch epoch);
  // A txn on its way to a server's log.
  void on_logged(zab::ServerId sid, const wire::TxnBytes& txn);
  [[nodiscard]] const std::map<wire::Zxid, std::string>& txns() const { return txns_; }
  void on_view(zab::ServerId sid, const replica::PeerView& view);

 private:
  struct Server {
    zab::Epoch accepted = 0;
    zab::Epoch current = 0;
  };
  Verdict& verdict_;
  std::map<zab::ServerId, Server> servers_;
  std::map<zab::Epoch, zab::ServerId> leaders_;  // established
  std::map<zab::ServerId, zab::Epoch> leading_;  // now, and past discovery
  std::map<wire::Zxid, std::string> txns_;       // as first logged anywhere
};

}  // namespace drover::sim
