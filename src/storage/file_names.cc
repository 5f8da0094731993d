#include "storage/file_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace drover::storage {
namespace {

constexpr std::string_view kLogPrefix = "log.";
constexpr std::string_view kSnapshotPrefix = "snapshot.";

// One to sixteen lower-case hex digits that fit a signed long; zxids are never negative.
std::optional<wire::Zxid> parse_hex(std::string_view digits) {
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  const bool hex = std::all_of(digits.begin(), digits.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, 16);
  if (!hex || error != std::errc() || end != digits.end()) return std::nullopt;
  return wire::Zxid(value);
}

}  // namespace

std::optional<LogName> parse_log_name(std::string_view name) {
  if (!name.starts_with(kLogPrefix)) return std::nullopt;
  const auto zxid = parse_hex(name.substr(kLogPrefix.size()));
  if (!zxid) return std::nullopt;
  return LogName{*zxid, std::string(name)};
}

std::optional<SnapshotName> parse_snapshot_name(std::string_view name) {
  if (!name.starts_with(kSnapshotPrefix)) return std::nullopt;
  std::string_view rest = name.substr(kSnapshotPrefix.size());
  Compression compression = Compression::kNone;
  for (const auto candidate : {Compression::kGzip, Compression::kSnappy}) {
    if (rest.ends_with(suffix(candidate))) {
      compression = candidate;
      rest.remove_suffix(suffix(candidate).size());
      break;
    }
  }
  const auto zxid = parse_hex(rest);
  if (!zxid) return std::nullopt;
  return SnapshotName{*zxid, compression, std::string(name)};
}

std::string log_name(wire::Zxid zxid) {
  return fmt::format("{}{:x}", kLogPrefix, zxid.value);
}

std::string snapshot_name(wire::Zxid zxid, Compression compression) {
  return fmt::format("{}{:x}{}", kSnapshotPrefix, zxid.value, suffix(compression));
}

FolderNames sort_names(const std::vector<std::string>& listing) {
  FolderNames names;
  for (const auto& name : listing) {
    if (auto log = parse_log_name(name)) {
      names.logs.push_back(std::move(*log));
    } else if (auto snapshot = parse_snapshot_name(name)) {
      names.snapshots.push_back(std::move(*snapshot));
    } else if (name.starts_with(kLogPrefix) || name.starts_with(kSnapshotPrefix)) {
      names.ignored.push_back(name);
    }
  }
  // Names break ties (log.5 and log.05, or the same snapshot compressed and not), so that order is
  // total.
  const auto older = [](const auto& a, const auto& b) {
    return a.zxid != b.zxid ? a.zxid < b.zxid : a.name < b.name;
  };
  std::sort(names.logs.begin(), names.logs.end(), older);
  std::sort(names.snapshots.begin(), names.snapshots.end(), older);
  return names;
}

}  // namespace drover::storage
