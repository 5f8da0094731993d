// One leadership, driven by hand. Goal: what leaves the leader, in which order, and what it waits
// for before. Method: transcripts. A test says what learners, the disk and the clock do, and
// compares all that has come out since with text: effects first, then what each link carries.

#include "zab/leader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "zab/testing.h"

namespace drover::zab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kTickMs = 1000;
constexpr std::int64_t kInitMs = 10 * kTickMs;
constexpr std::int64_t kSyncMs = 5 * kTickMs;

class LinesLog final : public base::Log {
 public:
  bool enabled(base::LogLevel) const override { return true; }
  void line(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

std::string data(const auto& record) {
  base::ByteBuffer out;
  record.encode(out);
  return std::string(out.view());
}

std::string int_data(std::int32_t value) {
  base::ByteBuffer out;
  wire::JuteWriter(out).write_int(value);
  return std::string(out.view());
}

struct Opening {
  int voters = 3;
  int observers = 0;  // have the sids behind the voters'
  std::int64_t config_version = 0;
  History history{};
  std::vector<Zxid> txns{};  // of the log; the last one is history.last_zxid
  LeaderOptions options{
      .tick_ms = kTickMs, .init_limit = 10, .sync_limit = 5, .ping_interval_ms = 100};
};

// Server 1 leads.
class Stage {
 public:
  explicit Stage(const Opening& opening = {}) : config_(config_of(opening)) {
    for (const Zxid zxid : opening.txns) {
      if (proposals_.empty()) proposals_.reset(Zxid(zxid.value - 1));
      proposals_.append({zxid, payload(zxid)});
    }
    if (opening.txns.empty()) proposals_.reset(opening.history.last_zxid);
    proposals_.settle();
    leader_ = std::make_unique<Leader>(ServerId(1), config_, opening.options, opening.history,
                                       proposals_, log_, now_, effects_);
  }

  // ---- learners
  void connect(int sid) {
    auto link = std::make_unique<Link>();
    link->id = LinkId(++last_link_);
    link->port = Port::kQuorum;
    link->up = true;
    leader_->on_accepted(*link, now_);
    link_of_[sid] = link->id;
    name_of_[link->id] = sid;
    links_[link->id] = std::move(link);
  }
  void say(int sid, PacketType type, Zxid zxid, wire::NullableBytes bytes = std::nullopt) {
    leader_->on_packet(link(sid), {type, zxid, bytes, std::nullopt}, now_, effects_);
  }
  void info(int sid, Epoch accepted, PacketType type = PacketType::kFollowerInfo) {
    say(sid, type, Zxid::of(accepted, 0), data(LearnerInfo{ServerId(sid)}));
  }
  void ack_epoch(int sid, std::int32_t current, Zxid last) {
    say(sid, PacketType::kAckEpoch, last, int_data(current));
  }
  void ack(int sid, Zxid zxid) { say(sid, PacketType::kAck, zxid); }
  void lose(int sid) { leader_->on_closed(link(sid).id, now_, effects_); }

  // Until UPTODATE (or its NEWLEADER, when nobody serves yet).
  void follow(int sid, Epoch accepted, Zxid last, PacketType type = PacketType::kFollowerInfo) {
    connect(sid);
    info(sid, accepted, type);
    ack_epoch(sid, static_cast<std::int32_t>(accepted), last);
    ack(sid, Zxid::of(leader().epoch(), 0));
  }

  // ---- the rest of the world
  void accepted_saved() { leader_->on_accepted_epoch_saved(now_, effects_); }
  void current_saved() { leader_->on_current_epoch_saved(now_, effects_); }
  void persisted(Zxid up_to) { leader_->on_persisted(up_to, now_, effects_); }
  void propose(Zxid zxid) { leader_->propose({zxid, payload(zxid)}, now_, effects_); }
  void snapshot_sent(int sid) { leader_->on_snapshot_sent(link(sid).id, now_, effects_); }
  void pass(std::int64_t ms) {
    now_ = now_ + std::chrono::milliseconds(ms);
    leader_->on_timer(now_, effects_);
  }
  // As pass(), with a sign of life of each of these every half tick.
  void pass_with(std::initializer_list<int> alive, std::int64_t ms) {
    for (std::int64_t passed = 0; passed < ms; passed += kTickMs / 2) {
      for (const int sid : alive) say(sid, PacketType::kPing, Zxid(0), "");
      pass(std::min<std::int64_t>(kTickMs / 2, ms - passed));
    }
  }

  // All that came out since the last call.
  std::string out() {
    std::string text;
    const auto add = [&text](const std::string& line) { text += line + "\n"; };
    if (effects_.save_accepted_epoch) {
      add(fmt::format("save accepted epoch {}", *effects_.save_accepted_epoch));
    }
    if (effects_.save_current_epoch) {
      add(fmt::format("save current epoch {}", *effects_.save_current_epoch));
    }
    if (effects_.established) add(fmt::format("established {}", *effects_.established));
    if (effects_.committed) add(fmt::format("committed {:#x}", effects_.committed->value));
    for (const auto& request : effects_.requests) {
      add(fmt::format("<- {}: {}", request.sid.value, name_of(request.type)));
    }
    for (const LinkId gone : effects_.gone) add(fmt::format("gone {}", name_of_[gone]));
    if (effects_.step_down) add("step down: " + *effects_.step_down);
    for (const auto& [id, link] : links_) {
      EXPECT_EQ(link->dirty, std::ranges::count(effects_.dirty, link.get()) == 1);
      EXPECT_TRUE(link->dirty || link->output.empty());
      drain(*link, add);
      if (std::exchange(link->dirty, false) && link->close) {
        add(fmt::format("-> {}: close", name_of_[id]));
      }
    }
    for (const auto& snapshot : effects_.snapshots) {
      add(fmt::format("-> {}: (snapshot after {:#x})", name_of_[snapshot.link->id],
                      snapshot.after.value));
    }
    effects_.clear();
    return text;
  }
  void skip() { (void)out(); }
  void clear_log() { log_.lines.clear(); }

  Leader& leader() { return *leader_; }
  Link& link(int sid) { return *links_.at(link_of_.at(sid)); }
  ProposalLog& proposals() { return proposals_; }
  LeaderEffects& effects() { return effects_; }
  base::Instant now() const { return now_; }
  const std::vector<std::string>& log() const { return log_.lines; }
  static std::string payload(Zxid zxid) { return fmt::format("txn {}", zxid.counter()); }

 private:
  static EnsembleConfig config_of(const Opening& opening) {
    EnsembleConfig config = testing::ensemble_of(opening.voters, opening.observers);
    config.version = opening.config_version;
    return config;
  }

  template <typename Add>
  void drain(Link& link, Add add) {
    while (!link.output.empty()) {
      const auto decoded = decode_packet(link.output.view(), 1 << 20);
      ASSERT_TRUE(decoded && *decoded) << "the leader wrote what is no packet";
      const QuorumPacket& packet = (*decoded)->packet;
      std::string line = fmt::format("-> {}: {}", name_of_[link.id], name_of(packet.type));
      if (packet.zxid != Zxid(-1)) line += fmt::format(" {:#x}", packet.zxid.value);
      if (packet.type == PacketType::kNewLeader) {
        EXPECT_EQ(packet.data, config_.text());
      } else if (packet.type == PacketType::kLeaderInfo) {
        EXPECT_EQ(packet.data, int_data(kProtocolVersion));
      } else if (packet.data) {
        line += fmt::format(" \"{}\"", *packet.data);
      }
      add(line);
      link.output.consume((*decoded)->size);
    }
  }

  EnsembleConfig config_;
  ProposalLog proposals_{{.txns_min = 2, .txns_max = 4}};
  LinesLog log_;
  LeaderEffects effects_;
  base::Instant now_ = base::Instant::from_ms(1'000'000);
  std::uint64_t last_link_ = 0;
  std::map<LinkId, std::unique_ptr<Link>> links_;
  std::map<int, LinkId> link_of_;
  std::map<LinkId, int> name_of_;
  std::unique_ptr<Leader> leader_;
};

Zxid z(std::int64_t epoch, std::int64_t counter) {
  return Zxid::of(epoch, counter);
}

// Three servers that have been through epoch 1, up to 0x100000003; 1 leads epoch 2, 2 follows.
Opening three_with_history() {
  return {.history = {1, 1, z(1, 3)}, .txns = {z(1, 1), z(1, 2), z(1, 3)}};
}

void establish(Stage& stage, Epoch accepted, Zxid last) {
  stage.connect(2);
  stage.info(2, accepted);
  stage.accepted_saved();
  stage.ack_epoch(2, static_cast<std::int32_t>(accepted), last);
  stage.current_saved();
  stage.ack(2, z(stage.leader().epoch(), 0));
  ASSERT_TRUE(stage.leader().established());
  stage.skip();
}

// ---- discovery

TEST(LeaderTest, ThreeNewServers) {
  Stage stage;
  EXPECT_EQ(stage.out(), "");
  EXPECT_EQ(stage.leader().phase(), "discovery");
  stage.connect(2);
  stage.info(2, 0);
  EXPECT_EQ(stage.out(), "save accepted epoch 1\n") << "no promise before it is durable";
  stage.accepted_saved();
  EXPECT_EQ(stage.out(), "-> 2: LEADERINFO 0x100000000\n");
  stage.ack_epoch(2, 0, Zxid(0));
  EXPECT_EQ(stage.out(),
            "save current epoch 1\n"
            "-> 2: DIFF 0x0\n"
            "-> 2: NEWLEADER 0x100000000\n");
  EXPECT_EQ(stage.leader().phase(), "synchronization");
  stage.ack(2, z(1, 0));
  EXPECT_EQ(stage.out(), "") << "our own epoch is not durable yet";
  stage.current_saved();
  EXPECT_EQ(stage.out(), "established 1\n-> 2: UPTODATE\n");
  EXPECT_EQ(stage.leader().phase(), "broadcast");
  stage.ack(2, z(1, 0));
  EXPECT_EQ(stage.out(), "");
  EXPECT_EQ(stage.leader().epoch(), 1);
  EXPECT_EQ(stage.leader().last_proposed(), z(1, 0));
  EXPECT_EQ(stage.leader().last_committed(), z(1, 0));
}

TEST(LeaderTest, FiveServersNeedThreeEachTime) {
  Stage stage({.voters = 5, .history = {4, 2, z(2, 1)}, .txns = {z(2, 1)}});
  for (const int sid : {2, 3, 4}) stage.connect(sid);
  stage.info(2, 7);
  EXPECT_EQ(stage.out(), "");
  EXPECT_EQ(stage.leader().epoch(), 0);
  stage.info(3, 2);
  EXPECT_EQ(stage.out(), "save accepted epoch 8\n");
  stage.info(4, 8);
  stage.accepted_saved();
  EXPECT_EQ(stage.out(),
            "-> 2: LEADERINFO 0x800000000\n"
            "-> 3: LEADERINFO 0x800000000\n"
            "-> 4: LEADERINFO 0x800000000\n")
      << "decided is decided";
  stage.ack_epoch(2, 2, z(2, 1));
  stage.lose(4);
  EXPECT_EQ(stage.out(), "");
  stage.ack_epoch(3, 2, z(2, 1));
  EXPECT_EQ(stage.out(),
            "save current epoch 8\n"
            "-> 2: DIFF 0x200000001\n-> 2: NEWLEADER 0x800000000\n"
            "-> 3: DIFF 0x200000001\n-> 3: NEWLEADER 0x800000000\n");
  stage.current_saved();
  stage.ack(2, z(8, 0));
  EXPECT_EQ(stage.out(), "");
  stage.ack(3, z(8, 0));
  EXPECT_EQ(stage.out(), "established 8\n-> 2: UPTODATE\n-> 3: UPTODATE\n");
}

// It promised itself to a later leadership that came to nothing. It could never follow this one,
// and with too few others neither would a quorum.
TEST(LeaderTest, AMemberThatHasAcceptedALaterEpochIsMadeRoomFor) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.connect(3);
  stage.info(3, 2);
  EXPECT_EQ(stage.out(), "-> 3: LEADERINFO 0x200000000\n") << "ours: it counts no second time";
  stage.connect(9);
  stage.info(9, 7);
  EXPECT_EQ(stage.out(), "-> 9: LEADERINFO 0x200000000\n") << "no member";
  stage.connect(3);
  stage.info(3, 7);
  EXPECT_EQ(stage.effects().epoch_heard, 7);
  EXPECT_THAT(stage.out(), HasSubstr("step down: sid=3 has accepted epoch 0x7"));

  Opening opening = three_with_history();
  opening.options.epoch_heard = 7;
  Stage next(opening);
  next.connect(2);
  next.info(2, 2);
  EXPECT_EQ(next.out(), "save accepted epoch 8\n");
}

TEST(LeaderTest, AloneInTheEnsemble) {
  Stage stage({.voters = 1});
  EXPECT_EQ(stage.out(), "save accepted epoch 1\n");
  stage.accepted_saved();
  EXPECT_EQ(stage.out(), "save current epoch 1\n");
  stage.current_saved();
  EXPECT_EQ(stage.out(), "established 1\n");
  stage.propose(z(1, 1));
  EXPECT_EQ(stage.out(), "");
  stage.persisted(z(1, 1));
  EXPECT_EQ(stage.out(), "committed 0x100000001\n");
}

TEST(LeaderTest, ObserversAndStrangersRaiseTheEpochButDoNotCount) {
  Stage stage({.voters = 3, .observers = 1});
  stage.connect(4);
  stage.info(4, 6, PacketType::kObserverInfo);
  stage.connect(9);
  stage.info(9, 3);
  EXPECT_EQ(stage.out(), "");
  EXPECT_THAT(stage.log(), Contains(HasSubstr("sid=9, which is in no configuration")));
  stage.connect(2);
  stage.info(2, 0);
  EXPECT_EQ(stage.out(), "save accepted epoch 7\n");
  stage.accepted_saved();
  stage.skip();
  stage.ack_epoch(4, 0, Zxid(0));
  stage.ack_epoch(9, 0, Zxid(0));
  EXPECT_EQ(stage.out(), "");
  stage.ack_epoch(2, 0, Zxid(0));
  stage.current_saved();
  stage.skip();
  stage.ack(4, z(7, 0));
  stage.ack(9, z(7, 0));
  EXPECT_EQ(stage.out(), "");
  stage.ack(2, z(7, 0));
  EXPECT_EQ(stage.out(), "established 7\n-> 4: UPTODATE\n-> 9: UPTODATE\n-> 2: UPTODATE\n");
}

TEST(LeaderTest, WhoPromisedAlreadyIsNotCountedAgain) {
  Stage stage;
  stage.connect(2);
  stage.info(2, 0);
  stage.accepted_saved();
  stage.skip();
  stage.ack_epoch(2, -1, Zxid(0));
  EXPECT_EQ(stage.out(), "");
  stage.connect(3);
  stage.info(3, 0);
  stage.ack_epoch(3, 0, Zxid(0));
  EXPECT_EQ(stage.out(),
            "save current epoch 1\n"
            "-> 2: SNAP 0x0\n"
            "-> 3: LEADERINFO 0x100000000\n-> 3: DIFF 0x0\n-> 3: NEWLEADER 0x100000000\n"
            "-> 2: (snapshot after 0x0)\n");
}

TEST(LeaderTest, AnEmptyServerThatMustNotVoteIsNotCounted) {
  Stage stage(three_with_history());
  stage.connect(2);
  stage.info(2, 0);
  stage.accepted_saved();
  stage.skip();
  stage.ack_epoch(2, 0, Zxid(-1));
  EXPECT_EQ(stage.out(), "");
}

TEST(LeaderTest, ALearnerThatIsAheadIsTurnedAway) {
  for (const auto& [epoch, last] : {std::pair(2, z(2, 0)), std::pair(1, z(1, 4))}) {
    Stage stage(three_with_history());
    stage.connect(2);
    stage.info(2, 2);
    stage.accepted_saved();
    stage.skip();
    stage.ack_epoch(2, epoch, last);
    EXPECT_EQ(stage.out(), "-> 2: close\n");
    EXPECT_THAT(stage.log(), Contains(HasSubstr("link 1 of follower sid=2: is ahead of us")));
    stage.connect(3);
    stage.info(3, 1);
    stage.ack_epoch(3, 1, z(1, 3));
    EXPECT_THAT(stage.out(), HasSubstr("save current epoch 3\n"));
  }
}

TEST(LeaderTest, AheadAfterTheQuorumIsTruncated) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.connect(3);
  stage.info(3, 1);
  stage.ack_epoch(3, 1, z(1, 5));
  EXPECT_EQ(stage.out(),
            "-> 3: LEADERINFO 0x200000000\n"
            "-> 3: TRUNC 0x100000003\n"
            "-> 3: NEWLEADER 0x200000000\n");
}

TEST(LeaderTest, ANewerConfigurationIsRefused) {
  Stage stage({.config_version = 5});
  stage.connect(2);
  stage.say(2, PacketType::kFollowerInfo, Zxid(0),
            data(LearnerInfo{ServerId(2), kProtocolVersion, 6}));
  EXPECT_EQ(stage.out(), "-> 2: close\n");
  EXPECT_THAT(stage.log(), Contains(HasSubstr("its configuration has version 0x6, ours 0x5")));
  stage.connect(2);
  stage.say(2, PacketType::kFollowerInfo, Zxid(0),
            data(LearnerInfo{ServerId(2), kProtocolVersion, 5}));
  EXPECT_EQ(stage.out(), "save accepted epoch 1\n");
}

// ---- synchronisation

TEST(LeaderTest, DiffIsWhatIsCommittedThenNewLeader) {
  Stage stage(three_with_history());
  stage.connect(2);
  stage.info(2, 1);
  stage.accepted_saved();
  stage.skip();
  stage.ack_epoch(2, 1, z(1, 1));
  EXPECT_EQ(stage.out(),
            "save current epoch 2\n"
            "-> 2: DIFF 0x100000003\n"
            "-> 2: PROPOSAL 0x100000002 \"txn 2\"\n"
            "-> 2: COMMIT 0x100000002\n"
            "-> 2: PROPOSAL 0x100000003 \"txn 3\"\n"
            "-> 2: COMMIT 0x100000003\n"
            "-> 2: NEWLEADER 0x200000000\n");
}

TEST(LeaderTest, ALateFollowerGetsOutstandingProposalsBehindNewLeader) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.propose(z(2, 1));
  stage.ack(2, z(2, 1));
  stage.persisted(z(2, 1));
  stage.propose(z(2, 2));
  stage.propose(z(2, 3));
  stage.skip();
  stage.connect(3);
  stage.info(3, 1);
  stage.ack_epoch(3, 1, z(1, 3));
  EXPECT_EQ(stage.out(),
            "-> 3: LEADERINFO 0x200000000\n"
            "-> 3: DIFF 0x200000001\n"
            "-> 3: PROPOSAL 0x200000001 \"txn 1\"\n"
            "-> 3: COMMIT 0x200000001\n"
            "-> 3: NEWLEADER 0x200000000\n"
            "-> 3: PROPOSAL 0x200000002 \"txn 2\"\n"
            "-> 3: PROPOSAL 0x200000003 \"txn 3\"\n");
  stage.propose(z(2, 4));
  EXPECT_EQ(stage.out(),
            "-> 2: PROPOSAL 0x200000004 \"txn 4\"\n"
            "-> 3: PROPOSAL 0x200000004 \"txn 4\"\n");
  stage.ack(2, z(2, 2));
  stage.persisted(z(2, 2));
  EXPECT_EQ(stage.out(),
            "committed 0x200000002\n-> 2: COMMIT 0x200000002\n-> 3: COMMIT 0x200000002\n");
  stage.ack(3, z(2, 0));
  EXPECT_EQ(stage.out(), "-> 3: UPTODATE\n") << "a quorum follows already";
  stage.ack(3, z(2, 0));
  stage.ack(3, z(2, 2));
  EXPECT_EQ(stage.out(), "") << "committed already";
  stage.ack(3, z(2, 3));
  stage.persisted(z(2, 3));
  EXPECT_EQ(stage.out(),
            "committed 0x200000003\n-> 2: COMMIT 0x200000003\n-> 3: COMMIT 0x200000003\n");
}

TEST(LeaderTest, NothingIsWrittenIntoASnapshot) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.connect(3);
  stage.info(3, 0);
  stage.ack_epoch(3, 0, Zxid(0));
  EXPECT_EQ(stage.out(),
            "-> 3: LEADERINFO 0x200000000\n"
            "-> 3: SNAP 0x100000003\n"
            "-> 3: (snapshot after 0x100000003)\n");
  // More than the log keeps, were it not pinned.
  for (std::int64_t n = 1; n <= 6; ++n) stage.propose(z(2, n));
  stage.persisted(z(2, 5));
  stage.ack(2, z(2, 5));
  stage.pass(kTickMs);
  stage.leader().send(stage.link(3).id, PacketType::kSync, Zxid(0), std::nullopt, stage.effects());
  EXPECT_THAT(stage.out(), Not(HasSubstr("-> 3")));
  stage.snapshot_sent(3);
  EXPECT_EQ(stage.out(),
            "-> 3: PROPOSAL 0x200000001 \"txn 1\"\n-> 3: COMMIT 0x200000001\n"
            "-> 3: PROPOSAL 0x200000002 \"txn 2\"\n-> 3: COMMIT 0x200000002\n"
            "-> 3: PROPOSAL 0x200000003 \"txn 3\"\n-> 3: COMMIT 0x200000003\n"
            "-> 3: PROPOSAL 0x200000004 \"txn 4\"\n-> 3: COMMIT 0x200000004\n"
            "-> 3: PROPOSAL 0x200000005 \"txn 5\"\n-> 3: COMMIT 0x200000005\n"
            "-> 3: NEWLEADER 0x200000000\n"
            "-> 3: PROPOSAL 0x200000006 \"txn 6\"\n");
  EXPECT_EQ(stage.proposals().first(), z(2, 2)) << "unpinned: back to its limits";
  stage.ack(3, z(2, 0));
  EXPECT_EQ(stage.out(), "-> 3: UPTODATE\n");
}

TEST(LeaderTest, ASnapshotThatEndsEarlyUnpins) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.connect(3);
  stage.info(3, 0);
  stage.ack_epoch(3, 0, Zxid(0));
  for (std::int64_t n = 1; n <= 8; ++n) stage.propose(z(2, n));
  stage.persisted(z(2, 8));
  stage.ack(2, z(2, 8));
  EXPECT_EQ(stage.proposals().first(), z(2, 1));
  stage.lose(3);
  EXPECT_EQ(stage.proposals().first(), z(2, 5));
  stage.skip();
  stage.snapshot_sent(3);
  EXPECT_EQ(stage.out(), "");
}

TEST(LeaderTest, ForcedSnapshot) {
  Opening opening = three_with_history();
  opening.options.force_snapshot_sync = true;
  Stage stage(opening);
  stage.connect(2);
  stage.info(2, 1);
  stage.accepted_saved();
  stage.skip();
  stage.ack_epoch(2, 1, z(1, 3));
  EXPECT_EQ(stage.out(),
            "save current epoch 2\n"
            "-> 2: SNAP 0x100000003\n"
            "-> 2: (snapshot after 0x100000003)\n");
  stage.snapshot_sent(2);
  stage.ack(2, z(2, 0));
  stage.current_saved();
  EXPECT_EQ(stage.out(), "established 2\n-> 2: NEWLEADER 0x200000000\n-> 2: UPTODATE\n");
}

TEST(LeaderTest, AServerThatDistrustsItsDiskGetsASnapshotOfNothingToo) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  stage.connect(3);
  stage.info(3, 1);
  stage.ack_epoch(3, -1, Zxid(0));
  EXPECT_EQ(stage.out(),
            "-> 3: LEADERINFO 0x100000000\n-> 3: SNAP 0x0\n-> 3: (snapshot after 0x0)\n");
}

TEST(LeaderTest, AnObserverIsInformed) {
  Stage stage({.voters = 3, .observers = 1});
  establish(stage, 0, Zxid(0));
  stage.propose(z(1, 1));
  stage.skip();
  stage.connect(4);
  stage.info(4, 1, PacketType::kObserverInfo);
  stage.ack_epoch(4, 0, Zxid(0));
  stage.ack(4, z(1, 0));
  EXPECT_EQ(stage.out(),
            "-> 4: LEADERINFO 0x100000000\n-> 4: DIFF 0x0\n-> 4: NEWLEADER 0x100000000\n"
            "-> 4: UPTODATE\n")
      << "what is outstanding comes as INFORM";
  stage.persisted(z(1, 1));
  stage.ack(4, z(1, 1));
  EXPECT_EQ(stage.out(), "") << "an observer's ack counts nothing";
  stage.ack(2, z(1, 1));
  EXPECT_EQ(stage.out(),
            "committed 0x100000001\n"
            "-> 2: COMMIT 0x100000001\n"
            "-> 4: INFORM 0x100000001 \"txn 1\"\n");
  stage.lose(4);
  EXPECT_EQ(stage.out(), "gone 4\n") << "not a voter: we go on";
}

TEST(LeaderTest, AFollowerThatDoesNotVoteGetsProposalsAndIsNotCounted) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  stage.follow(9, 0, Zxid(0));
  stage.skip();
  stage.propose(z(1, 1));
  EXPECT_THAT(stage.out(), HasSubstr("-> 9: PROPOSAL 0x100000001"));
  stage.persisted(z(1, 1));
  stage.ack(9, z(1, 1));
  EXPECT_EQ(stage.out(), "");
  stage.ack(2, z(1, 1));
  EXPECT_THAT(stage.out(), HasSubstr("-> 9: COMMIT 0x100000001"));
}

TEST(LeaderTest, NewLeaderIsAckedByItsOwnZxidAlone) {
  for (const Zxid wrong : {z(1, 0), z(3, 0), z(2, 1), z(9, 9)}) {
    Stage stage(three_with_history());
    stage.connect(2);
    stage.info(2, 1);
    stage.accepted_saved();
    stage.ack_epoch(2, 1, z(1, 3));
    stage.current_saved();
    stage.skip();
    stage.ack(2, wrong);
    EXPECT_EQ(stage.out(), "-> 2: close\n") << wrong.value;
    EXPECT_THAT(stage.log(), Contains(HasSubstr("where NEWLEADER is 0x200000000")));
    EXPECT_FALSE(stage.leader().established());
  }
}

TEST(LeaderTest, AcksOfTheSyncStreamMayComeBeforeTheOneOfNewLeader) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.propose(z(2, 1));
  stage.persisted(z(2, 1));
  stage.connect(3);
  stage.info(3, 1);
  stage.ack_epoch(3, 1, z(1, 2));
  stage.skip();
  stage.ack(3, z(1, 3));
  stage.ack(3, z(2, 1));
  EXPECT_EQ(stage.out(), "") << "nothing counts before the ack of NEWLEADER";
  stage.ack(3, z(2, 0));
  EXPECT_EQ(stage.out(),
            "committed 0x200000001\n"
            "-> 2: COMMIT 0x200000001\n"
            "-> 3: UPTODATE\n"
            "-> 3: COMMIT 0x200000001\n");
}

TEST(LeaderTest, AcksOfALostLinkDoNotCountForTheNextOne) {
  Stage stage({.voters = 5});
  stage.connect(2);
  stage.connect(3);
  stage.info(2, 0);
  stage.info(3, 0);
  stage.accepted_saved();
  stage.ack_epoch(2, 0, Zxid(0));
  stage.ack_epoch(3, 0, Zxid(0));
  stage.current_saved();
  stage.ack(2, z(1, 0));
  stage.ack(3, z(1, 0));
  stage.follow(4, 0, Zxid(0));
  stage.propose(z(1, 1));
  stage.ack(2, z(1, 1));
  stage.persisted(z(1, 1));
  stage.skip();
  // 2 comes back without the txn that it acked: its disk is new.
  stage.lose(2);
  stage.connect(2);
  stage.info(2, 0);
  stage.ack_epoch(2, 0, Zxid(0));
  stage.ack(2, z(1, 0));
  stage.skip();
  stage.ack(3, z(1, 1));
  EXPECT_EQ(stage.out(), "") << "1 and 3 have it";
  stage.ack(2, z(1, 1));
  EXPECT_THAT(stage.out(), HasSubstr("committed 0x100000001\n"));
}

// ---- broadcast

TEST(LeaderTest, CommitWaitsForQuorumOfPersisted) {
  Stage stage({.voters = 5});
  for (const int sid : {2, 3, 4}) {
    stage.connect(sid);
    stage.info(sid, 0);
  }
  stage.accepted_saved();
  for (const int sid : {2, 3, 4}) stage.ack_epoch(sid, 0, Zxid(0));
  stage.current_saved();
  for (const int sid : {2, 3, 4}) stage.ack(sid, z(1, 0));
  stage.skip();
  stage.propose(z(1, 1));
  EXPECT_EQ(stage.out(),
            "-> 2: PROPOSAL 0x100000001 \"txn 1\"\n"
            "-> 3: PROPOSAL 0x100000001 \"txn 1\"\n"
            "-> 4: PROPOSAL 0x100000001 \"txn 1\"\n");
  stage.ack(2, z(1, 1));
  stage.ack(2, z(1, 1));
  stage.persisted(z(1, 1));
  EXPECT_EQ(stage.out(), "");
  stage.ack(4, z(1, 1));
  EXPECT_EQ(stage.out(),
            "committed 0x100000001\n"
            "-> 2: COMMIT 0x100000001\n"
            "-> 3: COMMIT 0x100000001\n"
            "-> 4: COMMIT 0x100000001\n");
  stage.propose(z(1, 2));
  for (const int sid : {2, 3, 4}) stage.ack(sid, z(1, 2));
  EXPECT_THAT(stage.out(), HasSubstr("committed 0x100000002\n")) << "without our own disk";
  stage.persisted(z(1, 2));
  EXPECT_EQ(stage.out(), "");
}

TEST(LeaderTest, CommitsInOrder) {
  Stage stage({.voters = 5});
  for (const int sid : {2, 3}) {
    stage.connect(sid);
    stage.info(sid, 0);
  }
  stage.accepted_saved();
  for (const int sid : {2, 3}) stage.ack_epoch(sid, 0, Zxid(0));
  stage.current_saved();
  for (const int sid : {2, 3}) stage.ack(sid, z(1, 0));
  for (std::int64_t n = 1; n <= 3; ++n) stage.propose(z(1, n));
  stage.skip();
  stage.ack(2, z(1, 1));
  stage.ack(2, z(1, 2));
  stage.ack(2, z(1, 3));
  stage.ack(3, z(1, 1));
  EXPECT_EQ(stage.out(), "");
  stage.persisted(z(1, 3));
  EXPECT_EQ(stage.out(),
            "committed 0x100000001\n-> 2: COMMIT 0x100000001\n-> 3: COMMIT 0x100000001\n");
  stage.ack(3, z(1, 3));
  EXPECT_EQ(stage.out(),
            "committed 0x100000003\n"
            "-> 2: COMMIT 0x100000002\n-> 2: COMMIT 0x100000003\n"
            "-> 3: COMMIT 0x100000002\n-> 3: COMMIT 0x100000003\n");
  EXPECT_EQ(stage.leader().last_committed(), z(1, 3));
}

// Far more outstanding than the ring holds at first, committed in steps that do not divide it.
TEST(LeaderTest, ManyOutstanding) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  constexpr std::int64_t kTxns = 10'000;
  for (std::int64_t n = 1; n <= kTxns; ++n) {
    stage.propose(z(1, n));
    if (n % 3000 == 0) {
      stage.persisted(z(1, n - 700));
      stage.ack(2, z(1, n - 700));
      EXPECT_EQ(stage.leader().last_committed(), z(1, n - 700));
    }
  }
  stage.ack(2, z(1, kTxns));
  EXPECT_EQ(stage.leader().last_committed(), z(1, 9000 - 700));
  stage.persisted(z(1, kTxns));
  EXPECT_EQ(stage.leader().last_committed(), z(1, kTxns));
  EXPECT_EQ(stage.proposals().committed(), z(1, kTxns));
}

TEST(LeaderTest, WhoTakesNothingIsLetGoBeforeItCostsMuch) {
  Opening opening = three_with_history();
  opening.options.output_bytes_max = 100;
  Stage stage(opening);
  establish(stage, 1, z(1, 3));
  stage.follow(3, 1, z(1, 3));
  stage.skip();
  for (int counter = 1; counter <= 100 && stage.leader().learners().size() == 2; ++counter) {
    stage.propose(z(2, counter));
    stage.link(2).output.consume(stage.link(2).output.size());
  }
  EXPECT_THAT(stage.log(), Contains(HasSubstr("of follower sid=3: does not take what it is sent")));
  EXPECT_THAT(stage.out(), HasSubstr("-> 3: close\n"));
  EXPECT_TRUE(stage.leader().established()) << "the other one is enough";
}

TEST(LeaderTest, AllAckedCountsVotersThatServe) {
  Stage stage({.voters = 3, .observers = 1});
  establish(stage, 0, Zxid(0));
  stage.follow(3, 0, Zxid(0));
  stage.follow(4, 0, Zxid(0), PacketType::kObserverInfo);
  EXPECT_TRUE(stage.leader().all_acked());
  stage.propose(z(1, 1));
  EXPECT_FALSE(stage.leader().all_acked());
  stage.ack(2, z(1, 1));
  EXPECT_FALSE(stage.leader().all_acked());
  stage.ack(3, z(1, 1));
  EXPECT_TRUE(stage.leader().all_acked());
  stage.propose(z(1, 2));
  stage.ack(2, z(1, 2));
  EXPECT_FALSE(stage.leader().all_acked());
  stage.lose(3);
  EXPECT_TRUE(stage.leader().all_acked());
  const auto learners = stage.leader().learners();
  ASSERT_EQ(learners.size(), 2u);
  EXPECT_EQ(learners[0].sid, ServerId(2));
  EXPECT_TRUE(learners[0].voter && learners[0].synced && !learners[0].observer);
  EXPECT_EQ(learners[0].last_acked, z(1, 2));
  EXPECT_GT(learners[0].queued_bytes, 0u);
  EXPECT_TRUE(learners[1].observer && !learners[1].voter);
}

TEST(LeaderTest, RequestsComeFromLearnersThatServe) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  const std::string request =
      data(ForwardedRequest{wire::SessionId(7), 1, wire::OpCode::kSync, ""});
  stage.say(2, PacketType::kRequest, Zxid(-1), request);
  stage.say(2, PacketType::kPing, z(1, 0), "");
  stage.say(2, PacketType::kRevalidate, Zxid(-1), request.substr(0, 12));
  ASSERT_EQ(stage.effects().requests.size(), 3u);
  EXPECT_EQ(stage.effects().requests[0].link, stage.link(2).id);
  EXPECT_EQ(stage.effects().requests[0].packet.data, request);
  EXPECT_EQ(stage.out(), "<- 2: REQUEST\n<- 2: PING\n<- 2: REVALIDATE\n");
  stage.leader().send(stage.link(2).id, PacketType::kSync, Zxid(0), std::nullopt, stage.effects());
  stage.leader().send(LinkId(99), PacketType::kSync, Zxid(0), std::nullopt, stage.effects());
  EXPECT_EQ(stage.out(), "-> 2: SYNC 0x0\n");
}

TEST(LeaderTest, StepsDownBeforeTheCounterRunsIntoTheEpoch) {
  EXPECT_EQ(LeaderOptions().counter_max, 0xfffffffe);
  Opening opening;
  opening.options.counter_max = 2;
  Stage stage(opening);
  establish(stage, 0, Zxid(0));
  stage.propose(z(1, 1));
  stage.skip();
  stage.propose(z(1, 2));
  EXPECT_EQ(stage.out(),
            "gone 2\n"
            "step down: the zxids of this epoch are used up\n"
            "-> 2: PROPOSAL 0x100000002 \"txn 2\"\n"
            "-> 2: close\n");
}

// ---- learners that come twice, and bytes that nobody should send

TEST(LeaderTest, ASecondConnectionReplacesTheFirst) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  stage.connect(2);
  const LinkId second = stage.link(2).id;
  stage.info(2, 1);
  EXPECT_EQ(stage.out(), "gone 2\n-> 2: close\n-> 2: LEADERINFO 0x100000000\n")
      << "it is connected, so we go on leading";
  EXPECT_THAT(stage.log(), Contains(HasSubstr("link 1 of follower sid=2: link 2 is of sid=2 too")));
  stage.ack_epoch(2, 1, Zxid(0));
  stage.ack(2, z(1, 0));
  EXPECT_THAT(stage.out(), HasSubstr("-> 2: UPTODATE\n"));
  EXPECT_EQ(stage.link(2).id, second);
  stage.leader().on_closed(LinkId(1), stage.now(), stage.effects());
  EXPECT_EQ(stage.out(), "") << "that one is forgotten";
}

TEST(LeaderTest, GarbageBeforeTheSync) {
  const std::string info = data(LearnerInfo{ServerId(2)});
  const std::string own = data(LearnerInfo{ServerId(1)});
  const std::string old = data(LearnerInfo{ServerId(2), 1, 0});
  const struct {
    PacketType type;
    Zxid zxid;
    wire::NullableBytes data;
    const char* message;
  } cases[] = {
      {PacketType::kRequest, Zxid(-1), info, "REQUEST (type 1) where FOLLOWERINFO"},
      {static_cast<PacketType>(-7), Zxid(0), info, "unknown (type -7) where FOLLOWERINFO"},
      {PacketType::kFollowerInfo, Zxid(0), std::nullopt, "without a server's number"},
      {PacketType::kFollowerInfo, Zxid(0), "short", "without a server's number"},
      {PacketType::kFollowerInfo, Zxid(0), own, "says that it is sid=1, as we are"},
      {PacketType::kFollowerInfo, Zxid(0), old, "protocol version 0x1, expected 0x10000"},
      {PacketType::kFollowerInfo, Zxid(-1), info, "accepted epoch -0x1 cannot be"},
      {PacketType::kFollowerInfo, Zxid(INT64_MAX), info, "accepted epoch 0x7fffffff cannot be"},
      {PacketType::kFollowerInfo, Zxid::of(2'000'000, 0), info,
       "accepted epoch 0x1e8480 is too far ahead of ours"},
  };
  for (const auto& c : cases) {
    Stage stage;
    stage.connect(2);
    stage.say(2, c.type, c.zxid, c.data);
    EXPECT_EQ(stage.out(), "-> 2: close\n") << c.message;
    ASSERT_EQ(stage.log().size(), 1u);
    EXPECT_THAT(stage.log()[0], HasSubstr("closes link 1"));
    EXPECT_THAT(stage.log()[0], HasSubstr(c.message));
    stage.info(2, 0);
    EXPECT_EQ(stage.out(), "") << "what else it says is ignored";
  }
}

TEST(LeaderTest, GarbageInPlaceOfAckEpoch) {
  for (const bool right_type : {true, false}) {
    Stage stage;
    stage.connect(2);
    stage.info(2, 0);
    stage.accepted_saved();
    stage.skip();
    stage.say(2, right_type ? PacketType::kAckEpoch : PacketType::kAck, Zxid(0), "abc");
    EXPECT_EQ(stage.out(), "-> 2: close\n");
  }
}

TEST(LeaderTest, TalkingOutOfTurn) {
  Stage stage({.voters = 5});
  stage.connect(2);
  stage.info(2, 0);
  stage.info(2, 0);
  EXPECT_EQ(stage.out(), "-> 2: close\n");
  EXPECT_THAT(stage.log(), Contains(HasSubstr("unexpected FOLLOWERINFO (type 11)")));
}

TEST(LeaderTest, GarbageFromAServingLearner) {
  const struct {
    PacketType type;
    Zxid zxid;
    wire::NullableBytes data;
    const char* message;
  } cases[] = {
      {PacketType::kAck, z(1, 1), std::nullopt, "acks 0x100000001, the last proposed is"},
      {PacketType::kPing, z(1, 0), std::nullopt, "PING without data"},
      {PacketType::kRequest, Zxid(-1), std::nullopt, "REQUEST without data"},
      {PacketType::kRequest, Zxid(-1), "fifteen bytes..", "REQUEST without data"},
      {PacketType::kRevalidate, Zxid(-1), "11 bytes...", "REVALIDATE without data"},
      {PacketType::kProposal, z(1, 1), "txn", "unexpected PROPOSAL (type 2)"},
      {static_cast<PacketType>(77), z(1, 1), "txn", "unexpected unknown (type 77)"},
  };
  for (const auto& c : cases) {
    Stage stage;
    establish(stage, 0, Zxid(0));
    stage.follow(3, 0, Zxid(0));
    stage.skip();
    stage.clear_log();
    stage.say(3, c.type, c.zxid, c.data);
    EXPECT_EQ(stage.out(), "gone 3\n-> 3: close\n") << c.message;
    ASSERT_EQ(stage.log().size(), 1u);
    EXPECT_THAT(stage.log()[0], HasSubstr("closes link 2 of follower sid=3"));
    EXPECT_THAT(stage.log()[0], HasSubstr(c.message));
  }
}

TEST(LeaderTest, ARequestBeforeUpToDate) {
  Stage stage({.voters = 5});
  for (const int sid : {2, 3}) {
    stage.connect(sid);
    stage.info(sid, 0);
  }
  stage.accepted_saved();
  for (const int sid : {2, 3}) stage.ack_epoch(sid, 0, Zxid(0));
  stage.ack(2, z(1, 0));
  stage.skip();
  const std::string request =
      data(ForwardedRequest{wire::SessionId(7), 1, wire::OpCode::kSync, ""});
  stage.say(2, PacketType::kRequest, Zxid(-1), request);
  stage.say(3, PacketType::kRequest, Zxid(-1), request);
  EXPECT_EQ(stage.out(), "-> 2: close\n-> 3: close\n");
}

// ---- time, and the end

TEST(LeaderTest, StepsDownWhenNoQuorumComes) {
  Stage discovery;
  discovery.pass(kInitMs - 1);
  EXPECT_EQ(discovery.out(), "");
  discovery.pass(1);
  EXPECT_EQ(discovery.out(), "step down: no quorum in initLimit, phase discovery\n");
  EXPECT_EQ(discovery.leader().next_deadline(), std::nullopt);

  Stage synchronization;
  synchronization.connect(2);
  synchronization.info(2, 0);
  synchronization.accepted_saved();
  synchronization.pass(kInitMs - 1);
  synchronization.ack_epoch(2, 0, Zxid(0));
  synchronization.current_saved();
  synchronization.skip();
  synchronization.pass(kInitMs);
  EXPECT_EQ(synchronization.out(),
            "step down: no quorum in initLimit, phase synchronization\n"
            "-> 2: close\n");
}

TEST(LeaderTest, StepsDownAtOnceWithoutAQuorum) {
  Stage stage({.voters = 5});
  for (const int sid : {2, 3}) {
    stage.connect(sid);
    stage.info(sid, 0);
  }
  stage.accepted_saved();
  for (const int sid : {2, 3}) stage.ack_epoch(sid, 0, Zxid(0));
  stage.current_saved();
  for (const int sid : {2, 3}) stage.ack(sid, z(1, 0));
  stage.follow(4, 0, Zxid(0));
  stage.propose(z(1, 1));
  stage.skip();
  stage.lose(2);
  EXPECT_EQ(stage.out(), "gone 2\n");
  EXPECT_TRUE(stage.leader().established());
  stage.lose(3);
  EXPECT_EQ(stage.out(),
            "gone 3\ngone 4\nstep down: less than a quorum is connected\n-> 4: close\n");
  EXPECT_FALSE(stage.leader().established());
  stage.ack(4, z(1, 1));
  stage.persisted(z(1, 1));
  stage.propose(z(1, 2));
  stage.pass(kSyncMs);
  EXPECT_EQ(stage.out(), "") << "nothing counts any more";
}

// Found by the simulator: the leader served nobody, and with no learner there was no timer either.
TEST(LeaderTest, WhoHasLeftBeforeTheEpochWasSavedCannotBeLed) {
  Stage stage;
  stage.connect(2);
  stage.info(2, 0);
  stage.accepted_saved();
  stage.ack_epoch(2, 0, Zxid(0));
  stage.ack(2, z(1, 0));
  stage.lose(2);
  stage.skip();
  stage.current_saved();
  EXPECT_EQ(stage.out(), "step down: the followers have left\n");
  EXPECT_FALSE(stage.leader().established());
}

TEST(LeaderTest, SilentLearnersAreDropped) {
  Stage stage({.voters = 3, .observers = 1});
  establish(stage, 0, Zxid(0));
  stage.follow(3, 0, Zxid(0));
  stage.connect(4);  // says nothing at all
  stage.skip();
  stage.pass_with({2}, kSyncMs - 1);
  EXPECT_THAT(stage.out(), Not(HasSubstr("close")));
  stage.pass(1);
  EXPECT_THAT(stage.out(), HasSubstr("gone 3\n"));
  EXPECT_THAT(stage.log(), Contains(HasSubstr("follower sid=3: nothing was heard")));
  stage.pass_with({2}, kInitMs - kSyncMs);
  EXPECT_THAT(stage.out(), HasSubstr("-> 4: close\n"));
  EXPECT_TRUE(stage.leader().established());
  stage.pass(kSyncMs);
  EXPECT_THAT(stage.out(), HasSubstr("step down: less than a quorum is connected\n"));
}

TEST(LeaderTest, ALearnerThatOnlyAnswersPingsIsDropped) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  stage.follow(3, 0, Zxid(0));
  stage.propose(z(1, 1));
  stage.ack(2, z(1, 1));
  stage.pass_with({2, 3}, kSyncMs / 2);
  stage.propose(z(1, 2));
  stage.ack(3, z(1, 1));
  stage.ack(2, z(1, 2));
  stage.skip();
  stage.pass_with({2, 3}, kSyncMs - kTickMs);
  EXPECT_THAT(stage.out(), Not(HasSubstr("close"))) << "it is the second ack that is waited for";
  stage.pass_with({2, 3}, kTickMs);
  EXPECT_THAT(stage.out(), HasSubstr("gone 3\n"));
  EXPECT_THAT(stage.log(), Contains(HasSubstr("sid=3: no ack of 0x100000002 in syncLimit")));
  EXPECT_TRUE(stage.leader().established());
}

TEST(LeaderTest, PingsWhenIdleAndEveryHalfTickWhenBusy) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  EXPECT_EQ(*stage.leader().next_deadline() - stage.now(), std::chrono::milliseconds(100));
  stage.pass(99);
  EXPECT_EQ(stage.out(), "");
  stage.pass(1);
  EXPECT_EQ(stage.out(), "-> 2: PING 0x100000000\n");
  int pings = 0;
  for (std::int64_t n = 1; n <= 20; ++n) {  // a second, something sent every 50 ms
    stage.pass(50);
    stage.propose(z(1, n));
    if (stage.out().find("PING") != std::string::npos) ++pings;
  }
  EXPECT_EQ(pings, 2);
}

TEST(LeaderTest, OnlyThoseThatServeArePinged) {
  Stage stage;
  establish(stage, 0, Zxid(0));
  stage.connect(3);
  stage.info(3, 0);
  stage.ack_epoch(3, 0, Zxid(0));
  stage.skip();
  stage.pass(kTickMs);
  EXPECT_EQ(stage.out(), "-> 2: PING 0x100000000\n");
}

TEST(LeaderTest, ASnapshotThatStallsIsGivenUp) {
  Stage stage(three_with_history());
  establish(stage, 1, z(1, 3));
  stage.connect(3);
  stage.info(3, 0);
  stage.ack_epoch(3, 0, Zxid(0));
  stage.skip();
  base::ByteBuffer& out = stage.link(3).output;
  for (int second = 0; second < 30; ++second) {  // slow, but it moves
    out.append(std::string(1000, 's'));
    if (second > 2) out.consume(900);
    stage.pass_with({2}, kTickMs);
    ASSERT_FALSE(stage.link(3).close) << second;
  }
  stage.pass_with({2}, kInitMs + kTickMs);
  EXPECT_TRUE(stage.link(3).close);
  EXPECT_THAT(stage.log(), Contains(HasSubstr("sid=3: the snapshot does not move")));
  out.clear();
}

TEST(LeaderTest, ASupporterThatLooksAgainEndsTheWait) {
  Opening opening;
  opening.options.max_time_to_wait_for_epoch_ms = 3000;
  Stage stage(opening);
  stage.pass(2000);
  stage.leader().on_supporter_looking(ServerId(9), stage.now(), stage.effects());
  EXPECT_EQ(*stage.leader().next_deadline() - stage.now(), std::chrono::milliseconds(8000));
  stage.leader().on_supporter_looking(ServerId(2), stage.now(), stage.effects());
  EXPECT_EQ(stage.out(), "");
  EXPECT_EQ(*stage.leader().next_deadline() - stage.now(), std::chrono::milliseconds(1000));
  stage.pass(1000);
  EXPECT_THAT(stage.out(), HasSubstr("step down: a supporter has gone back to looking"));
}

TEST(LeaderTest, DeadlinesAreNeverInThePast) {
  Stage stage({.voters = 3, .observers = 1});
  establish(stage, 0, Zxid(0));
  stage.connect(3);
  stage.connect(4);
  stage.info(4, 0, PacketType::kObserverInfo);
  for (int i = 0; i < 500 && stage.leader().next_deadline(); ++i) {
    const auto wait = *stage.leader().next_deadline() - stage.now();
    ASSERT_GT(wait.count(), 0) << i;
    stage.pass(wait / std::chrono::milliseconds(1));
    stage.skip();
  }
  EXPECT_FALSE(stage.leader().established()) << "nobody answered anything";
}

}  // namespace
}  // namespace drover::zab
