#include "admin/health.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::admin {

namespace {

// A write that lasts so long is a disk that hangs, not one that is slow.
constexpr std::int64_t kDiskHangsMs = 60'000;
// Writes wait for it: clients should rather go elsewhere.
constexpr std::int64_t kDiskStallsMs = 10'000;

Check threads(const StatusView* view) {
  return {.name = "threads",
          .why_not = view != nullptr ? "" : "a thread that serves clients did not answer in time"};
}

Check disk(const StatusView& view, std::int64_t ms_max) {
  if (view.disk_busy_ms < ms_max) return {.name = "disk", .why_not = {}};
  return {
      .name = "disk",
      .why_not = fmt::format("a write to the transaction log has lasted {} ms; look at the disk "
                             "of dataLogDir",
                             view.disk_busy_ms)};
}

Check serving(const StatusView& view) {
  Check check{.name = "serving", .why_not = {}};
  if (view.serving && !view.lets_clients_in) {
    check.why_not = "it leads, and leaves clients to others (leaderServes=no)";
  } else if (!view.serving && view.ensemble && view.ensemble->leader_sid < 0) {
    check.why_not = fmt::format(
        "no leader (state: {}); are more than half of the {} voters up, and can they reach each "
        "other's quorum and election ports?",
        view.ensemble->peer_state, view.ensemble->quorum_size);
  } else if (!view.serving && view.ensemble) {
    check.why_not = fmt::format("not yet up to date with the leader, sid {} (state: {})",
                                view.ensemble->leader_sid, view.ensemble->peer_state);
  } else if (!view.serving) {
    check.why_not = "clients are not served: a snapshot is being restored";
  }
  return check;
}

}  // namespace

std::vector<Check> health_checks(Probe probe, const StatusView* view) {
  std::vector<Check> checks{threads(view)};
  if (view == nullptr) return checks;
  switch (probe) {
    case Probe::kLive:
      checks.push_back(disk(*view, kDiskHangsMs));
      break;
    case Probe::kReady:
      checks.push_back(disk(*view, kDiskStallsMs));
      checks.push_back(serving(*view));
      break;
    case Probe::kStartup:
      if (!view->ensemble || !view->ensemble->has_served) checks.push_back(serving(*view));
      break;
  }
  return checks;
}

bool all_hold(const std::vector<Check>& checks) {
  return std::ranges::all_of(checks, [](const Check& check) { return check.why_not.empty(); });
}

std::string health_text(const std::vector<Check>& checks) {
  if (all_hold(checks)) return "ok\n";
  std::string text;
  for (const Check& check : checks) {
    if (!check.why_not.empty()) text += fmt::format("{}: {}\n", check.name, check.why_not);
  }
  return text;
}

boost::json::object health_json(const std::vector<Check>& checks) {
  boost::json::array list;
  for (const Check& check : checks) {
    boost::json::object one{{"name", check.name}, {"ok", check.why_not.empty()}};
    if (!check.why_not.empty()) one["why"] = check.why_not;
    list.push_back(std::move(one));
  }
  return {{"status", all_hold(checks) ? "ok" : "failed"}, {"checks", std::move(list)}};
}

}  // namespace drover::admin
