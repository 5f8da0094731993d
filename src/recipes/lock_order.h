#pragma once
// Who is before whom among the contenders of a lock. Pure.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::recipes {

// Where one contender stands.
struct Standing {
  enum class Place { kMissing, kHolds, kWaits };
  Place place = Place::kMissing;
  std::string blocker{};  // kWaits: the child to watch
};

// Judges where the child `own` stands among `names`, all children of the lock's path, in any order.
using LockOrder = std::function<Standing(std::vector<std::string> names, std::string_view own)>;

// Curator's: children are sorted, as strings, by the text after the last of each of `lock_names` in
// turn; a name without it counts as a whole, and takes part. Of equal ones
// the one with __WRIT__ goes first.
[[nodiscard]] std::vector<std::string> sorted_children(std::vector<std::string> names,
                                                       const std::vector<std::string>& lock_names);

// The first `holders_max` hold it; everybody else waits for the one that many places before.
[[nodiscard]] LockOrder first_come_order(std::string lock_name, int holders_max);

inline constexpr std::string_view kReadName = "__READ__";
inline constexpr std::string_view kWriteName = "__WRIT__";
[[nodiscard]] std::vector<std::string> read_write_names();
// The first of all holds it.
[[nodiscard]] LockOrder write_order();
// Holds it with no writer before it; waits for the first writer.
[[nodiscard]] LockOrder read_order();
// The reader's owner has the write lock with the child `writer`: there is nothing to wait for, but
// without that child neither is there.
[[nodiscard]] LockOrder read_beside_order(std::string writer);

// kazoo's: contenders are the children whose names end with one of `patterns` and ten digits,
// perhaps with a minus before them, in the order of that number as text. The contender holds it
// when none has a smaller number, else waits for the nearest of those. Its own name need not be a
// contender's.
[[nodiscard]] LockOrder kazoo_order(std::vector<std::string> patterns);
// The contenders in order.
[[nodiscard]] std::vector<std::string> kazoo_contenders(std::vector<std::string> names,
                                                        const std::vector<std::string>& patterns);

}  // namespace drover::recipes
