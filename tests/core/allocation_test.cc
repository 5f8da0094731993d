// Goal: a request that is answered on the lane allocates nothing once buffers have grown, and
// forwarding a write hardly anything. Method: every allocation of this program is counted; not
// under a sanitizer, whose own operator new would meet ours.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "socketless.h"

#if defined(__has_feature)
#define DROVER_HAS_FEATURE(x) __has_feature(x)
#else
#define DROVER_HAS_FEATURE(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !DROVER_HAS_FEATURE(address_sanitizer) && !DROVER_HAS_FEATURE(thread_sanitizer)

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace drover::core_test {
namespace {

template <typename Record>
std::string frame(wire::OpCode op, const Record& record) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  wire::RequestHeader{1, op}.encode(out);
  record.encode(out);
  return std::string(bytes.view());
}

class AllocationTest : public testing::Test {
 protected:
  AllocationTest() {
    client.create("/a", std::string(100, 'x'));
    server.run();
    client.heard();
  }
  // Allocations of `count` frames handed in, output and requests being taken away like a transport
  // would.
  std::size_t cost(const std::string& payload, int count) {
    lane::Lane& lane = *server.lanes[0];
    const std::size_t before = allocations;
    for (int i = 0; i < count; ++i) {
      lane.on_frame(*client.connection(), payload, server.now());
      client.connection()->output.clear();
      lane.dirty().clear();
    }
    return allocations - before;
  }
  Server server;
  Client& client = server.connect();
};

TEST_F(AllocationTest, TheCounterCounts) {
  const std::size_t before = allocations;
  const std::string long_text(1000, 'x');
  EXPECT_GT(allocations, before) << long_text.size();
}

TEST_F(AllocationTest, ReadsAnsweredInPlaceAllocateNothing) {
  using wire::OpCode;
  for (const OpCode op :
       {OpCode::kGetData, OpCode::kExists, OpCode::kGetChildren, OpCode::kGetChildren2}) {
    const std::string payload = frame(op, wire::PathWatchRequest{"/a", false});
    cost(payload, 10);
    EXPECT_EQ(cost(payload, 1000), 0u) << wire::op_name(op);
  }
  base::ByteBuffer ping;
  wire::JuteWriter out(ping);
  wire::RequestHeader{wire::xid::kPing, OpCode::kPing}.encode(out);
  EXPECT_EQ(cost(std::string(ping.view()), 1000), 0u);
}

TEST_F(AllocationTest, AWatchThatStandsAlreadyCostsNothing) {
  const std::string payload = frame(wire::OpCode::kGetData, wire::PathWatchRequest{"/a", true});
  cost(payload, 10);
  EXPECT_EQ(cost(payload, 1000), 0u);
}

TEST_F(AllocationTest, ForwardingAWriteCostsWhatItsBuffersGrow) {
  const std::string payload =
      frame(wire::OpCode::kSetData, wire::SetDataRequest{"/a", std::string(100, 'y'), -1});
  // A thousand requests in one batch: a few doublings of the batch, the FIFO and the list of
  // throttled ones.
  EXPECT_LT(cost(payload, 1000), 60u);
}

}  // namespace
}  // namespace drover::core_test

#endif
