#include "lane/hot_sampler.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "txn/read.h"
#include "wire/client_records.h"

namespace drover::lane {

using wire::OpCode;

namespace {

constexpr std::int64_t kHalfWindowMs = 30'000;
constexpr std::int64_t kPaceMs = 100;
constexpr std::uint32_t kLooksPerPace = 100;
constexpr std::uint32_t kEveryMost = 1u << 20;
// A longer path is no path that somebody wants to read in a list.
constexpr std::size_t kPathMax = 1024;

enum class Sort { kRead, kWrite, kNeither };

Sort sort_of(OpCode op) {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
    case OpCode::kDelete:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
    case OpCode::kMulti:
      return Sort::kWrite;
    default:
      return txn::is_read(op) ? Sort::kRead : Sort::kNeither;
  }
}

// Every record that names a path begins with it; a multi's first operation stands for all of them.
std::string_view path_of(OpCode op, std::string_view body) {
  wire::JuteReader in(body);
  if (op == OpCode::kMulti || op == OpCode::kMultiRead) wire::MultiHeader::decode(in);
  const auto path = in.read_bytes();
  if (!in.ok() || !path || path->size() > kPathMax) return {};
  return *path;
}

}  // namespace

void HotSampler::begin(base::Instant now) {
  if (on()) return;
  windows_ = std::make_unique<Windows>();
  windows_->current.since = now;
  paced_ = now;
}

// After a change of load it takes a few tenths of a second to be right.
void HotSampler::pace(base::Instant now) {
  if (++looks_ > 2 * kLooksPerPace && every_ < kEveryMost) {
    every_ *= 2;
  } else if (now.ms() - paced_.ms() < kPaceMs) {
    return;
  } else if (looks_ < kLooksPerPace / 2 && every_ > kEveryLeast) {
    every_ /= 2;
  }
  looks_ = 0;
  paced_ = now;
}

void HotSampler::look_at(OpCode op, std::string_view body, std::uint64_t connection,
                         base::Instant now) {
  const std::int64_t stands_for = every_;
  pace(now);
  countdown_ = 1 + static_cast<std::uint32_t>(chance_.below(2 * every_ - 1));
  const Sort sort = sort_of(op);
  if (sort == Sort::kNeither) return;
  if (now.ms() - windows_->current.since.ms() >= kHalfWindowMs) {
    std::swap(windows_->current, windows_->before);
    windows_->has_before = true;
    windows_->current.since = now;
    windows_->current.paths.clear();
    windows_->current.connections.clear();
  }
  Window& window = windows_->current;
  const std::string_view path = path_of(op, body);
  if (path.starts_with('/')) window.paths.add(path, sort == Sort::kWrite, stands_for);
  char number[20];
  const auto [end, error] = std::to_chars(std::begin(number), std::end(number), connection);
  window.connections.add({number, static_cast<std::size_t>(end - number)}, false, stands_for);
}

namespace {

void merge(std::vector<TopCounter::Entry>& into, const std::vector<TopCounter::Entry>& more) {
  for (const TopCounter::Entry& entry : more) {
    const auto found = std::ranges::find(into, entry.key, &TopCounter::Entry::key);
    if (found == into.end()) {
      into.push_back(entry);
    } else {
      found->reads += entry.reads;
      found->writes += entry.writes;
    }
  }
}

}  // namespace

HotSampler::Report HotSampler::report(base::Instant now) const {
  Report report;
  if (!on()) return report;
  const auto passed = [now](base::Instant since) { return now.ms() - since.ms(); };
  auto connections = windows_->current.connections.entries();
  report.paths = windows_->current.paths.entries();
  report.window_ms = passed(windows_->current.since);
  report.every = every_;
  // What nobody asks anything of is not turned over, and old.
  if (windows_->has_before && passed(windows_->before.since) <= 3 * kHalfWindowMs) {
    merge(report.paths, windows_->before.paths.entries());
    merge(connections, windows_->before.connections.entries());
    report.window_ms = passed(windows_->before.since);
  }
  for (const TopCounter::Entry& entry : connections) {
    Connection& connection = report.connections.emplace_back();
    connection.requests = entry.reads;
    std::from_chars(entry.key.data(), entry.key.data() + entry.key.size(), connection.id);
  }
  return report;
}

}  // namespace drover::lane
