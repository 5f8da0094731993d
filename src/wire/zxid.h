#pragma once
// The words that every floor above speaks: zxid, session, xid.

#include <compare>
#include <cstdint>

#include "base/strong_id.h"

namespace drover::wire {

// Total order of txns: epoch in the high 32 bits, counter in the low 32. Printed as 0x<hex>.
struct Zxid {
  std::int64_t value = 0;

  constexpr Zxid() = default;
  constexpr explicit Zxid(std::int64_t v) : value(v) {}
  [[nodiscard]] static constexpr Zxid of(std::int64_t epoch, std::int64_t counter) {
    return Zxid((epoch << 32) | counter);
  }
  [[nodiscard]] constexpr std::int64_t epoch() const { return value >> 32; }
  [[nodiscard]] constexpr std::int64_t counter() const { return value & 0xffffffffLL; }
  [[nodiscard]] constexpr Zxid next() const { return Zxid(value + 1); }
  friend constexpr auto operator<=>(Zxid, Zxid) = default;
};

using SessionId = base::StrongId<struct SessionIdTag, std::int64_t>;

// Chosen by the client per request; echoed, never interpreted but for the special values.
namespace xid {
inline constexpr std::int32_t kNotification = -1;
inline constexpr std::int32_t kPing = -2;
inline constexpr std::int32_t kAuth = -4;
inline constexpr std::int32_t kSetWatches = -8;
}  // namespace xid

}  // namespace drover::wire
