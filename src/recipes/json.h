#pragma once
// Just enough JSON for service instances: Jackson's spelling when writing, and a reader that leaves
// every value as the text that it found, so that what is not ours is written back to the letter.

#include <drover/result.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drover::recipes {

// With its quotes. UTF-8 stays as it is; control characters as Jackson writes them.
[[nodiscard]] std::string json_string(std::string_view text);

// The members of an object, or the elements of an array, each as its JSON text. Views live as long
// as `text`. The last of several members with the same name counts. Errors: kCorruptPayload.
[[nodiscard]] Result<std::map<std::string, std::string_view>> json_members(std::string_view text);
[[nodiscard]] Result<std::vector<std::string_view>> json_elements(std::string_view text);

// One value, and nothing else. Errors: kCorruptPayload.
[[nodiscard]] Result<std::string> json_to_string(std::string_view text);
[[nodiscard]] Result<std::int64_t> json_to_integer(std::string_view text);
[[nodiscard]] Result<bool> json_to_bool(std::string_view text);
// Whether it is one JSON value of whatever kind.
[[nodiscard]] bool is_json(std::string_view text);

}  // namespace drover::recipes
