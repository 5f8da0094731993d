#pragma once
// The table of every key that Apache knows: how its value is read, what is allowed, and what it
// means here.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"

namespace drover::server {

// Puts a value into the config. False: not allowed (then Key::allowed says what is).
using Setter = std::function<bool(std::string_view value, Config& config)>;

struct Key {
  std::string_view name;
  std::string_view allowed;  // for the error message
  Setter set;                // empty: no meaning here, or `of_members`
  std::string_view
      why_ignored;      // for the warning of a key without meaning, after "has no meaning here: "
  bool prefix = false;  // stands for every key that begins with `name`
  bool of_members = false;  // server.N and its kin: read together, by config_members.h
};

[[nodiscard]] const std::vector<Key>& config_keys();

// The entry for a key as it stands in a file, with or without `zookeeper.`; null when there is
// none.
[[nodiscard]] const Key* find_key(std::string_view name);
// The known key that looks most like `name`; empty when none is near.
[[nodiscard]] std::string_view nearest_key(std::string_view name);

}  // namespace drover::server
