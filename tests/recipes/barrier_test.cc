// Goal: nobody passes a phase of Barrier before all have arrived, whoever dies or drops out.
// Method: several clients and processes; the znodes looked at.

#include <drover/recipes/barrier.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <map>
#include <thread>

#include "recipes/fixture.h"
#include "recipes/own_process.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::use_future;

static_assert(!std::is_copy_constructible_v<Barrier::ArrivalToken>);
static_assert(std::is_nothrow_move_constructible_v<Barrier::ArrivalToken>);

class BarrierTest : public RecipeTest {
 protected:
  [[nodiscard]] static std::string text(Client& client, const std::string& path) {
    auto node = client.get(path, {}, block);
    return node ? std::string(as_text(node->data)) : node.error().message;
  }
};

using Done = std::future<Result<void>>;

bool is_waiting(const Done& done) {
  return done.wait_for(kMoment) == std::future_status::timeout;
}

TEST_F(BarrierTest, PhasesFollowOneAnotherAndLeaveOneBehind) {
  Client a = client();
  Client b = client();
  Barrier one(a, path(), 2);
  Barrier two(b, path(), 2);
  for (int phase = 0; phase < 3; ++phase) {
    const std::string at = path() + "/phase-" + std::to_string(phase);
    Done first = one.async_arrive_and_wait(kPatience, use_future);
    EXPECT_TRUE(eventually([&] { return children(a, at).size() == 1; }));
    EXPECT_EQ(children(a, at).front().size(), 36U);
    EXPECT_TRUE(phase > 0 || is_waiting(first));
    ASSERT_TRUE(ok(two.async_arrive_and_wait(kPatience, block)));
    ASSERT_TRUE(ok(first.get()));
    EXPECT_EQ(text(a, at + "/ready"), "2");
  }
  EXPECT_TRUE(
      eventually([&] { return children(a, path()) == std::vector<std::string>{"phase-2"}; }));
}

TEST_F(BarrierTest, ThreadsShareOneObject) {
  constexpr int kThreads = 3;
  constexpr int kPhases = 5;
  Client c = client();
  Barrier barrier(c, path(), kThreads);
  std::array<std::atomic<int>, kPhases> arrived{};
  std::atomic<int> too_early = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (auto& count : arrived) {
        ++count;
        barrier.arrive_and_wait();
        if (count != kThreads) ++too_early;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(too_early, 0);
}

TEST_F(BarrierTest, ArrivingAndWaitingApart) {
  Client c = client();
  Barrier barrier(c, path(), 3);
  auto mine = barrier.arrive(2);
  EXPECT_EQ(mine.phase(), 0);
  auto last = barrier.arrive();
  EXPECT_EQ(last.phase(), 0);
  barrier.wait(std::move(mine));
  auto next = barrier.arrive(3);
  EXPECT_EQ(next.phase(), 1);
  barrier.wait(std::move(last));  // of the phase before
  barrier.wait(std::move(next));
}

TEST_F(BarrierTest, WhoDropsOutCountsOnceMoreThoughHisSessionIsOver) {
  Client a = client();
  Client b = client();
  Barrier stays(a, path(), 3);
  {
    Client leaver = client();
    Barrier(leaver, path(), 3).arrive_and_drop();
    ASSERT_TRUE(ok(leaver.close(block)));
  }
  Done first = stays.async_arrive_and_wait(kPatience, use_future);
  EXPECT_TRUE(is_waiting(first));
  Barrier other(b, path(), 3);
  ASSERT_TRUE(ok(other.async_arrive_and_wait(kPatience, block)));
  ASSERT_TRUE(ok(first.get()));
  EXPECT_EQ(text(a, path() + "/phase-0/ready"), "2");
  other.arrive_and_drop();
  ASSERT_TRUE(ok(stays.async_arrive_and_wait(kPatience, block)));
  ASSERT_TRUE(ok(stays.async_arrive_and_wait(kPatience, block)));  // alone
  stays.arrive_and_drop();
  EXPECT_EQ(code_of(stays.async_arrive(1, block)), ErrorCode::kBadArguments);
}

TEST_F(BarrierTest, CompletionRunsOnceBeforeAnybodyIsReleased) {
  constexpr int kMembers = 3;
  constexpr int kPhases = 4;
  std::atomic<int> completed = 0;
  std::vector<std::jthread> members;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < kMembers; ++i) {
    members.emplace_back([&, own = client()]() mutable {
      Barrier barrier(own, path(), kMembers, [&] { ++completed; });
      for (int phase = 0; phase < kPhases; ++phase) {
        barrier.arrive_and_wait();
        // The next phase cannot be over: this member has not arrived in it.
        if (completed != phase + 1) ++wrong;
      }
    });
  }
  members.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(completed, kPhases);
}

TEST_F(BarrierTest, ACompletionThatThrowsLeavesThePhaseOpen) {
  Client c = client();
  int calls = 0;
  Barrier barrier(c, path(), 1, [&] {
    if (++calls == 1) throw std::runtime_error("no");
  });
  EXPECT_FALSE(barrier.async_arrive_and_wait(kPatience, block));
  EXPECT_FALSE(c.exists(path() + "/phase-0/ready", block)->has_value());
  ASSERT_TRUE(ok(barrier.async_arrive_and_wait(kPatience, block)));
  EXPECT_EQ(calls, 2);
}

TEST_F(BarrierTest, WhoDiesWhileCompletingIsFollowedByAnother) {
  CuttingProxy proxy(shared_server().port());
  Client doomed = fragile_client(proxy);
  Client heir = client();
  Barrier first(heir, path(), 2, [] {});
  auto arrival = first.arrive();  // and does not look again: the last one completes
  Barrier last(doomed, path(), 2, [&] { proxy.shut(); });
  Done lost = last.async_arrive_and_wait(kPatience, use_future);
  const std::string at = path() + "/phase-0";
  EXPECT_TRUE(eventually([&] { return children(heir, at).size() == 3; }));
  EXPECT_TRUE(eventually([&] { return children(heir, at).size() == 1; }));
  Client substitute = client();
  int calls = 0;
  Barrier third(substitute, path(), 2, [&] { ++calls; });
  ASSERT_TRUE(ok(third.async_arrive_and_wait(kPatience, block)));
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(ok(first.async_wait(std::move(arrival), kPatience, block)));
  proxy.open();
  EXPECT_TRUE(ok(lost.get()));  // the phase it came back to is complete
}

TEST_F(BarrierTest, ADeadMembersArrivalIsTakenBack) {
  CuttingProxy proxy(shared_server().port());
  Client doomed = fragile_client(proxy);
  Client b = client();
  Barrier dies(doomed, path(), 3);
  Barrier lives(b, path(), 3);
  Done lost = dies.async_arrive_and_wait(kPatience, use_future);
  Done waiting = lives.async_arrive_and_wait(kPatience, use_future);
  const std::string at = path() + "/phase-0";
  ASSERT_TRUE(eventually([&] { return children(b, at).size() == 2; }));
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return children(b, at).size() == 1; }));
  proxy.open();
  EXPECT_EQ(code_of(lost.get()), ErrorCode::kSessionExpired);
  Done again = dies.async_arrive_and_wait(kPatience, use_future);
  EXPECT_TRUE(is_waiting(waiting));
  static_cast<void>(lives.arrive());
  EXPECT_TRUE(ok(again.get()));
  EXPECT_TRUE(ok(waiting.get()));
}

TEST_F(BarrierTest, WhoGivesUpTakesHisArrivalBack) {
  Client c = client();
  Barrier barrier(c, path(), 2);
  EXPECT_EQ(code_of(barrier.async_arrive_and_wait(50ms, block)), ErrorCode::kTimedOut);
  EXPECT_TRUE(eventually([&] { return children(c, path() + "/phase-0").empty(); }));
  auto arrival = barrier.arrive();
  EXPECT_EQ(code_of(barrier.async_wait(std::move(arrival), 50ms, block)), ErrorCode::kTimedOut);
  EXPECT_EQ(children(c, path() + "/phase-0").size(), 1U);
}

TEST_F(BarrierTest, TooManyArriveInTheNextPhase) {
  Client c = client();
  Barrier barrier(c, path(), 2);
  auto both = barrier.arrive(2);
  auto third = barrier.arrive();
  EXPECT_EQ(both.phase(), 0);
  EXPECT_EQ(third.phase(), 1);
}

TEST_F(BarrierTest, MisuseIsTold) {
  Client c = client();
  EXPECT_EQ(code_of(Barrier(c, path(), 0).async_arrive(1, block)), ErrorCode::kBadArguments);
  Barrier barrier(c, path(), 2);
  EXPECT_EQ(code_of(barrier.async_arrive(0, block)), ErrorCode::kBadArguments);
  EXPECT_EQ(code_of(barrier.async_arrive(3, block)), ErrorCode::kBadArguments);
  EXPECT_THROW(Barrier(c, "no path", 1).arrive_and_wait(), Exception);
  ASSERT_TRUE(ok(c.create(path() + "/phase-7/ready", as_bytes("many"),
                          {.parents = Parents::kPersistent}, block)));
  EXPECT_EQ(code_of(barrier.async_arrive(1, block)), ErrorCode::kCorruptPayload);
}

// --- processes

constexpr int kProcesses = 3;
constexpr int kPhases = 60;

// Not a test: what the processes run. Each phase leaves a mark, then passes.
TEST(BarrierProcess, DISABLED_Member) {
  const char* address = server_of_own_process();
  ASSERT_NE(address, nullptr);
  auto c = Client::open(address, {.session_timeout = 1s, .track_ensemble = false});
  ASSERT_TRUE(ok(c));
  Barrier barrier(*c, "/steps", kProcesses);
  while (true) {
    auto arrival = barrier.arrive();
    const std::string phase = std::to_string(arrival.phase());
    if (arrival.phase() == kPhases) break;
    barrier.wait(std::move(arrival));
    // How many have arrived, as far as one who has passed can see: all, or the phase is gone.
    auto passed =
        c->create("/passed/" + phase + "-", {.mode = CreateMode::kPersistentSequential}, block);
    ASSERT_TRUE(ok(passed));
  }
}

// How many have passed each phase, in the order of their marks; nobody passes one before all that
// came before it were passed by all but those who died.
TEST_F(BarrierTest, ProcessesPassTogetherAndOneThatIsKilledIsReplaced) {
  Client c = client();
  ASSERT_TRUE(ok(c.create("/passed", BytesView(), {}, block)));
  std::array<pid_t, kProcesses> members{};
  for (auto& member : members)
    member = start_own_process("BarrierProcess.DISABLED_Member", shared_server().address());
  ASSERT_TRUE(eventually([&] { return children(c, "/passed").size() >= 4 * kProcesses; }));
  kill(members[0], SIGKILL);
  waitpid(members[0], nullptr, 0);
  members[0] = start_own_process("BarrierProcess.DISABLED_Member", shared_server().address());
  for (const pid_t member : members) {
    int status = -1;
    ASSERT_EQ(waitpid(member, &status, 0), member);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  std::map<int, int> passed;  // by phase
  std::map<std::string, int> in_order;
  for (const auto& name : children(c, "/passed")) {
    in_order[name.substr(name.find('-'))] = std::stoi(name);
  }
  for (const auto& [number, phase] : in_order) {
    ++passed[phase];
    // Who passes a phase was there in the ones before, or took the place of one who was.
    if (phase < 2) continue;
    EXPECT_GE(passed[phase - 2], kProcesses - 1) << phase;
  }
  EXPECT_EQ(passed.size(), std::size_t{kPhases});
}

}  // namespace
}  // namespace drover::test
