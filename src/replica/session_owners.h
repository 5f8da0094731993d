#pragma once
// Which connection holds which session: a session has one connection at a time, and a request that
// comes over a former one is not run. On a leader a learner's link stands for all the sessions of
// that learner's clients; it knows itself which connection each has.
//
// A connection that is gone still owns its session until the session ends or is taken up elsewhere:
// were the session free, what was asked long ago over a learner's slow link could be run behind
// what the session asked since.

#include <optional>
#include <unordered_map>

#include "txn/request.h"

namespace drover::replica {

class SessionOwners {
 public:
  // The owner until now, when there was another.
  std::optional<txn::Origin> move(wire::SessionId session, txn::Origin to) {
    std::optional<txn::Origin> former = find(session);
    if (former == to) return std::nullopt;
    owners_[session] = to;
    return former;
  }
  [[nodiscard]] std::optional<txn::Origin> find(wire::SessionId session) const {
    const auto found = owners_.find(session);
    if (found == owners_.end()) return std::nullopt;
    return found->second;
  }
  // The session is gone.
  void remove(wire::SessionId session) { owners_.erase(session); }
  void clear() { owners_.clear(); }

 private:
  std::unordered_map<wire::SessionId, txn::Origin> owners_;
};

}  // namespace drover::replica
