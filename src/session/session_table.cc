#include "session/session_table.h"

#include <algorithm>

namespace drover::session {

std::array<char, 16> password_of(SessionId id) {
  // java.util.Random: a 48-bit linear congruential generator; nextBytes takes 32 bits a step, low
  // byte first.
  constexpr std::uint64_t kMultiplier = 0x5deece66dULL;
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 48) - 1;
  constexpr std::uint64_t kSalt = 0xb3415c00ULL;
  std::uint64_t state = (static_cast<std::uint64_t>(id.value) ^ kSalt ^ kMultiplier) & kMask;
  std::array<char, 16> password{};
  for (std::size_t i = 0; i < password.size(); i += 4) {
    state = (state * kMultiplier + 0xb) & kMask;
    const auto word = static_cast<std::uint32_t>(state >> 16);
    for (std::size_t byte = 0; byte < 4; ++byte) {
      password[i + byte] = static_cast<char>((word >> (8 * byte)) & 0xff);
    }
  }
  return password;
}

SessionId first_session_id(std::int64_t now_ms, std::uint8_t server_id) {
  const std::uint64_t clock = (static_cast<std::uint64_t>(now_ms) << 24) >> 8;
  const std::uint64_t id = clock | (std::uint64_t{server_id} << 56);
  // INT64_MIN as an owner means "container" (ZOOKEEPER-1901).
  constexpr std::uint64_t kReserved = std::uint64_t{1} << 63;
  return SessionId(static_cast<std::int64_t>(id == kReserved ? id + 1 : id));
}

SessionTable::SessionTable(std::int64_t tick_ms) : tick_ms_(std::max<std::int64_t>(tick_ms, 1)) {}

std::int64_t SessionTable::bucket_for(base::Instant now, std::int32_t timeout_ms) const {
  return ((now.ms() + std::max(timeout_ms, 0)) / tick_ms_ + 1) * tick_ms_;
}

void SessionTable::track(SessionId id, Session& session, base::Instant now) {
  const std::int64_t bucket = bucket_for(now, session.timeout_ms);
  if (session.bucket_ms == bucket) return;
  session.bucket_ms = bucket;
  buckets_[bucket].push_back(id);
}

void SessionTable::add(SessionId id, std::int32_t timeout_ms, base::Instant now) {
  Session& session = sessions_[id];
  session.persisted_timeout_ms = timeout_ms;
  session.timeout_ms = timeout_ms;
  track(id, session, now);
}

void SessionTable::remove(SessionId id) {
  sessions_.erase(id);
}

bool SessionTable::touch(SessionId id, base::Instant now, std::optional<std::int32_t> timeout_ms) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || it->second.bucket_ms == 0) return false;
  Session& session = it->second;
  if (timeout_ms) session.timeout_ms = *timeout_ms;
  // Touches of two lanes may arrive out of order; only a renegotiated timeout moves a deadline
  // back.
  if (timeout_ms || bucket_for(now, session.timeout_ms) > session.bucket_ms)
    track(id, session, now);
  return true;
}

void SessionTable::set_closing(SessionId id) {
  const auto it = sessions_.find(id);
  if (it != sessions_.end()) it->second.bucket_ms = 0;
}

bool SessionTable::contains(SessionId id) const {
  return sessions_.contains(id);
}

bool SessionTable::is_open(SessionId id) const {
  const auto it = sessions_.find(id);
  return it != sessions_.end() && it->second.bucket_ms != 0;
}

std::size_t SessionTable::size() const {
  return sessions_.size();
}

std::optional<base::Instant> SessionTable::next_expiry() const {
  if (buckets_.empty()) return std::nullopt;
  return base::Instant::from_ms(buckets_.begin()->first);
}

std::vector<SessionId> SessionTable::in_bucket(std::int64_t bucket_ms,
                                               std::vector<SessionId> ids) const {
  std::erase_if(ids, [&](SessionId id) {
    const auto it = sessions_.find(id);
    return it == sessions_.end() || it->second.bucket_ms != bucket_ms;
  });
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::int32_t SessionTable::timeout_ms(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? 0 : found->second.timeout_ms;
}

std::vector<SessionId> SessionTable::expire(base::Instant now) {
  std::vector<SessionId> expired;
  while (!buckets_.empty() && buckets_.begin()->first <= now.ms()) {
    const auto bucket = buckets_.extract(buckets_.begin());
    const std::vector<SessionId> ids = in_bucket(bucket.key(), std::move(bucket.mapped()));
    for (const SessionId id : ids) set_closing(id);
    expired.insert(expired.end(), ids.begin(), ids.end());
  }
  return expired;
}

void SessionTable::restart(base::Instant now) {
  buckets_.clear();
  for (const auto& [id, timeout_ms] : list()) {
    Session& session = sessions_[id];
    session.timeout_ms = timeout_ms;
    session.bucket_ms = 0;
    track(id, session, now);
  }
}

std::vector<std::pair<SessionId, std::int32_t>> SessionTable::list() const {
  std::vector<std::pair<SessionId, std::int32_t>> result;
  result.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) {  // sorted below; tidy: order does not matter
    result.emplace_back(id, session.persisted_timeout_ms);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::pair<base::Instant, std::vector<SessionId>>> SessionTable::buckets() const {
  std::vector<std::pair<base::Instant, std::vector<SessionId>>> result;
  for (const auto& [bucket_ms, stale_ids] : buckets_) {
    std::vector<SessionId> ids = in_bucket(bucket_ms, stale_ids);
    if (!ids.empty()) result.emplace_back(base::Instant::from_ms(bucket_ms), std::move(ids));
  }
  return result;
}

}  // namespace drover::session
