#include "tree/quota.h"

#include <charconv>

namespace drover::tree {

namespace {

std::string join(std::string_view a, std::string_view b, std::string_view c) {
  std::string result;
  result.reserve(a.size() + b.size() + c.size() + 1);
  result.append(a).append(b).append("/").append(c);
  return result;
}

// Long.parseLong: a sign is allowed, nothing else around the digits.
std::optional<std::int64_t> parse_long(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string limits_path(std::string_view quota_path) {
  return join(kQuotaRoot, quota_path, kLimitsName);
}

std::string stats_path(std::string_view quota_path) {
  return join(kQuotaRoot, quota_path, kStatsName);
}

std::string_view path_under_quota(std::string_view parent) {
  if (parent.size() <= kQuotaRoot.size() + 1 || !parent.starts_with(kQuotaRoot) ||
      parent[kQuotaRoot.size()] != '/') {
    return {};
  }
  return parent.substr(kQuotaRoot.size());
}

std::optional<StatsTrack> StatsTrack::parse(wire::NullableBytes text) {
  if (!text) return std::nullopt;
  StatsTrack track;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find_first_of(",;"));
    rest.remove_prefix(pair.size());
    const std::size_t next = rest.find_first_not_of(",;");
    rest = next == std::string_view::npos ? std::string_view() : rest.substr(next);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string_view digits = pair.substr(equals + 1);
    digits = digits.substr(0, digits.find('='));
    const auto value = digits.empty() ? -1 : parse_long(digits);
    if (!value) return std::nullopt;
    track.values_.insert_or_assign(std::string(pair.substr(0, equals)), *value);
  }
  return track;
}

std::string StatsTrack::text() const {
  std::string text = "count=" + std::to_string(count()) + ",bytes=" + std::to_string(bytes());
  bool first = true;
  for (const auto& [key, value] : values_) {
    if (key == "count" || key == "bytes") continue;
    if (first) text += '=';
    first = false;
    text += ';' + key + '=' + std::to_string(value);
  }
  return text;
}

std::int64_t StatsTrack::value(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? -1 : it->second;
}

void QuotaPaths::remove(std::string_view path) {
  const auto it = paths_.find(path);
  if (it != paths_.end()) paths_.erase(it);
}

std::string_view QuotaPaths::deepest(std::string_view path) const {
  if (paths_.empty()) return {};
  while (path.size() > 1 && path.front() == '/') {
    if (paths_.contains(path)) return path;
    path = path.substr(0, path.rfind('/'));
  }
  return {};
}

}  // namespace drover::tree
