#pragma once
// Sessions as the leader (or a standalone server) tracks them: SessionTrackerImpl without its
// thread.
//
// Pure: time is an argument. Deadlines fall into buckets of one tick: a session dies in
// (timeout, timeout + tick] after its last touch, and all of a due bucket together.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "wire/zxid.h"

namespace drover::session {

using wire::SessionId;

// Password of a session: 16 bytes derived from its id, the same on every server (java.util.Random
// seeded with id ^ 0xB3415C00). A checksum rather than a secret.
[[nodiscard]] std::array<char, 16> password_of(SessionId id);

// First id that a server incarnation hands out: server id in the top byte, then 40 bits of a ms
// clock.
[[nodiscard]] SessionId first_session_id(std::int64_t now_ms, std::uint8_t server_id);

class SessionTable {
 public:
  explicit SessionTable(std::int64_t tick_ms);

  // Adds or replaces a session, tracked from `now`. What createSession's apply and recovery do.
  void add(SessionId id, std::int32_t timeout_ms, base::Instant now);
  void remove(SessionId id);
  // Moves the deadline on; with `timeout_ms` also the timeout used for tracking (a reattach
  // renegotiates; the persisted timeout stays). False: unknown or closing.
  bool touch(SessionId id, base::Instant now,
             std::optional<std::int32_t> timeout_ms = std::nullopt);
  // From now on touch() answers false; the session stays until remove().
  void set_closing(SessionId id);

  [[nodiscard]] bool contains(SessionId id) const;  // closing ones included
  [[nodiscard]] bool is_open(SessionId id) const;   // known and not closing
  [[nodiscard]] std::size_t size() const;
  // The timeout in force; 0 for a session that is not known.
  [[nodiscard]] std::int32_t timeout_ms(SessionId id) const;

  // When the earliest bucket is due; nullopt when no session is tracked. May be too early, never
  // too late.
  [[nodiscard]] std::optional<base::Instant> next_expiry() const;
  // Takes out the sessions of every due bucket, ascending by id within a bucket; each becomes
  // closing.
  std::vector<SessionId> expire(base::Instant now);
  // Tracks every known session afresh with its full timeout (start of service).
  void restart(base::Instant now);

  // id and persisted timeout of all, ascending by id (for snapshots, which must not depend on hash
  // order).
  [[nodiscard]] std::vector<std::pair<SessionId, std::int32_t>> list() const;
  // The same for who looks at some at a time, in no order: those of a few places of the table,
  // until `more()` is false. Answers where to go on, nullopt at the end. A table that grew
  // meanwhile is gone through again: some sessions may come twice.
  struct Place {
    std::size_t place = 0, places = 0;
  };
  template <typename More>
  std::optional<Place> list_some(Place from, std::vector<std::pair<SessionId, std::int32_t>>& out,
                                 More more) const {
    std::size_t place = from.places == sessions_.bucket_count() ? from.place : 0;
    for (; place < sessions_.bucket_count(); ++place) {
      if (!more()) return Place{place, sessions_.bucket_count()};
      for (auto at = sessions_.begin(place); at != sessions_.end(place); ++at) {
        out.emplace_back(at->first, at->second.persisted_timeout_ms);
      }
    }
    return std::nullopt;
  }
  // Buckets as `dump` prints them: deadline, then sessions ascending.
  [[nodiscard]] std::vector<std::pair<base::Instant, std::vector<SessionId>>> buckets() const;

 private:
  struct Session {
    std::int32_t persisted_timeout_ms = 0;
    std::int32_t timeout_ms = 0;  // in force
    std::int64_t bucket_ms = 0;   // key in buckets_; Invariant: 0 exactly when closing
  };
  [[nodiscard]] std::int64_t bucket_for(base::Instant now, std::int32_t timeout_ms) const;
  void track(SessionId id, Session& session, base::Instant now);
  // Those of `ids` that are still due in this bucket, ascending, each once.
  [[nodiscard]] std::vector<SessionId> in_bucket(std::int64_t bucket_ms,
                                                 std::vector<SessionId> ids) const;

  std::int64_t tick_ms_;
  std::unordered_map<SessionId, Session> sessions_;
  std::map<std::int64_t, std::vector<SessionId>>
      buckets_;  // may hold stale ids: checked against sessions_
};

}  // namespace drover::session
