// Goal: kazoo's leases, to the byte, and one holder at a time. Method: clocks that the test moves;
// the znodes looked at.

#include <drover/recipes/kazoo_lease.h>

#include <atomic>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using kazoo::MultiNonBlockingLease;
using kazoo::NonBlockingLease;

class KazooLeaseTest : public RecipeTest {
 protected:
  // 2023-11-14T22:13:20 and a bit, moved by the test.
  [[nodiscard]] kazoo::LeaseOptions clock() {
    return {.now = [this] { return std::chrono::system_clock::time_point(time_.load()); }};
  }
  [[nodiscard]] bool obtains(MultiNonBlockingLease lease) {
    const auto obtained = lease.obtain(block);
    EXPECT_TRUE(ok(obtained));
    return obtained && *obtained;
  }

  std::atomic<std::chrono::milliseconds> time_{1'700'000'000'500ms};
};

TEST_F(KazooLeaseTest, HolderIsKazoos) {
  Client c = client();
  EXPECT_TRUE(obtains(NonBlockingLease(c, path(), 70min, "host \"7\"", clock())));
  EXPECT_EQ(as_text(c.get(path() + "/lease_holder", {}, block)->data),
            R"({"version": 1, "holder": "host \"7\"", "end": "2023-11-14T23:23:20"})");
  EXPECT_TRUE(
      eventually([&] { return children(c, path()) == std::vector<std::string>{"lease_holder"}; }));
}

TEST_F(KazooLeaseTest, OneHolderUntilTheEnd) {
  Client a = client();
  Client b = client();
  EXPECT_TRUE(obtains(NonBlockingLease(a, path(), 10s, "a", clock())));
  EXPECT_FALSE(obtains(NonBlockingLease(b, path(), 10s, "b", clock())));
  time_ = time_.load() + 9s;
  EXPECT_TRUE(obtains(NonBlockingLease(a, path(), 10s, "a", clock())));  // renewed
  time_ = time_.load() + 9s;
  EXPECT_FALSE(obtains(NonBlockingLease(b, path(), 10s, "b", clock())));
  time_ = time_.load() + 1s;
  EXPECT_TRUE(obtains(NonBlockingLease(b, path(), 10s, "b", clock())));
  EXPECT_FALSE(obtains(NonBlockingLease(a, path(), 10s, "a", clock())));
}

TEST_F(KazooLeaseTest, SeveralAtOnce) {
  Client c = client();
  EXPECT_TRUE(obtains(MultiNonBlockingLease(c, 2, path(), 10s, "a", clock())));
  EXPECT_TRUE(obtains(MultiNonBlockingLease(c, 2, path(), 10s, "b", clock())));
  EXPECT_FALSE(obtains(MultiNonBlockingLease(c, 2, path(), 10s, "c", clock())));
  EXPECT_TRUE(obtains(MultiNonBlockingLease(c, 2, path(), 10s, "b", clock())));
  EXPECT_EQ(children(c, path()), (std::vector<std::string>{"0", "1"}));
}

TEST_F(KazooLeaseTest, WhatIsNotUnderstoodIsLeftAlone) {
  Client c = client();
  const std::string holder = path() + "/lease_holder";
  NonBlockingLease lease(c, path(), 10s, "a", clock());
  ASSERT_TRUE(ok(
      c.create(holder, as_bytes(R"({"version": 2})"), {.parents = Parents::kPersistent}, block)));
  EXPECT_FALSE(obtains(lease));
  for (const char* text : {"", "[]", R"({"version": 1, "holder": "b"})",
                           R"({"version": 1, "holder": "b", "end": "2023-13-01T00:00:00"})"}) {
    ASSERT_TRUE(ok(c.set(holder, as_bytes(text), {}, block)));
    EXPECT_EQ(code_of(lease.obtain(block)), ErrorCode::kCorruptPayload) << text;
  }
  NonBlockingLease nobodys(c, path(), 10s, "");
  EXPECT_EQ(code_of(nobodys.obtain(block)), ErrorCode::kBadArguments);
}

}  // namespace
}  // namespace drover::test
