#pragma once
// The words of the ensemble: who a server is, what it does, which leadership it has promised to.

#include <cstdint>
#include <string_view>

#include "base/strong_id.h"
#include "wire/zxid.h"

namespace drover::zab {

using wire::Zxid;

// The number of `server.N` and of the myid file.
using ServerId = base::StrongId<struct ServerIdTag, std::int64_t>;

// A leadership; the high half of its zxids. 32 bits on the wire.
using Epoch = std::int64_t;

// The election's logical clock.
using Round = std::int64_t;

// What a server does, with its number in notifications (QuorumPeer.ServerState).
enum class Role : std::int32_t { kLooking = 0, kFollowing = 1, kLeading = 2, kObserving = 3 };

[[nodiscard]] constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::kLooking:
      return "looking";
    case Role::kFollowing:
      return "following";
    case Role::kLeading:
      return "leading";
    case Role::kObserving:
      return "observing";
  }
  return "?";
}

// What a server brings to an election and to its leader. All of it durable.
struct History {
  Epoch accepted_epoch = 0;  // promised
  Epoch current_epoch = 0;   // joined. Invariant: current_epoch <= accepted_epoch
  Zxid last_zxid;  // of the newest txn that is durable; -1: an empty server that must not vote
};

}  // namespace drover::zab
