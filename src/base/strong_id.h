#pragma once
// A number that is an identity: no arithmetic, no silent conversion in or out.

#include <compare>
#include <cstddef>
#include <functional>

namespace drover::base {

template <typename Tag, typename Rep>
struct StrongId {
  Rep value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

}  // namespace drover::base

template <typename Tag, typename Rep>
struct std::hash<drover::base::StrongId<Tag, Rep>> {
  std::size_t operator()(drover::base::StrongId<Tag, Rep> id) const {
    return std::hash<Rep>{}(id.value);
  }
};
