// Waiting at a gate: as long as its znode is there, no longer.

#include <drover/recipes/gate.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using GateTest = RecipeTest;

TEST_F(GateTest, OpensForAllWhoWait) {
  Client a = client();
  Client b = client();
  Gate gate(a, path() + "/deep/gate");
  ASSERT_TRUE(ok(gate.raise(block)));
  ASSERT_TRUE(ok(gate.raise(block)));  // closed already
  auto here = Gate(a, gate.path()).wait(kPatience, boost::asio::use_future);
  auto there = Gate(b, gate.path()).wait(kPatience, boost::asio::use_future);
  EXPECT_EQ(here.wait_for(kMoment), std::future_status::timeout);
  ASSERT_TRUE(ok(gate.drop(block)));
  EXPECT_TRUE(ok(here.get()));
  EXPECT_TRUE(ok(there.get()));
  EXPECT_TRUE(ok(gate.drop(block)));  // open already
}

TEST_F(GateTest, OpenGateIsNotWaitedAt) {
  Gate gate(client(), path());
  EXPECT_TRUE(ok(gate.wait(milliseconds(0), block)));
}

TEST_F(GateTest, TimeIsOver) {
  Gate gate(client(), path());
  ASSERT_TRUE(ok(gate.raise(block)));
  const auto waited = gate.wait(milliseconds(50), block);
  ASSERT_EQ(code_of(waited), ErrorCode::kTimedOut);
  EXPECT_EQ(waited.error().path, path());
}

TEST_F(GateTest, CallerGivesUp) {
  Gate gate(client(), path());
  ASSERT_TRUE(ok(gate.raise(block)));
  boost::asio::cancellation_signal signal;
  std::promise<ErrorCode> code;
  gate.wait(kPatience,
            boost::asio::bind_cancellation_slot(signal.slot(), [&code](const Result<void>& result) {
              code.set_value(code_of(result));
            }));
  signal.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(code.get_future().get(), ErrorCode::kCancelled);
}

TEST_F(GateTest, LayoutIsCurators) {
  Client c = client({.default_data = to_bytes("10.0.0.1")});
  Gate gate(c, path() + "/gate");
  ASSERT_TRUE(ok(gate.raise(block)));
  const auto node = c.get(gate.path(), {}, block);
  ASSERT_TRUE(ok(node));
  EXPECT_EQ(as_text(node->data), "10.0.0.1");
  EXPECT_EQ(node->stat.ephemeral_owner, 0);
}

TEST_F(GateTest, WaitSurvivesANewSession) {
  CuttingProxy proxy(shared_server().port());
  Client fragile = fragile_client(proxy);
  Client other = client();
  Gate gate(other, path());
  ASSERT_TRUE(ok(gate.raise(block)));
  auto waits = Gate(fragile, path()).wait(kPatience, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return fragile.is_connected(); }));
  proxy.shut();
  ASSERT_TRUE(ok(gate.drop(block)));  // unseen by the one who waits
  ASSERT_TRUE(eventually([&] { return fragile.state() == SessionState::kConnecting; }));
  proxy.open();
  EXPECT_TRUE(ok(waits.get()));
}

TEST_F(GateTest, ClosedClientEndsTheWait) {
  Client c = client();
  Gate gate(c, path());
  ASSERT_TRUE(ok(gate.raise(block)));
  auto waits = gate.wait(kPatience, boost::asio::use_future);
  static_cast<void>(c.close(block));
  EXPECT_EQ(code_of(waits.get()), ErrorCode::kClosed);
}

}  // namespace
}  // namespace drover::test
