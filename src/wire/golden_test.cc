// Goal: our bytes are ZooKeeper's bytes.
// Method: frames captured from Apache ZooKeeper 3.10-SNAPSHOT, log and records captured from 3.8.0;
// each is decoded, looked at, encoded again and compared.

#include <gtest/gtest.h>

#include <string>

#include "wire/client_records.h"
#include "wire/txn_records.h"

namespace drover::wire {
namespace {

// Bytes from hex; blanks are for reading only.
std::string bytes(std::string_view hex) {
  std::string result;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      result += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  return result;
}

template <typename Record, typename... More>
std::string encoded(const Record& record, More... more) {
  base::ByteBuffer buffer;
  JuteWriter out(buffer);
  record.encode(out, more...);
  return std::string(buffer.view());
}

TEST(GoldenTest, ConnectRequest) {
  const std::string frame = bytes(
      "00000000 0000000000000000 00002710 0000000000000000 00000010 "
      "00000000000000000000000000000000 00");
  JuteReader in(frame);
  const auto r = ConnectRequest::decode(in);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(r.timeout_ms, 10000);
  EXPECT_EQ(r.session_id, SessionId(0));
  EXPECT_EQ(r.password, std::string(16, '\0'));
  EXPECT_EQ(r.read_only, false);
  EXPECT_EQ(encoded(r), frame);
}

TEST(GoldenTest, ConnectRequestOfAnOldClientHasNoReadOnly) {
  const std::string frame = bytes(
      "00000000 0000000000000000 00002710 0000000000000000 00000010 "
      "00000000000000000000000000000000");
  JuteReader in(frame);
  const auto r = ConnectRequest::decode(in);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(r.read_only, std::nullopt);
  EXPECT_EQ(encoded(r), frame);
}

TEST(GoldenTest, ConnectResponse) {
  const std::string frame =
      bytes("00000000 00002710 01000023f2bd0032 00000010 24f33f8cf2287fac8804679c5e6a8745 00");
  JuteReader in(frame);
  const auto r = ConnectResponse::decode(in);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(r.session_id, SessionId(0x01000023f2bd0032));
  EXPECT_EQ(encoded(r), frame);
  EXPECT_EQ(frame.size(), 37u);
}

TEST(GoldenTest, RefusedReattach) {
  const std::string zeros(kPasswordSize, '\0');
  EXPECT_EQ(
      encoded(ConnectResponse{0, SessionId(0), zeros, false}),
      bytes("00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00"));
}

TEST(GoldenTest, Ping) {
  EXPECT_EQ(encoded(RequestHeader{xid::kPing, OpCode::kPing}), bytes("fffffffe 0000000b"));
  EXPECT_EQ(encoded(ReplyHeader{xid::kPing, Zxid(0x8eb), ErrorCode::kOk}),
            bytes("fffffffe 00000000000008eb 00000000"));
}

TEST(GoldenTest, ExistsWithWatchOfAMissingZnode) {
  EXPECT_EQ(encoded(RequestHeader{1, OpCode::kExists}) + encoded(PathWatchRequest{"/g", true}),
            bytes("00000001 00000003 00000002 2f67 01"));
  EXPECT_EQ(encoded(ReplyHeader{1, Zxid(0x8eb), ErrorCode::kNoNode}),
            bytes("00000001 00000000000008eb ffffff9b"));
}

TEST(GoldenTest, Create) {
  const std::string frame = bytes(
      "00000002 00000001 00000002 2f67 00000002 6869 00000001 0000001f 00000005 776f726c64 "
      "00000006 "
      "616e796f6e65 00000000");
  JuteReader in(frame);
  EXPECT_EQ(RequestHeader::decode(in).op, OpCode::kCreate);
  const auto r = CreateRequest::decode(in, false);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(r.path, "/g");
  EXPECT_EQ(r.data, "hi");
  ASSERT_TRUE(r.acl && r.acl->size() == 1);
  EXPECT_EQ((*r.acl)[0].perms, perms::kAll);
  EXPECT_EQ((*r.acl)[0].id, "anyone");
  EXPECT_EQ(encoded(RequestHeader{2, OpCode::kCreate}) + encoded(r, false), frame);
}

TEST(GoldenTest, WatchEvent) {
  const std::string frame =
      bytes("ffffffff 00000000000008ec 00000000 00000001 00000003 00000002 2f67");
  EXPECT_EQ(encoded(ReplyHeader{xid::kNotification, Zxid(0x8ec), ErrorCode::kOk}) +
                encoded(WatcherEvent{EventType::kNodeCreated, KeeperState::kSyncConnected, "/g"}),
            frame);
}

TEST(GoldenTest, GetDataReply) {
  const std::string frame = bytes(
      "00000002 00000000000008ec 00000000 00000002 6869 00000000000008ec 00000000000008ec "
      "000001a1fda8bbd9 000001a1fda8bbd9 00000000 00000000 00000000 0000000000000000 00000002 "
      "00000000 "
      "00000000000008ec");
  JuteReader in(frame);
  const auto header = ReplyHeader::decode(in);
  EXPECT_EQ(header.zxid, Zxid(0x8ec));
  EXPECT_EQ(in.read_bytes(), "hi");
  const Stat stat = decode_stat(in);
  EXPECT_TRUE(in.ok() && in.remaining() == 0);
  EXPECT_EQ(stat, (Stat{.czxid = 0x8ec,
                        .mzxid = 0x8ec,
                        .ctime = 0x1a1fda8bbd9,
                        .mtime = 0x1a1fda8bbd9,
                        .version = 0,
                        .cversion = 0,
                        .aversion = 0,
                        .ephemeral_owner = 0,
                        .data_length = 2,
                        .num_children = 0,
                        .pzxid = 0x8ec}));
  base::ByteBuffer again;
  JuteWriter out(again);
  header.encode(out);
  out.write_string("hi");
  encode_stat(stat, out);
  EXPECT_EQ(again.view(), frame);
}

TEST(GoldenTest, AuthDigest) {
  const std::string frame =
      bytes("fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70");
  JuteReader in(frame);
  EXPECT_EQ(RequestHeader::decode(in).xid, xid::kAuth);
  const auto r = AuthRequest::decode(in);
  EXPECT_EQ(r.scheme, "digest");
  EXPECT_EQ(r.auth, "u:p");
  EXPECT_EQ(encoded(RequestHeader{xid::kAuth, OpCode::kAuth}) + encoded(r), frame);
}

TEST(GoldenTest, MultiOfCheckAndDelete) {
  EXPECT_EQ(
      encoded(RequestHeader{5, OpCode::kMulti}) + encoded(MultiHeader{OpCode::kCheck, false, -1}) +
          encoded(PathVersionRequest{"/g", 9}) + encoded(MultiHeader{OpCode::kDelete, false, -1}) +
          encoded(PathVersionRequest{"/g", -1}) + encoded(MultiHeader{OpCode::kError, true, -1}),
      bytes("00000005 0000000e 0000000d 00 ffffffff 00000002 2f67 00000009 00000002 00 ffffffff "
            "00000002 2f67 ffffffff ffffffff 01 ffffffff"));
}

TEST(GoldenTest, CloseSession) {
  EXPECT_EQ(encoded(RequestHeader{7, OpCode::kCloseSession}), bytes("00000007 fffffff5"));
}

TEST(GoldenTest, CreateSessionTxnInTheLog) {
  const std::string payload = bytes(
      "0100001af2be0000 00000000 0000000000000001 000001a1fd9353b1 fffffff6 00007530 00000002 "
      "0000000051c6d660");
  JuteReader in(payload);
  const auto header = TxnHeader::decode(in);
  EXPECT_EQ(header.session, SessionId(0x0100001af2be0000));
  EXPECT_EQ(header.cxid, 0);
  EXPECT_EQ(header.zxid, Zxid(1));
  EXPECT_EQ(header.type, OpCode::kCreateSession);
  const auto txn = CreateSessionTxn::decode(in);
  EXPECT_EQ(txn.timeout_ms, 30000);
  const auto digest = TxnDigest::decode(in);
  EXPECT_TRUE(in.ok() && in.remaining() == 0);
  EXPECT_EQ(digest.tree_digest, 1371985504u);
  EXPECT_EQ(encoded(header) + encoded(txn) + encoded(digest), payload);
  EXPECT_EQ(payload.size(), 48u);
}

TEST(GoldenTest, CreateTxnRecord) {
  const std::string record = bytes(
      "00000002 2f61 00000005 6461746131 00000001 0000001f 00000005 776f726c64 00000006 "
      "616e796f6e65 00 "
      "00000001");
  JuteReader in(record);
  const auto txn = CreateTxn::decode(OpCode::kCreate, in);
  EXPECT_TRUE(in.ok() && in.remaining() == 0);
  EXPECT_EQ(txn.path, "/a");
  EXPECT_EQ(txn.data, "data1");
  EXPECT_EQ(txn.parent_cversion, 1);
  EXPECT_FALSE(txn.ephemeral);
  base::ByteBuffer again;
  JuteWriter out(again);
  txn.encode(OpCode::kCreate, out);
  EXPECT_EQ(again.view(), record);
}

}  // namespace
}  // namespace drover::wire
