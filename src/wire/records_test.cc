// Goal: every record survives encode and decode; every cut of it is noticed; no bytes make a
// decoder misbehave. Method: one example of each record with nulls, empties and extremes; all
// prefixes; seeded mutations (the sanitizer presets watch).

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/prng.h"
#include "wire/client_records.h"
#include "wire/txn_records.h"

namespace drover::wire {
namespace {

// A record as bytes, and its decoder followed by its encoder.
struct Example {
  std::string name;
  std::string bytes;
  std::function<std::string(JuteReader&)> recode;
  bool may_end_early = false;  // has optional fields at its end
};

template <typename Record, typename Encode, typename Decode>
Example example(std::string name, const Record& record, Encode encode, Decode decode) {
  const auto to_bytes = [encode](const Record& r) {
    base::ByteBuffer buffer;
    JuteWriter out(buffer);
    encode(r, out);
    return std::string(buffer.view());
  };
  return {std::move(name), to_bytes(record),
          [to_bytes, decode](JuteReader& in) { return to_bytes(decode(in)); }};
}
template <typename Record>
Example plain(std::string name, const Record& record) {
  return example(
      std::move(name), record, [](const Record& r, JuteWriter& out) { r.encode(out); },
      [](JuteReader& in) { return Record::decode(in); });
}

Example create_txn(OpCode type, const CreateTxn& txn) {
  auto result = example(
      std::string(op_name(type)) + "Txn", txn,
      [type](const CreateTxn& t, JuteWriter& out) { t.encode(type, out); },
      [type](JuteReader& in) { return CreateTxn::decode(type, in); });
  result.may_end_early = type == OpCode::kCreate;
  return result;
}

std::vector<Example> examples() {
  const std::string password(16, 'p');
  const std::vector<AclView> acl{
      {31, "world", "anyone"}, {-1, std::nullopt, ""}, {0, "auth", std::nullopt}};
  const CreateRequest create{
      .path = "/a", .data = std::nullopt, .acl = acl, .flags = 3, .ttl_ms = 77};
  const SetWatchesRequest watches{.relative_zxid = Zxid(5),
                                  .data = {{"/a", std::nullopt, ""}},
                                  .exist = std::nullopt,
                                  .child = std::vector<NullableBytes>{},
                                  .persistent = {{"/p"}},
                                  .persistent_recursive = {{"/r"}}};
  const CreateTxn txn{.path = "/a/b",
                      .data = "data",
                      .acl = {{31, "digest", "u:h"}},
                      .ephemeral = true,
                      .parent_cversion = INT32_MIN,
                      .ttl_ms = 0xffffffffff};
  CreateTxn no_ttl = txn;
  no_ttl.ttl_ms = 0;
  CreateTxn container = no_ttl;
  container.ephemeral = false;
  CreateTxn with_ttl = txn;
  with_ttl.ephemeral = false;

  std::vector<Example> all;
  all.push_back(plain("ConnectRequest", ConnectRequest{1, Zxid(INT64_MAX), -1, SessionId(INT64_MIN),
                                                       password, true}));
  all.back().may_end_early = true;
  all.push_back(plain("ConnectResponse", ConnectResponse{9000, SessionId(-1), password, true}));
  all.back().may_end_early = true;
  all.push_back(plain("RequestHeader", RequestHeader{INT32_MIN, OpCode::kAddWatch}));
  all.push_back(plain("ReplyHeader", ReplyHeader{1, Zxid(-1), ErrorCode::kThrottledOp}));
  for (const bool with_persistent : {false, true}) {
    all.push_back(example(
        "SetWatchesRequest", watches,
        [=](const SetWatchesRequest& r, JuteWriter& out) { r.encode(out, with_persistent); },
        [=](JuteReader& in) { return SetWatchesRequest::decode(in, with_persistent); }));
    all.push_back(example(
        "CreateRequest", create,
        [=](const CreateRequest& r, JuteWriter& out) { r.encode(out, with_persistent); },
        [=](JuteReader& in) { return CreateRequest::decode(in, with_persistent); }));
  }
  all.push_back(plain("PathVersionRequest", PathVersionRequest{std::nullopt, 5}));
  all.push_back(plain("SetDataRequest", SetDataRequest{"/a", "", -1}));
  all.push_back(plain("SetAclRequest", SetAclRequest{"/a", std::nullopt, 0}));
  all.push_back(plain("PathWatchRequest", PathWatchRequest{"", true}));
  all.push_back(plain("PathModeRequest", PathModeRequest{"/x", -7}));
  all.push_back(plain("AuthRequest", AuthRequest{0, "digest", std::nullopt}));
  all.push_back(plain("MultiHeader", MultiHeader{OpCode::kError, true, -1}));
  all.push_back(
      plain("WatcherEvent", WatcherEvent{EventType::kNodeDeleted, KeeperState::kExpired, "/gone"}));
  all.push_back(plain("TxnHeader", TxnHeader{SessionId(1), 2, Zxid(3), {4}, OpCode::kMulti}));
  all.push_back(plain("TxnDigest", TxnDigest{2, UINT64_MAX}));
  all.push_back(create_txn(OpCode::kCreate, no_ttl));
  all.push_back(create_txn(OpCode::kCreate2, no_ttl));
  all.push_back(create_txn(OpCode::kCreateContainer, container));
  all.push_back(create_txn(OpCode::kCreateTtl, with_ttl));
  all.push_back(plain("DeleteTxn", DeleteTxn{"/a"}));
  all.push_back(plain("SetDataTxn", SetDataTxn{"/a", std::nullopt, -1}));
  all.push_back(plain("SetAclTxn", SetAclTxn{"/a", {{1, "ip", "::1"}}, 2}));
  all.push_back(plain("CheckTxn", CheckTxn{"/a", 3}));
  all.push_back(plain("ErrorTxn", ErrorTxn{ErrorCode::kNoNode}));
  all.push_back(plain("CreateSessionTxn", CreateSessionTxn{30000}));
  all.push_back(plain("CloseSessionTxn", CloseSessionTxn{{"/a", "/b"}, true}));
  all.back().may_end_early = true;
  all.push_back(plain("MultiTxn", MultiTxn{{{OpCode::kDelete, "x"}, {OpCode::kError, ""}}}));
  return all;
}

TEST(RecordsTest, SurviveEncodeAndDecode) {
  for (const Example& record : examples()) {
    JuteReader in(record.bytes);
    EXPECT_EQ(record.recode(in), record.bytes) << record.name;
    EXPECT_TRUE(in.ok()) << record.name;
    EXPECT_EQ(in.remaining(), 0u) << record.name;
  }
}

TEST(RecordsTest, EveryCutIsNoticed) {
  for (const Example& record : examples()) {
    for (std::size_t size = 0; size < record.bytes.size(); ++size) {
      JuteReader in(std::string_view(record.bytes).substr(0, size));
      record.recode(in);
      EXPECT_TRUE(!in.ok() || record.may_end_early) << record.name << " cut to " << size;
    }
  }
}

TEST(RecordsTest, BytesAfterTheRecordAreLeftAlone) {
  for (const Example& record : examples()) {
    const std::string longer = record.bytes + "tail";
    JuteReader in(longer);
    record.recode(in);
    EXPECT_TRUE(in.ok()) << record.name;
    EXPECT_EQ(in.rest(), "tail") << record.name;
  }
}

TEST(RecordsTest, NoBytesMakeADecoderMisbehave) {
  base::Prng prng(1);
  for (const Example& record : examples()) {
    for (int round = 0; round < 3000; ++round) {
      std::string bytes = record.bytes;
      for (auto flips = 1 + prng.below(4); flips > 0; --flips) {
        bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
      }
      if (prng.chance(1, 4)) bytes.resize(prng.below(bytes.size() + 1));
      JuteReader in(bytes);
      const std::string again = record.recode(in);
      // Whatever was read cannot be longer than what was there, plus fields left out at the end.
      EXPECT_LE(again.size(), bytes.size() + 128) << record.name;
    }
  }
}

TEST(RecordsTest, AHugeCountWithoutElementsTakesNoMemory) {
  const std::string_view huge("\x7f\xff\xff\xff", 4);
  JuteReader acl(huge);
  EXPECT_LE(decode_acl(acl)->size(), 1u);
  EXPECT_FALSE(acl.ok());
  JuteReader multi(huge);
  EXPECT_LE(MultiTxn::decode(multi).ops.size(), 1u);
  EXPECT_FALSE(multi.ok());
  JuteReader paths(huge);
  EXPECT_LE(CloseSessionTxn::decode(paths).paths.size(), 1u);
  EXPECT_FALSE(paths.ok());
}

TEST(CreateTxnTest, WithoutParentCversionMeansTheParentsPlusOne) {
  base::ByteBuffer buffer;
  JuteWriter out(buffer);
  CreateTxn{.path = "/a", .data = "x", .acl = {}, .parent_cversion = 7}.encode(OpCode::kCreate,
                                                                               out);
  JuteReader in(buffer.view().substr(0, buffer.size() - 4));
  EXPECT_EQ(CreateTxn::decode(OpCode::kCreate, in).parent_cversion, -1);
  EXPECT_TRUE(in.ok());
}

TEST(CloseSessionTxnTest, WithoutARecordTheDigestIsNotAPathVector) {
  const std::string_view digest("\0\0\0\2\0\0\0\0\x51\xc6\xd6\x60", 12);
  JuteReader bare(digest);
  EXPECT_FALSE(CloseSessionTxn::decode(bare).has_paths);
  EXPECT_EQ(bare.remaining(), TxnDigest::kSize);
  JuteReader nothing("");
  EXPECT_FALSE(CloseSessionTxn::decode(nothing).has_paths);
  EXPECT_TRUE(nothing.ok());
  const std::string with_record = std::string(4, '\0') + std::string(digest);
  JuteReader full(with_record);
  const auto txn = CloseSessionTxn::decode(full);
  EXPECT_TRUE(txn.has_paths);
  EXPECT_TRUE(txn.paths.empty());
  EXPECT_EQ(full.remaining(), TxnDigest::kSize);
}

TEST(ZxidTest, EpochAndCounter) {
  const Zxid zxid = Zxid::of(5, 2);
  EXPECT_EQ(zxid.value, 0x500000002);
  EXPECT_EQ(zxid.epoch(), 5);
  EXPECT_EQ(zxid.counter(), 2);
  EXPECT_EQ(zxid.next(), Zxid::of(5, 3));
  EXPECT_LT(Zxid::of(4, 0xffffffff), Zxid::of(5, 0));
}

TEST(OpCodeTest, Names) {
  EXPECT_EQ(op_name(OpCode::kCreateTtl), "createTTL");
  EXPECT_EQ(op_name(OpCode::kCloseSession), "closeSession");
  EXPECT_EQ(op_name(static_cast<OpCode>(888)), "unknown");
}

}  // namespace
}  // namespace drover::wire
