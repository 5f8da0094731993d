#pragma once
// Quotas (Quotas, StatsTrack, PathTrie): where their znodes live, the text in them, and which paths
// have one.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "wire/jute_reader.h"

namespace drover::tree {

inline constexpr std::string_view kQuotaRoot = "/zookeeper/quota";
inline constexpr std::string_view kLimitsName = "zookeeper_limits";
inline constexpr std::string_view kStatsName = "zookeeper_stats";

[[nodiscard]] std::string limits_path(std::string_view quota_path);
[[nodiscard]] std::string stats_path(std::string_view quota_path);
// The path that a child of `parent` named limits or stats is about: what follows /zookeeper/quota
// in `parent`. Empty when there is none.
[[nodiscard]] std::string_view path_under_quota(std::string_view parent);

// What metrics call the namespace of a path: its first part.
[[nodiscard]] constexpr std::string_view quota_namespace(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

// "count=4,bytes=5=;byteHardLimit=10": numbers by key, -1 for a key that is not there.
class StatsTrack {
 public:
  // Nullopt for null or text that is not of this form.
  [[nodiscard]] static std::optional<StatsTrack> parse(wire::NullableBytes text);
  // count and bytes first and always, then the rest by name; the odd "=" keeps 3.4's parser
  // working.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] std::int64_t count() const { return value("count"); }
  [[nodiscard]] std::int64_t bytes() const { return value("bytes"); }
  [[nodiscard]] std::int64_t count_hard_limit() const { return value("countHardLimit"); }
  [[nodiscard]] std::int64_t byte_hard_limit() const { return value("byteHardLimit"); }
  void set_count(std::int64_t count) { values_["count"] = count; }
  void set_bytes(std::int64_t bytes) { values_["bytes"] = bytes; }

 private:
  [[nodiscard]] std::int64_t value(std::string_view key) const;
  std::map<std::string, std::int64_t, std::less<>> values_;
};

// The paths that have a limits znode.
class QuotaPaths {
 public:
  void add(std::string_view path) { paths_.emplace(path); }
  void remove(std::string_view path);
  void clear() { paths_.clear(); }
  // The longest of them that is `path` or above it, as a prefix of `path`; empty when none.
  [[nodiscard]] std::string_view deepest(std::string_view path) const;
  template <typename F>
  void for_each(F&& f) const {
    for (const std::string& path : paths_) f(path);
  }

 private:
  std::set<std::string, std::less<>> paths_;
};

}  // namespace drover::tree
