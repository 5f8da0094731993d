#pragma once
// Names of a Curator queue's items, and the order in which they are taken.
//
//   plain     queue-<seq>
//   id        queue-|<id>|<seq>          sorted without the id
//   priority  queue-<priority><seq>      1%08X from 0 on, 0%08X below
//   delay     queue-|<hex ms>|<seq>      %08X of the time when it is due, ms since 1970

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::recipes {

inline constexpr std::string_view kItemPrefix = "queue-";

// What a znode is created with; the server appends the number.
[[nodiscard]] std::string plain_prefix();
[[nodiscard]] std::string id_prefix(std::string_view id);
[[nodiscard]] std::string priority_prefix(std::int32_t priority);
[[nodiscard]] std::string delay_prefix(std::int64_t due_ms);

// An id as it stands in a name: `/` and `|` become `_`.
[[nodiscard]] std::string escape_id(std::string_view id);
// The (escaped) id in an item's name; empty when it has none.
[[nodiscard]] std::string id_of(std::string_view name);
// When the item is due, ms since 1970; 0, at once, when the name does not say.
[[nodiscard]] std::int64_t due_ms_of(std::string_view name);

// Sort the items' names and drop those that are none. Plain and priority: as text. Id: without the
// id. Delay: by time, then as text.
void sort_as_text(std::vector<std::string>& names);
void sort_by_id(std::vector<std::string>& names);
void sort_by_due_time(std::vector<std::string>& names);

}  // namespace drover::recipes
