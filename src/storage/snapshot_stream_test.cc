// The stream behind a SNAP packet, written and cut again. Method: round trips with the stream
// handed over in pieces of every size, golden bytes, and hostile streams that name what is wrong.

#include "storage/snapshot_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"
#include "storage/memory_disk.h"
#include "storage/snapshot_writer.h"
#include "storage/testing.h"
#include "wire/jute_writer.h"

namespace drover::storage {
namespace {

using testing::from_hex;
using testing::RecordingSink;
using Acls = std::vector<std::pair<std::int64_t, std::shared_ptr<const AclList>>>;

constexpr std::int32_t kLengthMax = 5000;

// As a tree refuses a node that it cannot place.
class TreeLikeSink final : public RestoreSink {
 public:
  RecordingSink recorded;
  void begin_snapshot(wire::Zxid zxid) override { recorded.begin_snapshot(zxid); }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    recorded.session(id, timeout_ms);
  }
  void acl(std::int64_t key, AclList list) override { recorded.acl(key, std::move(list)); }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    const auto slash = path.rfind('/');
    if (slash != std::string_view::npos &&
        !recorded.nodes.contains(std::string(path.substr(0, slash)))) {
      return failure(fmt::format("znode {} cannot be placed", path));
    }
    return recorded.node(path, data, acl_key, stat);
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest> digest) override {
    return recorded.end_snapshot(digest);
  }
  Result<void> txn(const wire::TxnBytes& txn) override { return recorded.txn(txn); }
};

wire::StatPersisted stat_of(std::int64_t n) {
  return {.czxid = n,
          .mzxid = n + 1,
          .ctime = n + 2,
          .mtime = n + 3,
          .version = 4,
          .cversion = 5,
          .aversion = -1,
          .ephemeral_owner = INT64_MIN,
          .pzxid = n + 6};
}

Acls acls() {
  return {{1, std::make_shared<const AclList>(AclList{{31, {"world", "anyone"}}})},
          {2, std::make_shared<const AclList>()},
          {7, std::make_shared<const AclList>(
                  AclList{{1, {"digest", "a:b"}}, {2, {"ip", "1.2.3.4"}}})}};
}

std::string stream_of(int nodes) {
  const std::vector<SnapshotSession> sessions{{wire::SessionId(11), 4000},
                                              {wire::SessionId(-12), 30000}};
  base::ByteBuffer out;
  begin_snapshot_stream(sessions, acls(), out);
  append_snapshot_node("/", std::string_view(), -1, stat_of(0), out);
  append_snapshot_node("/null", std::nullopt, 7, stat_of(1), out);
  for (int i = 0; i < nodes; ++i) {
    append_snapshot_node(fmt::format("/null/n{}", i), std::string(static_cast<std::size_t>(i), 'x'),
                         1, stat_of(i), out);
  }
  end_snapshot_stream(out);
  return std::string(out.view());
}

// Hands over `pieces(left)` bytes at a time, keeping what the parser does not take. Answers the
// bytes taken in all.
template <typename Pieces>
std::size_t feed_all(SnapshotStreamParser& parser, std::string_view bytes, Pieces pieces) {
  std::size_t taken = 0;
  std::size_t offered = 0;
  while (offered < bytes.size()) {
    offered = std::min(bytes.size(), offered + pieces());
    const auto took = parser.feed(bytes.substr(taken, offered - taken));
    EXPECT_TRUE(took) << took.error().message;
    if (!took) break;
    taken += *took;
  }
  return taken;
}

void expect_content(const RecordingSink& sink, int nodes) {
  EXPECT_EQ(sink.snapshot_zxid, wire::Zxid(0x500000007));
  EXPECT_TRUE(sink.snapshot_ended);
  EXPECT_EQ(sink.digest, std::nullopt);
  EXPECT_EQ(sink.sessions, (std::map<std::int64_t, std::int32_t>{{11, 4000}, {-12, 30000}}));
  EXPECT_EQ(sink.acls.size(), 3u);
  EXPECT_EQ(sink.acls.at(7), *acls()[2].second);
  EXPECT_EQ(sink.nodes.size(), static_cast<std::size_t>(nodes + 2));
  EXPECT_EQ(sink.nodes.at("").data, "");
  EXPECT_EQ(sink.nodes.at("/null").data, std::nullopt);
  const auto& last = sink.nodes.at(fmt::format("/null/n{}", nodes - 1));
  EXPECT_EQ(last.data->size(), static_cast<std::size_t>(nodes - 1));
  EXPECT_EQ(last.stat, stat_of(nodes - 1));
  EXPECT_EQ(last.acl_key, 1);
}

TEST(SnapshotStreamTest, CutIntoPiecesOfEverySize) {
  const std::string bytes = stream_of(30);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    TreeLikeSink sink;
    SnapshotStreamParser parser(wire::Zxid(0x500000007), kLengthMax, sink);
    EXPECT_EQ(feed_all(parser, bytes, [&] { return size; }), bytes.size());
    ASSERT_TRUE(parser.done()) << size;
    EXPECT_EQ(parser.nodes(), 32);
    expect_content(sink.recorded, 30);
  }
}

TEST(SnapshotStreamTest, CutInTwoAtEveryByte) {
  const std::string bytes = stream_of(30);
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    TreeLikeSink sink;
    SnapshotStreamParser parser(wire::Zxid(0x500000007), kLengthMax, sink);
    const auto first = parser.feed(std::string_view(bytes).substr(0, at));
    ASSERT_TRUE(first);
    ASSERT_EQ(parser.done(), at == bytes.size());
    ASSERT_LE(*first, at);
    const auto second = parser.feed(std::string_view(bytes).substr(*first));
    ASSERT_TRUE(second) << second.error().message;
    ASSERT_EQ(*first + *second, bytes.size());
    expect_content(sink.recorded, 30);
  }
}

// Behind the snapshot the stream goes on with packets: not one byte of them is taken.
TEST(SnapshotStreamTest, BytesBehindTheEndAreLeft) {
  const std::string bytes = stream_of(3);
  TreeLikeSink sink;
  SnapshotStreamParser parser(wire::Zxid(0x500000007), kLengthMax, sink);
  EXPECT_EQ(parser.feed(bytes + std::string(100, '\7')), bytes.size());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.feed(std::string(100, '\7')), 0u);
}

TEST(SnapshotStreamTest, BeginsAtOnceAndEndsOnce) {
  RecordingSink sink;
  SnapshotStreamParser parser(wire::Zxid(9), kLengthMax, sink);
  EXPECT_EQ(sink.snapshots_begun, 1);
  EXPECT_EQ(parser.feed(""), 0u);
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(sink.snapshot_ended);
}

TEST(SnapshotStreamTest, GoldenBytes) {
  const std::vector<SnapshotSession> sessions{{wire::SessionId(0x300000000000001), 30000}};
  const Acls table{{1, std::make_shared<const AclList>(AclList{{31, {"world", "anyone"}}})}};
  base::ByteBuffer out;
  begin_snapshot_stream(sessions, table, out);
  append_snapshot_node("/", std::string_view(), -1, {}, out);
  append_snapshot_node("/a", std::nullopt, 1, {.czxid = 2, .version = 3, .pzxid = 4}, out);
  end_snapshot_stream(out);
  EXPECT_EQ(out.view(),
            from_hex("00000001 0300000000000001 00007530"
                     "00000001 0000000000000001 00000001 0000001f"
                     "00000005 776f726c64 00000006 616e796f6e65"
                     "00000000 00000000 ffffffffffffffff") +
                std::string(60, '\0') +
                from_hex("00000002 2f61 ffffffff 0000000000000001"
                         "0000000000000002 0000000000000000 0000000000000000 0000000000000000"
                         "00000003 00000000 00000000 0000000000000000 0000000000000004"
                         "00000001 2f 0000000a 42656e576173486572 65"));
}

// A snapshot file is this stream with a header and seals around it.
TEST(SnapshotStreamTest, SameBytesAsInASnapshotFile) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.create_dirs("/d"));
  const std::vector<SnapshotSession> sessions{{wire::SessionId(11), 4000}};
  SnapshotWriter writer(disk, {.dir = "/d"}, wire::Zxid(5), sessions, acls());
  base::ByteBuffer out;
  begin_snapshot_stream(sessions, acls(), out);
  writer.node("/", "data", -1, stat_of(3));
  append_snapshot_node("/", "data", -1, stat_of(3), out);
  const auto file = writer.finish(std::nullopt, wire::Zxid(5));
  ASSERT_TRUE(file);
  EXPECT_EQ(disk.content(file->path).substr(16, out.size()), out.view());
}

TEST(SnapshotStreamTest, NoSessionsNoAcls) {
  base::ByteBuffer out;
  begin_snapshot_stream({}, {}, out);
  append_snapshot_node("/", std::nullopt, -1, {}, out);
  end_snapshot_stream(out);
  TreeLikeSink sink;
  SnapshotStreamParser parser(wire::Zxid(1), kLengthMax, sink);
  EXPECT_EQ(parser.feed(out.view()), out.size());
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(sink.recorded.nodes.size(), 1u);
}

// ---- hostile

std::string refusal(std::string_view bytes) {
  TreeLikeSink sink;
  SnapshotStreamParser parser(wire::Zxid(0x10), kLengthMax, sink);
  const auto taken = parser.feed(bytes);
  EXPECT_FALSE(taken);
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(sink.recorded.snapshot_ended);
  return taken ? "" : taken.error().message;
}
const std::string kNoSessionsNoAcls(8, '\0');
const std::string kRoot = from_hex("00000000 ffffffff ffffffffffffffff") + std::string(60, '\0');

TEST(SnapshotStreamTest, WrongCountsAreNamed) {
  EXPECT_EQ(refusal(from_hex("ffffffff")),
            "snapshot of zxid 0x10: number of sessions: -1 sessions");
  EXPECT_EQ(refusal(from_hex("00000000 80000000")),
            "snapshot of zxid 0x10: number of ACLs: -2147483648 ACLs");
}

// Before the bytes that such a length promises have come: nobody waits for them.
TEST(SnapshotStreamTest, WrongLengthsAreNamedAtOnce) {
  EXPECT_EQ(refusal(kNoSessionsNoAcls + kRoot + from_hex("00001389")),
            "snapshot of zxid 0x10: node 1: unreasonable length 5001");
  EXPECT_EQ(refusal(kNoSessionsNoAcls + from_hex("fffffffe")),
            "snapshot of zxid 0x10: node 0: unreasonable length -2");
  EXPECT_EQ(refusal(kNoSessionsNoAcls + kRoot + from_hex("00000002 2f61 7fffffff")),
            "snapshot of zxid 0x10: node 1: unreasonable length 2147483647");
  EXPECT_EQ(refusal(from_hex("00000000 00000001 0000000000000001 00000001 0000001f 00ffffff")),
            "snapshot of zxid 0x10: ACL 0: unreasonable length 16777215");
}

TEST(SnapshotStreamTest, AnAclWithoutEndIsRefused) {
  std::string bytes = from_hex("00000000 00000001 0000000000000001 7fffffff");
  for (int i = 0; i < 1000; ++i) bytes += from_hex("0000001f 00000002 6970 00000001 31");
  EXPECT_EQ(refusal(bytes), "snapshot of zxid 0x10: ACL 0: an ACL of more than 5000 bytes");
}

TEST(SnapshotStreamTest, ANullPathIsRefused) {
  EXPECT_EQ(refusal(kNoSessionsNoAcls + from_hex("ffffffff")),
            "snapshot of zxid 0x10: node 0: a null path");
}

TEST(SnapshotStreamTest, APathWithoutParentIsRefused) {
  base::ByteBuffer out;
  append_snapshot_node("/a/b", std::nullopt, -1, {}, out);
  EXPECT_EQ(refusal(kNoSessionsNoAcls + kRoot + std::string(out.view())),
            "snapshot of zxid 0x10: node 1: znode /a/b cannot be placed");
}

TEST(SnapshotStreamTest, AWrongSignatureIsRefused) {
  const std::string end = kNoSessionsNoAcls + kRoot + from_hex("00000001 2f");
  EXPECT_EQ(refusal(end + from_hex("0000000a") + "BenWasThere"),
            "snapshot of zxid 0x10: signature: not BenWasHere");
  EXPECT_EQ(refusal(end + from_hex("ffffffff")),
            "snapshot of zxid 0x10: signature: -1 bytes long, not 10");
}

TEST(SnapshotStreamTest, MutatedStreamsNeverCrashTheParser) {
  const std::string good = stream_of(20);
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    base::Prng prng(seed);
    std::string bytes = good;
    for (auto n = 1 + prng.below(6); n > 0; --n) {
      bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
    }
    TreeLikeSink sink;
    SnapshotStreamParser parser(wire::Zxid(1), kLengthMax, sink);
    const auto taken = parser.feed(bytes);
    if (!taken) ++refused;
    EXPECT_LE(taken.value_or(0), bytes.size());
    EXPECT_EQ(sink.recorded.snapshot_ended, taken && parser.done());
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace drover::storage
