// Goal: each probe holds and fails for its own reasons, and says them.

#include "admin/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/json_text.h"

namespace drover::admin {
namespace {

using testing::HasSubstr;

std::string text_of(Probe probe, const StatusView* view) {
  return health_text(health_checks(probe, view));
}

StatusView member(bool serving, std::int64_t leader, bool has_served) {
  StatusView view;
  view.serving = serving;
  EnsembleView& ensemble = view.ensemble.emplace();
  ensemble.peer_state = leader < 0 ? "looking" : "following - synchronization";
  ensemble.quorum_size = 3;
  ensemble.leader_sid = leader;
  ensemble.has_served = has_served;
  return view;
}

TEST(HealthTest, AStandaloneServerIsAllThree) {
  const StatusView view;
  for (const Probe probe : {Probe::kLive, Probe::kReady, Probe::kStartup})
    EXPECT_EQ(text_of(probe, &view), "ok\n");
}

TEST(HealthTest, AThreadThatHangsFailsAllThree) {
  for (const Probe probe : {Probe::kLive, Probe::kReady, Probe::kStartup})
    EXPECT_EQ(text_of(probe, nullptr),
              "threads: a thread that serves clients did not answer in time\n");
}

TEST(HealthTest, WithoutALeaderAliveButNotReady) {
  const StatusView view = member(false, -1, true);
  EXPECT_EQ(text_of(Probe::kLive, &view), "ok\n");
  EXPECT_EQ(text_of(Probe::kStartup, &view), "ok\n");
  EXPECT_THAT(text_of(Probe::kReady, &view), HasSubstr("serving: no leader (state: looking)"));
}

TEST(HealthTest, StartedOnlyOnceItHasServed) {
  const StatusView view = member(false, 2, false);
  EXPECT_THAT(text_of(Probe::kStartup, &view),
              HasSubstr("not yet up to date with the leader, sid 2"));
  const StatusView serving = member(true, 2, true);
  EXPECT_EQ(text_of(Probe::kStartup, &serving), "ok\n");
}

TEST(HealthTest, ASlowDiskIsNotReadyAHangingOneNotAlive) {
  StatusView view;
  view.disk_busy_ms = 15'000;
  EXPECT_EQ(text_of(Probe::kLive, &view), "ok\n");
  EXPECT_THAT(text_of(Probe::kReady, &view), HasSubstr("disk: a write"));
  view.disk_busy_ms = 60'000;
  EXPECT_THAT(text_of(Probe::kLive, &view), HasSubstr("has lasted 60000 ms"));
}

TEST(HealthTest, ALeaderThatTakesNoClientsSaysSo) {
  StatusView view = member(true, 1, true);
  view.lets_clients_in = false;
  EXPECT_THAT(text_of(Probe::kReady, &view), HasSubstr("leaderServes=no"));
}

TEST(HealthTest, JsonSaysTheSame) {
  const StatusView view = member(false, -1, true);
  const auto json = health_json(health_checks(Probe::kReady, &view));
  EXPECT_EQ(json.at("status").as_string(), "failed");
  EXPECT_EQ(json.at("checks").as_array().size(), 3u);
  EXPECT_THAT(json_text(json), HasSubstr("\"why\" : \"no leader"));
}

}  // namespace
}  // namespace drover::admin
