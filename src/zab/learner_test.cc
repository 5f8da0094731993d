// A learner against what leaders send. Method: transcripts. Each line that begins with "> " is an
// event, the lines under it are the effects it had; zxids are written epoch:counter. What the
// learner sends is decoded from its link.

#include "zab/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/prng.h"
#include "wire/jute_writer.h"
#include "zab/silence_watch.h"

namespace drover::zab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class RecordingLog final : public base::Log {
 public:
  std::vector<std::string> lines;
  bool enabled(base::LogLevel level) const override { return level >= base::LogLevel::kWarn; }
  void line(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

std::string text_of(Zxid zxid) {
  if (zxid.value < 0) return fmt::format("{}", zxid.value);
  return fmt::format("{:x}:{:x}", zxid.epoch(), zxid.counter());
}

Zxid zxid_of(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return Zxid(std::stoll(text));
  return Zxid::of(std::stoll(text.substr(0, colon), nullptr, 16),
                  std::stoll(text.substr(colon + 1), nullptr, 16));
}

std::string txn_bytes(Zxid zxid) {
  base::ByteBuffer buffer;
  wire::JuteWriter out(buffer);
  wire::TxnHeader{.session = wire::SessionId(7),
                  .cxid = 1,
                  .zxid = zxid,
                  .time = {},
                  .type = wire::OpCode::kDelete}
      .encode(out);
  out.write_string("/of/" + text_of(zxid));
  return std::string(buffer.view());
}

PacketType type_of(std::string_view name) {
  for (int type = 1; type <= 19; ++type) {
    if (name_of(static_cast<PacketType>(type)) == name) return static_cast<PacketType>(type);
  }
  ADD_FAILURE() << "no packet " << name;
  return PacketType::kPing;
}

// What stands in the data of what a learner sends, in words.
std::string data_text(const QuorumPacket& packet) {
  if (!packet.data) return "";
  switch (packet.type) {
    case PacketType::kFollowerInfo:
    case PacketType::kObserverInfo: {
      const auto info = LearnerInfo::decode(packet.data);
      return fmt::format(" {} bytes, sid {} protocol 0x{:x} config {:x}", packet.data->size(),
                         info->sid.value, info->protocol_version, info->config_version);
    }
    case PacketType::kAckEpoch:
      return fmt::format(" current epoch {}", wire::JuteReader(*packet.data).read_int());
    case PacketType::kPing:
    case PacketType::kRevalidate: {
      std::string text = " {";
      for (const auto& entry : decode_session_timeouts(*packet.data)) {
        text += fmt::format(" 0x{:x}={}", entry.session.value, entry.timeout_ms);
      }
      return text + " }";
    }
    case PacketType::kRequest: {
      const auto request = ForwardedRequest::decode(packet.data);
      return fmt::format(" session 0x{:x} cxid {} op {} {}, {} ids", request->session.value,
                         request->cxid, static_cast<int>(request->op), request->body,
                         packet.authinfo ? static_cast<int>(packet.authinfo->size()) : -1);
    }
    default:
      return fmt::format(" {} bytes", packet.data->size());
  }
}

EnsembleConfig ensemble() {
  const auto config = EnsembleConfig::parse(
      "server.1=one:2881:3881:participant\nserver.2=two:2882:3882:participant\n"
      "server.3=three:2883:3883:participant\nserver.4=four:2884:3884:observer\nversion=0");
  EXPECT_TRUE(config);
  return *config;
}

class LearnerTest : public ::testing::Test {
 protected:
  LearnerTest() { link_.id = LinkId(77); }

  void begin(const History& history, LearnerOptions options = {}) {
    learner_.reset();
    effects_.clear();
    link_.output.clear();
    link_.close = link_.dirty = false;
    learner_ = std::make_unique<Learner>(ServerId(options.observer ? 4 : 1), config_, options,
                                         ServerId(3), history, link_, log_, now(), effects_);
  }
  // Leaves the learner where it has just sent ACKEPOCH for epoch 2.
  void discover(const History& history, LearnerOptions options = {}) {
    begin(history, options);
    play("> connected\n> LEADERINFO 2:0\n> accepted epoch saved\n");
    played();
  }
  // And here it serves, with `last` as its history.
  void serve(Zxid last, LearnerOptions options = {}) {
    discover({.accepted_epoch = 1, .current_epoch = 1, .last_zxid = last}, options);
    play("> DIFF " + text_of(last) + "\n> NEWLEADER 2:0\n> current epoch saved\n> UPTODATE -1\n");
    played();
    ASSERT_TRUE(learner_->serving());
  }

  // Plays the events of a transcript, and compares the effects.
  void expect(const std::string& transcript) {
    const std::string text = transcript.substr(transcript.find_first_not_of('\n'));
    play(text);
    EXPECT_EQ(played(), text);
  }
  void play(const std::string& transcript) {
    std::istringstream lines(transcript);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("> ")) continue;
      written_ += line + "\n";
      event(line.substr(2));
      write_effects();
    }
  }
  std::string played() { return std::exchange(written_, ""); }
  void hand_in(PacketType type, Zxid zxid, wire::NullableBytes data) {
    learner_->on_packet({.type = type, .zxid = zxid, .data = data, .authinfo = {}}, now(),
                        effects_);
  }

  base::Instant now() const { return base::Instant::from_ms(now_ms_); }

  EnsembleConfig config_ = ensemble();
  RecordingLog log_;
  Link link_;
  LearnerEffects effects_;
  std::unique_ptr<Learner> learner_;
  std::int64_t now_ms_ = 1000;
  std::string written_;

 private:
  void event(const std::string& line) {
    std::istringstream words(line);
    std::string first;
    std::string rest;
    words >> first;
    std::getline(words >> std::ws, rest);
    if (line == "begin") return;
    if (line == "connected") return learner_->on_connected(now(), effects_);
    if (line == "closed") return learner_->on_closed(now(), effects_);
    if (line == "accepted epoch saved") return learner_->on_accepted_epoch_saved(now(), effects_);
    if (line == "current epoch saved") return learner_->on_current_epoch_saved(now(), effects_);
    if (line == "snapshot received") return learner_->on_snapshot_received(now(), effects_);
    if (line == "snapshot installed") return learner_->on_snapshot_installed(now(), effects_);
    if (line == "truncated") return learner_->on_truncated(true, now(), effects_);
    if (line == "not truncated") return learner_->on_truncated(false, now(), effects_);
    if (first == "persisted") return learner_->on_persisted(zxid_of(rest), now(), effects_);
    if (first == "ms") {
      now_ms_ += std::stoll(rest);
      return learner_->on_timer(now(), effects_);
    }
    packet(first, rest);
  }

  // The data of a packet is what its type needs. The bytes are gone when the call is over.
  void packet(const std::string& name, const std::string& rest) {
    const Zxid zxid = zxid_of(rest.substr(0, rest.find(' ')));
    const PacketType type = type_of(name);
    std::optional<std::string> data;
    if (type == PacketType::kProposal || type == PacketType::kInform) data = txn_bytes(zxid);
    if (type == PacketType::kInformAndActivate) data = std::string(8, '\0') + txn_bytes(zxid);
    if (type == PacketType::kLeaderInfo) data = std::string("\0\1\0\0", 4);
    if (type == PacketType::kNewLeader) data = config_text_;
    if (type == PacketType::kRevalidate) data = std::string("\3\0\0\0\0\0\0\1\1", 9);
    wire::NullableBytes view;
    if (data) view = *data;
    hand_in(type, zxid, view);
    write_effects();
  }

  void write_effects() {
    const auto write = [&](const std::string& line) { written_ += "  " + line + "\n"; };
    if (effects_.dial) {
      write(fmt::format("dial {} {}:{}", effects_.dial->to.value, effects_.dial->host,
                        effects_.dial->port_number));
    }
    write_sent();
    if (effects_.save_accepted_epoch)
      write(fmt::format("save accepted epoch {}", *effects_.save_accepted_epoch));
    if (effects_.save_current_epoch)
      write(fmt::format("save current epoch {}", *effects_.save_current_epoch));
    if (effects_.truncate) write("truncate " + text_of(*effects_.truncate));
    if (effects_.receive_snapshot) write("receive snapshot " + text_of(*effects_.receive_snapshot));
    for (const auto& txn : effects_.txns) {
      EXPECT_EQ(txn.txn.bytes, txn_bytes(txn.txn.zxid));
      write(fmt::format("txn {}{}", text_of(txn.txn.zxid), txn.durable ? "" : " not logged"));
    }
    if (effects_.committed) write("committed " + text_of(*effects_.committed));
    if (effects_.install_snapshot) write("install snapshot");
    if (effects_.serving) write(fmt::format("serving {}", *effects_.serving));
    for (const auto& answer : effects_.revalidated) {
      write(fmt::format("revalidated 0x{:x} {}", answer.session.value, answer.valid));
    }
    for (const Zxid after : effects_.synced) write("synced behind " + text_of(after));
    if (effects_.leave) write("leave: " + *effects_.leave);
    effects_.clear();
  }

  // Takes the link's output as its owner would.
  void write_sent() {
    EXPECT_LE(effects_.dirty.size(), 1u);
    EXPECT_EQ(!effects_.dirty.empty(), !link_.output.empty() || (link_.close && link_.dirty));
    link_.dirty = false;
    while (!link_.output.empty()) {
      const auto decoded = decode_packet(link_.output.view(), 100000);
      ASSERT_TRUE(decoded && *decoded);
      const auto& packet = (*decoded)->packet;
      written_ += fmt::format("  send {} {}{}\n", name_of(packet.type), text_of(packet.zxid),
                              data_text(packet));
      link_.output.consume((*decoded)->size);
    }
  }

 protected:
  std::string config_text_;
};

constexpr Zxid kLast = Zxid::of(1, 5);
const History kHistory{.accepted_epoch = 1, .current_epoch = 1, .last_zxid = kLast};

// ---- discovery

TEST_F(LearnerTest, DiscoveryOfANewEpoch) {
  begin(kHistory);
  EXPECT_EQ(learner_->phase(), "discovery");
  expect(R"(
> begin
  dial 3 three:2883
> connected
  send FOLLOWERINFO 1:0 20 bytes, sid 1 protocol 0x10000 config 0
> LEADERINFO 2:0
  save accepted epoch 2
> accepted epoch saved
  send ACKEPOCH 1:5 current epoch 1
)");
  EXPECT_EQ(learner_->epoch(), 2);
}

// A promise is made once: who has promised this epoch already is not counted again.
TEST_F(LearnerTest, AnEpochThatWasAcceptedBeforeIsNotCountedAgain) {
  begin({.accepted_epoch = 2, .current_epoch = 1, .last_zxid = kLast});
  play("> connected\n");
  played();
  expect(R"(
> LEADERINFO 2:0
  send ACKEPOCH 1:5 current epoch -1
> DIFF 1:5
> NEWLEADER 2:0
  save current epoch 2
)");
}

TEST_F(LearnerTest, ALowerEpochIsLeft) {
  begin({.accepted_epoch = 3, .current_epoch = 1, .last_zxid = kLast});
  play("> connected\n");
  played();
  expect(R"(
> LEADERINFO 2:0
  leave: the leader offers epoch 0x2, below the accepted 0x3
)");
  EXPECT_TRUE(link_.close);
}

TEST_F(LearnerTest, ObserversSayWhatTheyAre) {
  begin(kHistory, {.observer = true});
  expect(R"(
> begin
  dial 3 three:2883
> connected
  send OBSERVERINFO 1:0 20 bytes, sid 4 protocol 0x10000 config 0
)");
}

TEST_F(LearnerTest, ALeaderThatBeginsOtherwiseIsLeft) {
  begin(kHistory);
  play("> connected\n");
  played();
  expect(R"(
> NEWLEADER 2:0
  leave: the leader began with NEWLEADER, not with LEADERINFO
)");
}

TEST_F(LearnerTest, NothingComesBeforeOurAckEpoch) {
  begin(kHistory);
  play("> connected\n> LEADERINFO 2:0\n");
  played();
  expect(R"(
> DIFF 1:5
  leave: DIFF before our ACKEPOCH
)");
}

TEST_F(LearnerTest, AFirstPacketThatIsNoPlanIsLeft) {
  discover(kHistory);
  expect(R"(
> PROPOSAL 1:6
  leave: the leader sends PROPOSAL in place of DIFF, TRUNC or SNAP
)");
}

// It hides what it has: counted, it could help to elect a leader that lacks what is committed here.
TEST_F(LearnerTest, WhoWantsASnapshotIsNotCounted) {
  begin(kHistory, {.wants_snapshot = true});
  play("> connected\n> LEADERINFO 2:0\n");
  played();
  expect(R"(
> accepted epoch saved
  send ACKEPOCH 0:0 current epoch -1
> DIFF 0:0
  leave: the leader sends DIFF to a server that needs SNAP
)");
}

TEST_F(LearnerTest, ALeaderWhoIsNoMemberIsLeft) {
  config_.members.erase(ServerId(3));
  begin(kHistory);
  expect(R"(
> begin
  leave: the leader, 3, is no member of this ensemble
)");
}

// ---- DIFF

TEST_F(LearnerTest, EmptyDiff) {
  discover(kHistory);
  EXPECT_EQ(learner_->phase(), "discovery");
  expect(R"(
> DIFF 1:5
> NEWLEADER 2:0
  save current epoch 2
> current epoch saved
  send ACK 2:0
> UPTODATE -1
  send ACK 2:0
  serving 2
> PROPOSAL 2:1
  txn 2:1
> persisted 2:1
  send ACK 2:1
> COMMIT 2:1
  committed 2:1
)");
  EXPECT_EQ(learner_->phase(), "broadcast");
}

// ZOOKEEPER-3911, 4646, 4643: the history, durable; then the epoch, durable; then the ACK.
TEST_F(LearnerTest, Zookeeper3911And4646And4643AckComesAfterHistoryAndEpoch) {
  discover(kHistory);
  expect(R"(
> DIFF 1:7
> PROPOSAL 1:6
> COMMIT 1:6
  txn 1:6
  committed 1:6
> PROPOSAL 1:7
> COMMIT 1:7
  txn 1:7
  committed 1:7
> NEWLEADER 2:0
> persisted 1:6
> persisted 1:7
  save current epoch 2
> current epoch saved
  send ACK 2:0
)");
}

TEST_F(LearnerTest, HistoryThatIsDurableBeforeNewLeaderIsNotWaitedFor) {
  discover(kHistory);
  expect(R"(
> DIFF 1:6
> PROPOSAL 1:6
> COMMIT 1:6
  txn 1:6
  committed 1:6
> persisted 1:6
> NEWLEADER 2:0
  save current epoch 2
)");
}

// ZOOKEEPER-4394, and the order of Apache's leaders: what is not committed yet stands before
// NEWLEADER. It is kept, reaches the log when the epoch is ours, and is acked like any other.
TEST_F(LearnerTest, Zookeeper4394OutstandingBeforeNewLeaderIsKept) {
  discover(kHistory);
  expect(R"(
> DIFF 1:6
> PROPOSAL 1:6
> COMMIT 1:6
  txn 1:6
  committed 1:6
> PROPOSAL 1:7
> PROPOSAL 1:8
> NEWLEADER 2:0
> persisted 1:6
  save current epoch 2
> COMMIT 1:7
> current epoch saved
  send ACK 2:0
  txn 1:7
  txn 1:8
  committed 1:7
> persisted 1:8
  send ACK 1:7
  send ACK 1:8
> COMMIT 1:8
  committed 1:8
> UPTODATE -1
  send ACK 2:0
  serving 2
)");
}

// ZOOKEEPER-4685: nothing is acked before NEWLEADER, whatever is durable.
TEST_F(LearnerTest, Zookeeper4685NoTxnIsAckedBeforeNewLeader) {
  discover(kHistory);
  expect(R"(
> DIFF 1:6
> PROPOSAL 1:6
> COMMIT 1:6
  txn 1:6
  committed 1:6
> PROPOSAL 1:7
> NEWLEADER 2:0
> PROPOSAL 1:8
> persisted 1:6
  save current epoch 2
> persisted 1:6
> current epoch saved
  send ACK 2:0
  txn 1:7
  txn 1:8
> persisted 1:7
  send ACK 1:7
> persisted 1:8
  send ACK 1:8
)");
}

TEST_F(LearnerTest, DiffMayJumpEpochs) {
  discover(kHistory);
  expect(R"(
> DIFF 2:0
> PROPOSAL 1:6
> PROPOSAL 2:1
> COMMIT 1:6
  txn 1:6
  committed 1:6
> COMMIT 2:1
  txn 2:1
  committed 2:1
> NEWLEADER 2:0
)");
}

TEST_F(LearnerTest, AcksComeInOrderAndNoneIsSkipped) {
  serve(kLast);
  expect(R"(
> PROPOSAL 2:1
  txn 2:1
> PROPOSAL 2:2
  txn 2:2
> PROPOSAL 2:3
  txn 2:3
> COMMIT 2:1
  committed 2:1
> persisted 2:2
  send ACK 2:1
  send ACK 2:2
> persisted 2:2
> persisted 2:3
  send ACK 2:3
)");
}

// ---- what breaks the rules

TEST_F(LearnerTest, ACommitThatDoesNotMatchNamesBoth) {
  serve(kLast);
  expect(R"(
> PROPOSAL 2:1
  txn 2:1
> PROPOSAL 2:2
  txn 2:2
> COMMIT 2:2
  leave: COMMIT 0x200000002 while the oldest uncommitted proposal is 0x200000001
)");
}

TEST_F(LearnerTest, ACommitThatDoesNotMatchBeforeNewLeader) {
  discover(kHistory);
  expect(R"(
> DIFF 1:7
> PROPOSAL 1:6
> COMMIT 1:7
  leave: COMMIT 0x100000007 while the oldest uncommitted proposal is 0x100000006
)");
}

TEST_F(LearnerTest, ACommitWithoutAProposal) {
  serve(kLast);
  expect(R"(
> COMMIT 1:5
> COMMIT 2:1
  leave: COMMIT 0x200000001 without a proposal, the newest commit is 0x100000005
)");
  EXPECT_THAT(log_.lines, Contains("COMMIT 0x100000005 is late, 0x100000005 is committed"));
}

TEST_F(LearnerTest, AGapBehindDiff) {
  discover(kHistory);
  expect(R"(
> DIFF 1:7
> PROPOSAL 1:7
  leave: txn 0x100000007 does not follow 0x100000005
)");
}

TEST_F(LearnerTest, AGapInBroadcast) {
  serve(kLast);
  expect(R"(
> PROPOSAL 2:1
  txn 2:1
> PROPOSAL 2:3
  leave: txn 0x200000003 does not follow 0x200000001
)");
}

TEST_F(LearnerTest, ATxnTwice) {
  serve(kLast);
  expect(R"(
> PROPOSAL 2:1
  txn 2:1
> PROPOSAL 2:1
  leave: txn 0x200000001 does not follow 0x200000001
)");
}

TEST_F(LearnerTest, ANewEpochBeginsWithOne) {
  discover(kHistory);
  expect(R"(
> DIFF 2:0
> PROPOSAL 2:2
  leave: txn 0x200000002 does not follow 0x100000005
)");
}

TEST_F(LearnerTest, ATxnMustBeWhatItsPacketSays) {
  serve(kLast);
  const std::string other = txn_bytes(Zxid::of(2, 9));
  hand_in(PacketType::kProposal, Zxid::of(2, 1), other);
  EXPECT_EQ(effects_.leave, "txn 0x200000001 says that it is 0x200000009");
  EXPECT_TRUE(effects_.txns.empty());
  serve(kLast);
  hand_in(PacketType::kProposal, Zxid::of(2, 1), std::nullopt);
  EXPECT_EQ(effects_.leave, "txn 0x200000001 has no header");
}

TEST_F(LearnerTest, NewLeaderOfAnotherEpoch) {
  discover(kHistory);
  expect(R"(
> DIFF 1:5
> NEWLEADER 3:0
  leave: NEWLEADER 0x300000000 from the leader of epoch 0x2
)");
}

TEST_F(LearnerTest, UpToDateTooEarly) {
  discover(kHistory);
  expect(R"(
> DIFF 1:5
> NEWLEADER 2:0
  save current epoch 2
> UPTODATE -1
  leave: UPTODATE before NEWLEADER was acked
)");
}

// ZOOKEEPER-1324.
TEST_F(LearnerTest, WhatIsOddIsIgnoredWithAWarning) {
  serve(kLast);
  expect(R"(
> NEWLEADER 2:0
> UPTODATE -1
> DIFF 2:0
> ACK 2:0
)");
  EXPECT_EQ(log_.lines.size(), 4u);
  hand_in(static_cast<PacketType>(99), Zxid(0), std::nullopt);
  EXPECT_FALSE(effects_.leave);
  EXPECT_THAT(log_.lines, Contains(HasSubstr("type 99")));
}

// ---- TRUNC

TEST_F(LearnerTest, TruncHoldsWhatFollows) {
  discover(kHistory);
  expect(R"(
> TRUNC 1:3
  truncate 1:3
> PROPOSAL 1:4
> COMMIT 1:4
> PROPOSAL 2:1
> NEWLEADER 2:0
> truncated
  txn 1:4
  committed 1:4
> persisted 1:4
  save current epoch 2
> current epoch saved
  send ACK 2:0
  txn 2:1
> persisted 2:1
  send ACK 2:1
)");
}

TEST_F(LearnerTest, ATruncationThatCannotBeDone) {
  discover(kHistory);
  expect(R"(
> TRUNC 1:3
  truncate 1:3
> PROPOSAL 1:4
> NEWLEADER 2:0
> not truncated
  leave: the history cannot be cut at 0x100000003
)");
}

// ---- SNAP

TEST_F(LearnerTest, SnapWithLaterCommits) {
  discover(kHistory);
  expect(R"(
> SNAP 1:9
  receive snapshot 1:9
> snapshot received
> PROPOSAL 1:a
> COMMIT 1:a
  txn 1:a not logged
  committed 1:a
> PROPOSAL 1:b
> NEWLEADER 2:0
  install snapshot
> PROPOSAL 1:c
> COMMIT 1:b
> snapshot installed
  save current epoch 2
> current epoch saved
  send ACK 2:0
  txn 1:b
  txn 1:c
  committed 1:b
> persisted 1:c
  send ACK 1:b
  send ACK 1:c
> COMMIT 1:c
  committed 1:c
)");
}

// A Java leader attaches the learner before it reads the zxid that it names the snapshot by: txns
// between the two are inside the image, and still come.
TEST_F(LearnerTest, TxnsThatAreInsideTheSnapshotAreNotRepeated) {
  discover(kHistory);
  expect(R"(
> SNAP 1:9
  receive snapshot 1:9
> snapshot received
> PROPOSAL 1:8
> COMMIT 1:8
> PROPOSAL 1:9
> COMMIT 1:9
> PROPOSAL 1:a
> COMMIT 1:a
  txn 1:a not logged
  committed 1:a
> PROPOSAL 1:c
  leave: txn 0x10000000c does not follow 0x10000000a
)");
}

TEST_F(LearnerTest, AProposalInsideTheSnapshotThatIsCommittedLateIsAckedAndNotRepeated) {
  discover(kHistory);
  expect(R"(
> SNAP 1:9
  receive snapshot 1:9
> snapshot received
> PROPOSAL 1:9
> PROPOSAL 1:a
> NEWLEADER 2:0
  install snapshot
> snapshot installed
  save current epoch 2
> current epoch saved
  send ACK 2:0
  send ACK 1:9
  txn 1:a
> COMMIT 1:9
> persisted 1:a
  send ACK 1:a
> COMMIT 1:a
  committed 1:a
)");
}

// A history that is longer than the leader's is replaced all the same, and nothing that is said of
// it counts.
TEST_F(LearnerTest, SnapBelowOurOwnHistory) {
  discover({.accepted_epoch = 1, .current_epoch = 1, .last_zxid = Zxid::of(1, 0x50)});
  expect(R"(
> SNAP 1:9
  receive snapshot 1:9
> snapshot received
> NEWLEADER 2:0
  install snapshot
> persisted 1:50
> snapshot installed
  save current epoch 2
> current epoch saved
  send ACK 2:0
> PROPOSAL 2:1
  txn 2:1
> persisted 2:1
  send ACK 2:1
)");
}

// ZOOKEEPER-2872, 3642: the link breaks when the snapshot is in memory and not on the disk. Nothing
// of it is made durable, no epoch is taken: the owner goes back to what its disk says.
TEST_F(LearnerTest, Zookeeper3642ASnapshotThatIsNotInstalledLeavesNoTrace) {
  discover(kHistory);
  expect(R"(
> SNAP 1:9
  receive snapshot 1:9
> snapshot received
> PROPOSAL 1:a
> COMMIT 1:a
  txn 1:a not logged
  committed 1:a
> closed
  leave: the leader closed the stream
> NEWLEADER 2:0
> snapshot installed
> current epoch saved
)");
}

// ---- observers

TEST_F(LearnerTest, ObserverHasTheSameOrderAndAcksNoTxn) {
  discover(kHistory, {.observer = true});
  expect(R"(
> DIFF 1:6
> PROPOSAL 1:6
> COMMIT 1:6
  txn 1:6
  committed 1:6
> INFORM 1:7
  txn 1:7
  committed 1:7
> NEWLEADER 2:0
> INFORM 2:1
> persisted 1:7
  save current epoch 2
> current epoch saved
  send ACK 2:0
  txn 2:1
  committed 2:1
> UPTODATE -1
  send ACK 2:0
  serving 2
> INFORM 2:2
  txn 2:2
  committed 2:2
> persisted 2:2
> INFORM 2:4
  leave: txn 0x200000004 does not follow 0x200000002
)");
}

TEST_F(LearnerTest, ChangesOfTheEnsembleAreCommitsWithAWarning) {
  serve(kLast);
  expect(R"(
> PROPOSAL 2:1
  txn 2:1
> COMMITANDACTIVATE 2:1
  committed 2:1
)");
  EXPECT_THAT(log_.lines, Contains(HasSubstr("the ensemble is being changed")));
  serve(kLast, {.observer = true});
  expect(R"(
> INFORMANDACTIVATE 2:1
  txn 2:1
  committed 2:1
)");
}

// ---- the configuration in NEWLEADER

TEST_F(LearnerTest, AnotherSetOfMembersIsOneWarning) {
  discover(kHistory);
  config_text_ =
      "server.1=elsewhere:1:2:participant\nserver.2=two:2882:3882:participant\n"
      "server.3=three:2883:3883:participant;0.0.0.0:2181\n"
      "server.4=four:2884:3884:observer\nversion=100000000";
  play("> DIFF 1:5\n> NEWLEADER 2:0\n");
  EXPECT_TRUE(log_.lines.empty());
  discover(kHistory);
  config_text_ =
      "server.1=one:2881:3881:participant\nserver.2=two:2882:3882:participant\nversion=0";
  play("> DIFF 1:5\n> NEWLEADER 2:0\n");
  EXPECT_THAT(log_.lines, ::testing::ElementsAre(HasSubstr("it has 2 servers, 2 of them voters")));
}

// ---- serving

TEST_F(LearnerTest, PingsAreAnsweredOnceServing) {
  discover(kHistory);
  expect(R"(
> DIFF 1:5
> NEWLEADER 2:0
  save current epoch 2
> PING 2:0
> current epoch saved
  send ACK 2:0
> PING 2:0
> UPTODATE -1
  send ACK 2:0
  serving 2
> PING 2:0
  send PING 2:0 { }
)");
  learner_->touch({wire::SessionId(0x10), 4000});
  learner_->touch({wire::SessionId(0x11), 5000});
  learner_->touch({wire::SessionId(0x10), 6000});
  expect(R"(
> PING 2:7
  send PING 2:7 { 0x10=6000 0x11=5000 }
> PING 2:8
  send PING 2:8 { }
)");
}

TEST_F(LearnerTest, RequestsSyncsAndRevalidations) {
  serve(kLast);
  learner_->forward(
      {.session = wire::SessionId(0x10), .cxid = 3, .op = wire::OpCode::kSync, .body = "body"}, {},
      effects_);
  learner_->revalidate({wire::SessionId(0x10), 4000}, effects_);
  expect(R"(
> PROPOSAL 2:1
  send REQUEST -1 session 0x10 cxid 3 op 9 body, 0 ids
  send REVALIDATE -1 { 0x10=4000 }
  txn 2:1
> COMMIT 2:1
  committed 2:1
> SYNC 0
  synced behind 2:1
> REVALIDATE -1
  revalidated 0x300000000000001 true
)");
}

// ---- time

TEST_F(LearnerTest, DialsAgainWhileTimeIsLeft) {
  begin(kHistory, {.tick_ms = 100, .init_limit = 3, .connect_retry_ms = 30});
  expect(R"(
> begin
  dial 3 three:2883
> closed
> ms 9
> ms 1
  dial 3 three:2883
> closed
> ms 20
  dial 3 three:2883
> closed
> ms 29
> ms 1
  dial 3 three:2883
> closed
> ms 30
  dial 3 three:2883
> ms 209
> ms 1
  leave: the leader cannot be reached
)");
}

TEST_F(LearnerTest, ADialThatFailsTooLateIsTheLast) {
  begin(kHistory, {.tick_ms = 100, .connect_limit = 1});
  expect(R"(
> begin
  dial 3 three:2883
> ms 95
> closed
  leave: the leader cannot be reached
)");
}

TEST_F(LearnerTest, InitLimitUntilTheAckThenSyncLimit) {
  discover(kHistory, {.tick_ms = 100, .init_limit = 10, .sync_limit = 5, .silence_ms_max = 0});
  EXPECT_EQ(learner_->next_deadline(), now() + std::chrono::milliseconds(1000));
  expect(R"(
> ms 999
> DIFF 1:5
> ms 999
> NEWLEADER 2:0
  save current epoch 2
> ms 5000
> current epoch saved
  send ACK 2:0
> ms 499
> ms 1
  leave: nothing from the leader for 500 ms
)");
}

TEST_F(LearnerTest, BytesOfASnapshotAreASignOfLife) {
  discover(kHistory, {.tick_ms = 100, .init_limit = 10});
  play("> SNAP 1:9\n> ms 900\n");
  learner_->on_bytes_of_snapshot(now());
  play("> ms 900\n");
  EXPECT_THAT(played(), Not(HasSubstr("leave")));
  play("> ms 100\n");
  EXPECT_THAT(played(), HasSubstr("leave: nothing from the leader for 1000 ms"));
}

// A process that was stopped finds its deadlines behind it, and the packets still unread.
TEST_F(LearnerTest, ATimeoutWeSleptThroughIsForgivenOnce) {
  discover(kHistory, {.tick_ms = 100, .init_limit = 10});
  expect(R"(
> ms 60000
> ms 999
> ms 60000
  leave: nothing from the leader for 60999 ms
)");
}

class SilenceTest : public LearnerTest {
 protected:
  // Pings `gap_ms` apart for `ms`.
  void pings(std::int64_t gap_ms, std::int64_t ms) {
    for (std::int64_t at = 0; at < ms; at += gap_ms) {
      now_ms_ += gap_ms;
      play("> PING 2:0\n");
    }
    ASSERT_THAT(played(), Not(HasSubstr("leave")));
  }
  // Runs the learner's own timers, as punctual as it asks for, until it leaves. Answers after how
  // long.
  std::int64_t ms_until_it_leaves() {
    const std::int64_t begin = now_ms_;
    for (int wakes = 0; wakes < 1000; ++wakes) {
      const auto deadline = learner_->next_deadline();
      if (!deadline) break;
      now_ms_ = std::max(now_ms_, deadline->ms());
      play("> ms 0\n");
      if (played().find("leave") != std::string::npos) return now_ms_ - begin;
    }
    ADD_FAILURE() << "it never left";
    return -1;
  }
};

TEST_F(SilenceTest, ALeaderThatPingedOftenAndStopsIsLeftSoon) {
  serve(kLast);
  pings(100, 4000);
  EXPECT_EQ(ms_until_it_leaves(), 600);
}

TEST_F(SilenceTest, ALeaderThatPingsSeldomIsGivenItsSyncLimit) {
  serve(kLast);
  pings(1000, 20000);
  EXPECT_EQ(ms_until_it_leaves(), 10000);
}

TEST_F(SilenceTest, TheRhythmHasToLast) {
  serve(kLast);
  pings(100, 800);
  EXPECT_EQ(ms_until_it_leaves(), 10000);
}

TEST_F(SilenceTest, SwitchedOff) {
  serve(kLast, {.silence_ms_max = 0});
  pings(100, 4000);
  EXPECT_EQ(ms_until_it_leaves(), 10000);
}

TEST_F(SilenceTest, ALateOneIsForgivenARareOneUnlearns) {
  serve(kLast);
  pings(100, 4000);
  pings(290, 290);
  pings(100, 200);
  EXPECT_EQ(ms_until_it_leaves(), 600);
  serve(kLast);
  pings(100, 4000);
  // In between we are awake, so that it is the leader who is late.
  play("> ms 150\n> ms 150\n> ms 150\n> PING 2:0\n");
  pings(100, 800);
  EXPECT_EQ(ms_until_it_leaves(), 10000);
}

TEST_F(SilenceTest, AnyPacketIsASignOfLife) {
  serve(kLast);
  pings(100, 4000);
  play("> ms 150\n> ms 150\n> PROPOSAL 2:1\n");
  EXPECT_EQ(ms_until_it_leaves(), 600);
}

// The timer comes late, or nothing came for long: it was us who were frozen.
TEST_F(SilenceTest, OurOwnSleepIsNotTheLeadersSilence) {
  serve(kLast);
  pings(100, 4000);
  expect(R"(
> ms 900
> ms 170
> ms 170
> ms 170
)");
  // Asleep in the middle of the measure.
  play("> PING 2:0\n> ms 100\n> ms 500\n> ms 100\n");
  EXPECT_THAT(played(), Not(HasSubstr("leave")));
  EXPECT_EQ(ms_until_it_leaves(), 500);
}

// ---- any leader

// A leader that says plausible things in any order, and a disk that takes its time. Whatever comes,
// no fence is broken: what is checked here is what the header promises.
class AnyLeader {
 public:
  explicit AnyLeader(std::uint64_t seed) : prng_(seed) {
    link_.id = LinkId(1);
    options_.observer = prng_.chance(1, 4);
    learner_ = std::make_unique<Learner>(ServerId(1), config_, options_, ServerId(3), kHistory,
                                         link_, log_, now(), effects_);
    learner_->on_connected(now(), effects_);
    check();
  }
  // Answers how far it came: epochs saved, ACKs of NEWLEADER, ACKs of txns.
  struct Reached {
    int joined = 0;
    int acks = 0;
    int installs = 0;
  };
  Reached run() {
    for (int step = 0; step < 200 && !left_ && !::testing::Test::HasFailure(); ++step) {
      now_ms_ += static_cast<std::int64_t>(prng_.below(20));
      if (prng_.chance(1, 2)) {
        disk();
      } else if (!receiving_) {
        packet();
      }
      check();
    }
    return reached_;
  }

 private:
  base::Instant now() const { return base::Instant::from_ms(now_ms_); }

  // One report that is due, if any is.
  void disk() {
    if (saving_accepted_) {
      saving_accepted_ = false;
      learner_->on_accepted_epoch_saved(now(), effects_);
    } else if (truncating_) {
      truncating_ = false;
      learner_->on_truncated(!prng_.chance(1, 8), now(), effects_);
    } else if (receiving_) {
      receiving_ = false;
      learner_->on_snapshot_received(now(), effects_);
    } else if (installing_) {
      installing_ = false;
      installed_ = true;
      durable_ = in_tree_;
      ++reached_.installs;
      learner_->on_snapshot_installed(now(), effects_);
    } else if (!unsynced_.empty() && prng_.chance(2, 3)) {
      const std::size_t n = 1 + prng_.below(unsynced_.size());
      durable_ = unsynced_[n - 1];
      unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(n));
      learner_->on_persisted(durable_, now(), effects_);
    } else if (saving_current_) {
      saving_current_ = false;
      saved_current_ = true;
      learner_->on_current_epoch_saved(now(), effects_);
    }
  }

  // What a right leader would say next, mostly.
  void packet() {
    if (prng_.chance(1, 60)) {  // anything
      const auto type = static_cast<PacketType>(prng_.below(21));
      return say(type, Zxid::of(static_cast<std::int64_t>(prng_.below(4)),
                                static_cast<std::int64_t>(prng_.below(9))));
    }
    if (said_ == 0) return say(PacketType::kLeaderInfo, Zxid::of(2, 0));
    if (said_ == 1) {
      if (saving_accepted_) return;
      const PacketType plans[] = {PacketType::kDiff, PacketType::kTrunc, PacketType::kSnap};
      const PacketType plan = plans[prng_.below(3)];
      next_ = plan == PacketType::kDiff ? kLast : Zxid::of(1, 2);
      return say(plan, next_);
    }
    const std::uint64_t choice = prng_.below(8);
    if (choice < 3) {
      next_ = next_.epoch() == 1 && prng_.chance(1, 3) ? Zxid::of(2, 1) : next_.next();
      uncommitted_.push_back(next_);
      return say(PacketType::kProposal, next_);
    }
    if (choice < 6) {
      if (uncommitted_.empty()) return;
      const Zxid oldest = uncommitted_.front();
      uncommitted_.pop_front();
      return say(PacketType::kCommit, oldest);
    }
    if (choice == 6 && !new_leader_said_) {
      new_leader_said_ = true;
      return say(PacketType::kNewLeader, Zxid::of(2, 0));
    }
    say(choice == 6 && joined_ ? PacketType::kUpToDate : PacketType::kPing, Zxid::of(2, 0));
  }

  void say(PacketType type, Zxid zxid) {
    ++said_;
    bytes_ = txn_bytes(zxid);
    wire::NullableBytes data;
    if (type == PacketType::kProposal || type == PacketType::kInform) data = bytes_;
    learner_->on_packet({.type = type, .zxid = zxid, .data = data, .authinfo = {}}, now(),
                        effects_);
  }

  void check() {
    for (const auto& txn : effects_.txns) {
      EXPECT_GT(txn.txn.zxid, newest_txn_) << "txns ascend";
      EXPECT_EQ(txn.txn.bytes, txn_bytes(txn.txn.zxid));
      newest_txn_ = txn.txn.zxid;
      if (txn.durable) unsynced_.push_back(txn.txn.zxid);
      EXPECT_EQ(txn.durable, !snap_ || joined_ || saved_current_);
    }
    if (effects_.committed) {
      EXPECT_LE(*effects_.committed, newest_txn_) << "nothing is committed that is not there";
      EXPECT_GT(*effects_.committed, in_tree_);
      in_tree_ = *effects_.committed;
    }
    if (effects_.truncate) {
      truncating_ = true;
      newest_txn_ = in_tree_ = *effects_.truncate;
    }
    if (effects_.receive_snapshot) {
      receiving_ = snap_ = true;
      newest_txn_ = in_tree_ = *effects_.receive_snapshot;
    }
    if (effects_.install_snapshot) installing_ = true;
    if (effects_.save_accepted_epoch) saving_accepted_ = true;
    if (effects_.save_current_epoch) {
      EXPECT_TRUE(unsynced_.empty()) << "the epoch comes after the history";
      EXPECT_TRUE(!snap_ || installed_);
      saving_current_ = true;
    }
    check_sent();
    EXPECT_FALSE(left_ && !effects_.txns.empty());
    if (effects_.leave) left_ = true;
    effects_.clear();
    link_.dirty = false;
  }

  void check_sent() {
    while (!link_.output.empty()) {
      const auto decoded = decode_packet(link_.output.view(), 1000);
      ASSERT_TRUE(decoded && *decoded);
      const QuorumPacket& packet = (*decoded)->packet;
      EXPECT_FALSE(packet.type == PacketType::kAckEpoch && saving_accepted_);
      if (packet.type == PacketType::kAck) check_ack(packet.zxid);
      link_.output.consume((*decoded)->size);
    }
  }

  void check_ack(Zxid zxid) {
    EXPECT_TRUE(saved_current_) << "no ACK before the current epoch is saved";
    if (zxid == Zxid::of(2, 0)) {
      joined_ = true;
      ++reached_.joined;
      return;
    }
    EXPECT_TRUE(joined_) << "no ACK of a txn before that of NEWLEADER";
    EXPECT_FALSE(options_.observer);
    EXPECT_LE(zxid, durable_) << "no ACK of what is not durable";
    EXPECT_GT(zxid, last_ack_) << "ACKs ascend";
    last_ack_ = zxid;
    ++reached_.acks;
  }

  base::Prng prng_;
  EnsembleConfig config_ = ensemble();
  LearnerOptions options_;
  base::NullLog log_;
  Link link_;
  LearnerEffects effects_;
  std::unique_ptr<Learner> learner_;
  std::int64_t now_ms_ = 0;
  int said_ = 0;
  std::string bytes_;  // of the last packet: effects show them until check()
  Zxid next_;
  std::deque<Zxid> uncommitted_;
  bool new_leader_said_ = false;
  bool saving_accepted_ = false, saving_current_ = false, saved_current_ = false;
  bool truncating_ = false, receiving_ = false, snap_ = false;
  bool installing_ = false, installed_ = false, joined_ = false, left_ = false;
  std::vector<Zxid> unsynced_;
  Zxid durable_ = kLast, in_tree_ = kLast, newest_txn_ = kLast, last_ack_;
  Reached reached_;
};

TEST(AnyLeaderTest, NoFenceIsEverBroken) {
  AnyLeader::Reached all;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const auto reached = AnyLeader(seed).run();
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
    all.joined += reached.joined;
    all.acks += reached.acks;
    all.installs += reached.installs;
  }
  // The runs went somewhere.
  EXPECT_GT(all.joined, 1000);
  EXPECT_GT(all.acks, 10000);
  EXPECT_GT(all.installs, 300);
}

}  // namespace
}  // namespace drover::zab
