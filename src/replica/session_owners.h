#pragma once
// Which connection holds which session: a session has one connection at a time, and a request that
// comes over a former one is not run. On a leader a learner's link stands for all the sessions of
// that learner's clients; it knows itself which connection each has.

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
    if (former) sessions_.erase(*former);
    owners_[session] = to;
    if (!to.is_learner()) sessions_[to] = session;
    return former;
  }
  [[nodiscard]] std::optional<txn::Origin> find(wire::SessionId session) const {
    const auto found = owners_.find(session);
    if (found == owners_.end()) return std::nullopt;
    return found->second;
  }
  // The session is gone.
  void remove(wire::SessionId session) {
    const auto found = owners_.find(session);
    if (found == owners_.end()) return;
    sessions_.erase(found->second);
    owners_.erase(found);
  }
  // The connection is gone.
  void remove(txn::Origin connection) {
    const auto found = sessions_.find(connection);
    if (found == sessions_.end()) return;
    owners_.erase(found->second);
    sessions_.erase(found);
  }
  void clear() {
    owners_.clear();
    sessions_.clear();
  }

 private:
  struct Hash {
    std::size_t operator()(const txn::Origin& origin) const {
      return std::hash<std::uint64_t>{}(origin.connection * 0x9e3779b97f4a7c15ULL + origin.lane);
    }
  };
  // Invariant: sessions_ is the inverse of owners_, without the learners.
  std::unordered_map<wire::SessionId, txn::Origin> owners_;
  std::unordered_map<txn::Origin, wire::SessionId, Hash> sessions_;
};

}  // namespace drover::replica
