#pragma once
// SingleOwner: at the leader a session has one owner, the connection or the learner's link that
// took it up last, and no write of anybody else succeeds. Learned from what the leader hears and
// says, in its order.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "sim/network.h"
#include "sim/verdict.h"
#include "txn/request.h"
#include "zab/ids.h"
#include "zab/quorum_packet.h"

namespace drover::sim {

class OwnerChecker {
 public:
  explicit OwnerChecker(Verdict& verdict) : verdict_(verdict) {}

  // What comes in over a quorum stream that was accepted, led or not, from its first byte on.
  void on_received(zab::ServerId sid, bool leads, StreamId stream, std::string_view bytes);
  // Of a server that leads: what its own lanes ask, what it answers a learner, what it proposes.
  void on_requests(zab::ServerId leader, const txn::RequestBatch& batch);
  void on_revalidated(zab::ServerId leader, StreamId stream, wire::SessionId session);
  void on_proposed(zab::ServerId leader, const wire::TxnBytes& txn);
  // Whoever does not lead knows no owners.
  void on_idle(zab::ServerId sid) { leaders_.erase(sid); }

 private:
  using Who =
      std::pair<bool, std::uint64_t>;  // true: a quorum stream, by number; else a connection
  struct Owner {
    std::optional<Who> who;  // nullopt: `claims` asked for it, and was perhaps refused
    std::optional<Who> claims;
  };
  struct Leader {
    std::map<wire::SessionId, Owner> owners;
    std::set<std::pair<wire::SessionId, std::int32_t>> foreign;  // writes of others than the owner
  };
  void on_write(Leader& leader, const Who& from, wire::SessionId session, std::int32_t cxid);

  Verdict& verdict_;
  std::map<zab::ServerId, Leader> leaders_;
  std::map<StreamId, std::string> input_;  // not yet understood
};

}  // namespace drover::sim
