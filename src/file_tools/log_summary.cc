#include "file_tools/log_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "file_tools/input.h"
#include "file_tools/log_record.h"
#include "file_tools/log_sequence.h"
#include "file_tools/progress.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

// Figures by name that never hold more than so many names: the rest is one line.
constexpr std::size_t kNamesMax = 10000;
constexpr std::size_t kNamesShown = 10;

struct Figure {
  std::int64_t txns = 0;
  std::int64_t bytes = 0;
};

struct Summary {
  std::int64_t txns = 0;
  std::int64_t bytes = 0;
  std::int64_t largest = 0;
  std::int64_t damaged_regions = 0;
  std::optional<wire::Zxid> first;
  wire::Zxid last;
  std::int64_t first_time_ms = 0;
  std::int64_t last_time_ms = 0;
  std::map<std::string, Figure, std::less<>> by_op;
  std::map<std::string, Figure, std::less<>> by_place;
  std::unordered_set<std::int64_t> sessions;
};

// The first two names of a path: /a/b of /a/b/c/d.
std::string_view place_of(std::string_view path) {
  std::size_t at = path.find('/', 1);
  if (at != std::string_view::npos) at = path.find('/', at + 1);
  return path.substr(0, at);
}

void count(std::map<std::string, Figure, std::less<>>& figures, std::string_view name,
           std::int64_t bytes) {
  auto found = figures.find(name);
  if (found == figures.end()) {
    const bool full = figures.size() >= kNamesMax;
    found = figures.try_emplace(full ? "(other)" : std::string(name)).first;
  }
  ++found->second.txns;
  found->second.bytes += bytes;
}

void add(Summary& summary, const storage::LogEntry& entry) {
  const auto bytes = static_cast<std::int64_t>(entry.txn.bytes.size());
  const wire::TxnHeader& header = entry.header;
  if (!summary.first) {
    summary.first = header.zxid;
    summary.first_time_ms = header.time.ms;
  }
  summary.last = header.zxid;
  summary.last_time_ms = header.time.ms;
  ++summary.txns;
  summary.bytes += bytes;
  summary.largest = std::max(summary.largest, bytes);
  count(summary.by_op, op_name(header.type), bytes);
  if (summary.sessions.size() < kNamesMax * 100) summary.sessions.insert(header.session.value);
  const auto txn = decode_txn(header.type, body_of(entry.txn.bytes));
  if (!txn) return;
  std::string_view counted_place;
  for (const auto path : paths_of(txn->record)) {
    const auto place = place_of(path);
    if (place == counted_place) continue;
    counted_place = place;
    count(summary.by_place, place, bytes);
  }
}

std::vector<std::pair<std::string, Figure>> busiest(
    const std::map<std::string, Figure, std::less<>>& figures) {
  std::vector<std::pair<std::string, Figure>> sorted(figures.begin(), figures.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.txns != b.second.txns ? a.second.txns > b.second.txns : a.first < b.first;
  });
  return sorted;
}

std::string figures_text(std::string_view title,
                         const std::map<std::string, Figure, std::less<>>& figures) {
  std::string text = fmt::format("\n{:<28} {:>12} {:>14}\n", title, "txns", "bytes");
  const auto sorted = busiest(figures);
  for (std::size_t i = 0; i < std::min(kNamesShown, sorted.size()); ++i) {
    text += fmt::format("{:<28} {:>12} {:>14}\n", toolbox::utf8_or_replaced(sorted[i].first),
                        sorted[i].second.txns, sorted[i].second.bytes);
  }
  if (sorted.size() > kNamesShown) {
    text += fmt::format(
        "and {}\n", counted(static_cast<std::int64_t>(sorted.size() - kNamesShown), "more place"));
  }
  return text;
}

boost::json::array figures_json(const std::map<std::string, Figure, std::less<>>& figures) {
  boost::json::array array;
  for (const auto& [name, figure] : busiest(figures)) {
    array.push_back({{"name", toolbox::utf8_or_replaced(name)},
                     {"txns", figure.txns},
                     {"bytes", figure.bytes}});
  }
  return array;
}

std::string summary_text(const Summary& summary) {
  if (!summary.first) return "no txns\n";
  std::string text = fmt::format(
      "zxids       {} to {}\n"
      "time        {} to {}\n"
      "txns        {}\n"
      "sessions    {}\n"
      "bytes       {}, {} a txn, the largest {}\n",
      zxid_text(*summary.first), zxid_text(summary.last), time_text(summary.first_time_ms),
      time_text(summary.last_time_ms), summary.txns, summary.sessions.size(), summary.bytes,
      summary.bytes / summary.txns, summary.largest);
  if (summary.damaged_regions > 0) {
    text += fmt::format("damaged     {}: see `drover log check`\n",
                        counted(summary.damaged_regions, "place"));
  }
  return text + figures_text("op", summary.by_op) + figures_text("place", summary.by_place);
}

boost::json::object summary_json(const Summary& summary) {
  boost::json::object object{{"txns", summary.txns},
                             {"bytes", summary.bytes},
                             {"largest_txn_bytes", summary.largest},
                             {"sessions", summary.sessions.size()},
                             {"damaged_places", summary.damaged_regions},
                             {"ops", figures_json(summary.by_op)},
                             {"places", figures_json(summary.by_place)}};
  if (summary.first) {
    object["first_zxid"] = zxid_text(*summary.first);
    object["last_zxid"] = zxid_text(summary.last);
    object["first_time"] = time_text(summary.first_time_ms);
    object["last_time"] = time_text(summary.last_time_ms);
  }
  return object;
}

// The readable txns of one side, one at a time, kept across the other side's steps.
class Side {
 public:
  Side(storage::Disk& disk, std::vector<std::string> paths, std::int32_t length_max)
      : sequence_(disk, std::move(paths), length_max) {}

  Result<void> advance() {
    for (;;) {
      auto step = sequence_.next();
      if (!step) return std::unexpected(step.error());
      if (!*step) {
        entry_.reset();
        return {};
      }
      if (!std::holds_alternative<storage::LogEntry>(**step)) continue;
      entry_ = std::get<storage::LogEntry>(**step);
      return {};
    }
  }
  [[nodiscard]] const std::optional<storage::LogEntry>& entry() const { return entry_; }

 private:
  LogSequence sequence_;
  std::optional<storage::LogEntry> entry_;
};

std::string line_of(const std::optional<storage::LogEntry>& entry) {
  return entry ? txn_line(*entry, DataShown::kBeginning) : std::string();
}

}  // namespace

Result<bool> print_log_summary(storage::Disk& disk, const std::vector<std::string>& logs,
                               std::int32_t length_max, bool json) {
  Summary summary;
  std::uint64_t total = 0;
  for (const auto& path : logs) total += file_size(path);
  Progress progress("reading", total);
  LogSequence sequence(disk, logs, length_max);
  for (;;) {
    const auto step = sequence.next();
    if (!step) return std::unexpected(step.error());
    if (!*step) break;
    if (const auto* damage = std::get_if<LogDamage>(&**step)) {
      if (damage->kind != DamageKind::kTorn) ++summary.damaged_regions;
    } else {
      add(summary, std::get<storage::LogEntry>(**step));
      progress.at(static_cast<std::uint64_t>(summary.bytes));
    }
  }
  if (json) {
    fmt::print("{}\n", boost::json::serialize(summary_json(summary)));
  } else {
    fmt::print("{}", summary_text(summary));
  }
  return summary.damaged_regions > 0;
}

Result<LogComparison> compare_logs(storage::Disk& disk, const std::vector<std::string>& left_paths,
                                   const std::vector<std::string>& right_paths,
                                   std::int32_t length_max) {
  Side left(disk, left_paths, length_max);
  Side right(disk, right_paths, length_max);
  LogComparison result;
  const auto differ = [&](std::int64_t& counter, bool with_left, bool with_right) {
    ++counter;
    if (result.first_difference) return;
    result.first_difference = with_left ? left.entry()->header.zxid : right.entry()->header.zxid;
    if (with_left) result.first_left = line_of(left.entry());
    if (with_right) result.first_right = line_of(right.entry());
  };
  auto done = left.advance();
  if (done) done = right.advance();
  while (done && (left.entry() || right.entry())) {
    const auto& l = left.entry();
    const auto& r = right.entry();
    const bool take_left = l && (!r || l->header.zxid <= r->header.zxid);
    const bool take_right = r && (!l || r->header.zxid <= l->header.zxid);
    if (take_left && take_right) {
      if (l->txn.bytes == r->txn.bytes) {
        ++result.same;
      } else {
        differ(result.different, true, true);
      }
    } else {
      differ(take_left ? result.only_left : result.only_right, take_left, take_right);
    }
    if (take_left) done = left.advance();
    if (done && take_right) done = right.advance();
  }
  if (!done) return std::unexpected(done.error());
  return result;
}

}  // namespace drover::file_tools
