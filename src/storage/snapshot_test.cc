// Snapshots, written and read back. Method: round trips in every compression, the golden bytes of a
// real Apache 3.8.0 (and the part that 3.9 adds), then damage of every kind to the bytes between
// the two.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "storage/memory_disk.h"
#include "storage/snapshot_reader.h"
#include "storage/snapshot_writer.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using ::testing::ElementsAre;
using testing::from_hex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RecordingSink;
using Digest = RestoreSink::SnapshotDigest;
using Acls = std::vector<std::pair<std::int64_t, std::shared_ptr<const AclList>>>;

constexpr std::int32_t kLengthMax = 100000;

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

// What the section 18 snapshot of a fresh Apache 3.8.0 holds up to its first seal.
std::string empty_tree(std::string_view trailer) {
  std::string bytes = from_hex(
      "5a4b534e 00000002 ffffffffffffffff 00000000"
      "00000001 0000000000000001 00000001"
      "00000001 00000005 776f726c64 00000006 616e796f6e65"
      "00000000 00000000 ffffffffffffffff");
  bytes += std::string(60, '\0');
  for (const std::string_view path : {"/zookeeper", "/zookeeper/config", "/zookeeper/quota"}) {
    base::ByteBuffer node;
    wire::JuteWriter out(node);
    out.write_string(path);
    out.write_string("");
    out.write_long(path == "/zookeeper/config" ? 1 : -1);
    bytes += node.view();
    std::string stat(60, '\0');
    if (path == "/zookeeper/config") stat.replace(40, 4, "\xff\xff\xff\xff");
    bytes += stat;
  }
  return bytes + from_hex("000000012f") + from_hex(trailer);
}
constexpr std::string_view kSeal1 = "00000000b8a23b49 000000012f";
constexpr std::string_view kDigestPart =
    "0000000000000000 00000002 0000000000000000 0000000095b93d59 000000012f";
constexpr std::string_view kLastZxidPart = "0000000000000000 00000000bde83f6d 000000012f";

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() { EXPECT_TRUE(disk_.create_dirs("/data")); }

  static Acls acls() {
    return {{1, std::make_shared<const AclList>(AclList{{31, {"world", "anyone"}}})},
            {7, std::make_shared<const AclList>(
                    AclList{{1, {"digest", "a:b"}}, {2, {"ip", "1.2.3.4"}}})}};
  }
  // A root, a null, an empty, and `nodes` with data; in slices.
  Result<SnapshotFile> write(std::int64_t zxid, Compression compression = Compression::kNone,
                             int nodes = 100, std::optional<Digest> digest = kDigest) {
    const std::vector<SnapshotSession> sessions{{wire::SessionId(11), 4000},
                                                {wire::SessionId(-12), 30000}};
    SnapshotWriter writer(disk_, {.dir = "/data", .compression = compression}, wire::Zxid(zxid),
                          sessions, acls());
    writer.node("/", std::string_view(), -1, stat_of(0));
    writer.node("/null", std::nullopt, 7, stat_of(1));
    writer.node("/empty", std::string_view(), 1, stat_of(2));
    for (int i = 0; i < nodes; ++i) {
      writer.node(fmt::format("/n{}", i), fmt::format("data {}", i * 7919), 1, stat_of(i));
      if (writer.buffered() > 1000) {
        if (auto done = writer.flush(); !done) return std::unexpected(done.error());
      }
    }
    return writer.finish(digest, wire::Zxid(0x1d));
  }
  Result<SnapshotContent> read(const std::string& name) {
    sink_ = RecordingSink();
    return read_snapshot(disk_, "/data", *parse_snapshot_name(name), kLengthMax, sink_);
  }
  std::string refusal(const std::string& name) {
    const auto content = read(name);
    EXPECT_FALSE(content);
    EXPECT_FALSE(sink_.snapshot_ended);
    return content ? "" : content.error().message;
  }

  static constexpr Digest kDigest{wire::Zxid(0x1d), {2, 0x123456789abcdef0}};
  MemoryDisk disk_;
  RecordingSink sink_;
};

class SnapshotCompressionTest : public SnapshotTest,
                                public ::testing::WithParamInterface<Compression> {};

TEST_P(SnapshotCompressionTest, RoundTrip) {
  const auto file = write(0x1c, GetParam(), 5000);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->path, "/data/snapshot.1c" + std::string(suffix(GetParam())));
  EXPECT_EQ(file->bytes, disk_.content(file->path).size());
  EXPECT_EQ(file->nodes, 5003);
  EXPECT_EQ(disk_.list("/data")->size(), 1u);

  const auto content = read("snapshot.1c" + std::string(suffix(GetParam())));
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->nodes, 5003);
  EXPECT_EQ(content->sessions, 2);
  EXPECT_EQ(content->last_zxid, wire::Zxid(0x1d));
  EXPECT_EQ(sink_.snapshot_zxid, wire::Zxid(0x1c));
  EXPECT_TRUE(sink_.snapshot_ended);
  EXPECT_EQ(sink_.digest->zxid, kDigest.zxid);
  EXPECT_EQ(sink_.digest->digest.tree_digest, kDigest.digest.tree_digest);
  EXPECT_EQ(sink_.sessions, (std::map<std::int64_t, std::int32_t>{{11, 4000}, {-12, 30000}}));
  EXPECT_EQ(sink_.acls.at(7), *acls()[1].second);
  EXPECT_EQ(sink_.nodes.at("").acl_key, -1);
  EXPECT_EQ(sink_.nodes.at("/null").data, std::nullopt);
  EXPECT_EQ(sink_.nodes.at("/empty").data, "");
  EXPECT_EQ(sink_.nodes.at("/n4999").data, "data 39587081");
  EXPECT_EQ(sink_.nodes.at("/n4999").stat, stat_of(4999));
}

TEST_P(SnapshotCompressionTest, EveryCutIsRefused) {
  ASSERT_TRUE(write(5, GetParam(), 20));
  const std::string name = snapshot_name(wire::Zxid(5), GetParam());
  const std::string good = disk_.content("/data/" + name);
  for (std::size_t size = 0; size < good.size(); ++size) {
    disk_.put("/data/" + name, good.substr(0, size));
    const auto content = read(name);
    // Without the parts that older writers did not know, an uncompressed file is whole.
    const bool older =
        GetParam() == Compression::kNone && (size == good.size() - 21 || size == good.size() - 54);
    EXPECT_EQ(content.has_value(), older) << size;
  }
}

TEST_P(SnapshotCompressionTest, NoFlippedByteChangesWhatIsRead) {
  ASSERT_TRUE(write(5, GetParam(), 20));
  const std::string name = snapshot_name(wire::Zxid(5), GetParam());
  const std::string good = disk_.content("/data/" + name);
  ASSERT_TRUE(read(name));
  const auto nodes = sink_.nodes;
  const auto acls = sink_.acls;
  const auto sessions = sink_.sessions;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
    disk_.put("/data/" + name, bytes);
    if (!read(name)) {
      ++refused;
      continue;
    }
    // Nothing covers the last seal's string, gzip's time and system, or which copy snappy refers
    // to.
    EXPECT_EQ(sink_.nodes, nodes) << at;
    EXPECT_EQ(sink_.acls, acls) << at;
    EXPECT_EQ(sink_.sessions, sessions) << at;
  }
  EXPECT_GT(refused, good.size() * 8 / 10);
}

TEST_P(SnapshotCompressionTest, MutatedFilesNeverCrashTheReader) {
  ASSERT_TRUE(write(5, GetParam(), 50));
  const std::string name = snapshot_name(wire::Zxid(5), GetParam());
  const std::string good = disk_.content("/data/" + name);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    base::Prng prng(seed);
    std::string bytes = good;
    for (auto n = prng.below(8); n > 0; --n)
      bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
    if (prng.chance(1, 4)) bytes.resize(prng.below(bytes.size()));
    if (prng.chance(1, 4)) bytes += std::string(prng.below(100), 'x');
    disk_.put("/data/" + name, bytes);
    const auto content = read(name);
    EXPECT_EQ(content.has_value(), sink_.snapshot_ended);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SnapshotCompressionTest,
                         ::testing::Values(Compression::kNone, Compression::kGzip,
                                           Compression::kSnappy),
                         [](const auto& test) {
                           return test.param == Compression::kNone   ? "None"
                                  : test.param == Compression::kGzip ? "Gzip"
                                                                     : "Snappy";
                         });

// ---- golden bytes

TEST_F(SnapshotTest, GoldenEmptyTreeHasApachesSize) {
  EXPECT_EQ(empty_tree(kSeal1).size(), 424u);
}

// Apache writes nodes in hash order; here /zookeeper/config stands before quota, which makes its
// seal.
TEST_F(SnapshotTest, GoldenEmptyTreeWithEveryTrailer) {
  const std::string nodes = empty_tree("");
  const std::string with_seal = empty_tree(kSeal1);
  if (::adler32(1, reinterpret_cast<const Bytef*>(nodes.data()), static_cast<uInt>(nodes.size())) !=
      0xb8a23b49) {
    GTEST_FAIL() << "the order of nodes is not the one of the golden file";
  }
  const std::string digest = from_hex(kDigestPart);
  const std::string last = from_hex(kLastZxidPart);
  disk_.put("/data/snapshot.0", with_seal);
  EXPECT_EQ(read("snapshot.0")->last_zxid, std::nullopt);
  disk_.put("/data/snapshot.0", with_seal + digest);
  EXPECT_EQ((with_seal + digest).size(), 457u);
  EXPECT_EQ(read("snapshot.0")->digest, std::nullopt);  // all zeros mean none
  disk_.put("/data/snapshot.0", with_seal + digest + last);
  EXPECT_EQ((with_seal + digest + last).size(), 478u);
  EXPECT_EQ(read("snapshot.0")->last_zxid, wire::Zxid(0));
  EXPECT_EQ(sink_.nodes.at("/zookeeper/config").stat.aversion, -1);
  EXPECT_EQ(sink_.nodes.at("").acl_key, -1);
}

TEST_F(SnapshotTest, GoldenEmptyTreeIsWritten) {
  const Acls table{{1, std::make_shared<const AclList>(AclList{{1, {"world", "anyone"}}})}};
  SnapshotWriter writer(disk_, {.dir = "/data"}, wire::Zxid(0), {}, table);
  writer.node("/", std::string_view(), -1, {});
  writer.node("/zookeeper", std::string_view(), -1, {});
  writer.node("/zookeeper/config", std::string_view(), 1, {.aversion = -1});
  writer.node("/zookeeper/quota", std::string_view(), -1, {});
  ASSERT_TRUE(writer.finish(std::nullopt, wire::Zxid(0)));
  EXPECT_EQ(disk_.content("/data/snapshot.0"),
            empty_tree(kSeal1) + from_hex(kDigestPart) + from_hex(kLastZxidPart));
}

// ---- trailer

// Rebuilds the parts behind the nodes, each with its right seal.
std::string reseal(std::string bytes, const std::vector<std::string>& parts) {
  for (const auto& part : parts) {
    bytes += part;
    base::ByteBuffer seal;
    wire::JuteWriter out(seal);
    out.write_long(static_cast<std::int64_t>(::adler32(
        1, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))));
    out.write_string("/");
    bytes += seal.view();
  }
  return bytes;
}

TEST_F(SnapshotTest, LastZxidWithoutDigest) {
  disk_.put("/data/snapshot.0", reseal(empty_tree(""), {"", from_hex("0000000500000001")}));
  const auto content = read("snapshot.0");
  ASSERT_TRUE(content);
  EXPECT_EQ(content->last_zxid, wire::Zxid(0x500000001));
  EXPECT_EQ(content->digest, std::nullopt);
}

TEST_F(SnapshotTest, DigestOfTheFirstVersionIsSkipped) {
  const std::string old = from_hex("0000000000000007 00000001 00000008") + "deadbeef";
  disk_.put("/data/snapshot.0", reseal(empty_tree(""), {"", old}));
  EXPECT_EQ(read("snapshot.0")->digest, std::nullopt);
  disk_.put("/data/snapshot.0", reseal(empty_tree(""), {"", old, from_hex("0000000000000009")}));
  EXPECT_EQ(read("snapshot.0")->last_zxid, wire::Zxid(9));
}

TEST_F(SnapshotTest, DigestOfALaterVersionIsSkipped) {
  disk_.put("/data/snapshot.0",
            reseal(empty_tree(""), {"", from_hex("0000000000000007 00000003 1111111111111111")}));
  EXPECT_EQ(read("snapshot.0")->digest, std::nullopt);
}

TEST_F(SnapshotTest, BytesBehindTheEndAreRefused) {
  ASSERT_TRUE(write(5));
  const std::string good = disk_.content("/data/snapshot.5");
  disk_.put("/data/snapshot.5", good + "x");
  EXPECT_THAT(refusal("snapshot.5"), HasSubstr("/data/snapshot.5"));
  disk_.put("/data/snapshot.5", good + std::string(5000, '\0'));
  EXPECT_THAT(refusal("snapshot.5"), HasSubstr("bytes follow the end"));
}

// ---- damage by name

TEST_F(SnapshotTest, WrongMagic) {
  disk_.put("/data/snapshot.0", "ZKLG" + empty_tree(kSeal1).substr(4));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("magic ZKSN is missing"));
}

TEST_F(SnapshotTest, WrongSealNamesFileAndOffset) {
  std::string bytes = empty_tree(kSeal1);
  bytes[100] = 'x';
  disk_.put("/data/snapshot.0", bytes);
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("/data/snapshot.0: at byte 419: CRC corruption"));
}

TEST_F(SnapshotTest, UnreasonableLength) {
  disk_.put("/data/snapshot.0",
            from_hex("5a4b534e 00000002 ffffffffffffffff 00000000 00000000 7fffffff"));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("unreasonable length 2147483647"));
}

TEST_F(SnapshotTest, HugeCountsEndWithTheFile) {
  const std::string header = from_hex("5a4b534e 00000002 ffffffffffffffff");
  disk_.put("/data/snapshot.0", header + from_hex("7fffffff 0000000000000001 00000010"));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("ends too early"));
  disk_.put("/data/snapshot.0", header + from_hex("00000000 7fffffff 0000000000000001 00000000"));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("ends too early"));
  disk_.put("/data/snapshot.0", header + from_hex("00000000 00000001 0000000000000001 7fffffff"));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("an ACL of 2147483647 entries"));
  disk_.put("/data/snapshot.0", header + from_hex("ffffffff"));
  EXPECT_THAT(refusal("snapshot.0"), HasSubstr("negative number of sessions"));
}

TEST_F(SnapshotTest, GarbageInsteadOfACompressedStream) {
  disk_.put("/data/snapshot.0.gz", empty_tree(kSeal1));
  EXPECT_THAT(refusal("snapshot.0.gz"), HasSubstr("damaged gzip stream"));
  disk_.put("/data/snapshot.0.snappy", empty_tree(kSeal1));
  EXPECT_THAT(refusal("snapshot.0.snappy"), HasSubstr("not a snappy-java stream"));
}

TEST_F(SnapshotTest, SnappyBlockThatClaimsGigabytes) {
  ASSERT_TRUE(write(5, Compression::kSnappy));
  std::string bytes = disk_.content("/data/snapshot.5.snappy");
  bytes.replace(20, 5, "\xff\xff\xff\xff\x0f");  // the block's varint length: 4 GiB - 1
  disk_.put("/data/snapshot.5.snappy", bytes);
  EXPECT_THAT(refusal("snapshot.5.snappy"), HasSubstr("damaged snappy stream"));
}

// ---- writer

TEST_F(SnapshotTest, UnfinishedWriterLeavesNothing) {
  {
    SnapshotWriter writer(disk_, {.dir = "/data"}, wire::Zxid(5), {}, {});
    writer.node("/", std::nullopt, -1, {});
    ASSERT_TRUE(writer.flush());
    EXPECT_THAT(*disk_.list("/data"), ElementsAre("tmp.snapshot.5"));
  }
  EXPECT_THAT(*disk_.list("/data"), IsEmpty());
}

TEST_F(SnapshotTest, SameZxidReplaces) {
  ASSERT_TRUE(write(5, Compression::kNone, 3));
  ASSERT_TRUE(write(5, Compression::kNone, 4));
  EXPECT_EQ(read("snapshot.5")->nodes, 7);
}

TEST_F(SnapshotTest, FullDiskIsAnErrorAndLeavesNoSnapshot) {
  disk_.set_free_bytes(3000);
  const auto file = write(5);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("No space left on device"));
  EXPECT_THAT(*disk_.list("/data"), IsEmpty());
}

TEST_F(SnapshotTest, CrashAtEveryCallLeavesAWholeSnapshotOrNone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::int64_t call = 1; call < 20; ++call) {
      base::Prng prng(seed * 100 + static_cast<std::uint64_t>(call));
      disk_.fail_at(call);
      const auto file = write(5, Compression::kNone, 30);
      disk_.crash(prng);
      const bool there = *disk_.exists("/data/snapshot.5");
      EXPECT_TRUE(there || !file);
      if (there) {
        EXPECT_TRUE(read("snapshot.5"));
        EXPECT_TRUE(disk_.remove("/data/snapshot.5"));
      }
    }
  }
}

}  // namespace
}  // namespace drover::storage
