#pragma once
// What the keys of zoo.cfg are for, and what holds without them: for people. config_keys.h says
// what is allowed.

#include <string_view>

namespace drover::server {

struct KeyNote {
  std::string_view name;
  std::string_view default_value;  // as one would write it, or in words; empty: none
  std::string_view meaning;        // one or two sentences without the last full stop
};

// Null when there is none: the key means nothing here, or is refused.
[[nodiscard]] const KeyNote* note_of(std::string_view key);

}  // namespace drover::server
