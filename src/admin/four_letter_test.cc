// Goal: every four-letter word is answered byte for byte as Apache does (operations fact
// sheet, 4.2).

#include "admin/four_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace drover::admin {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using wire::OpCode;
using wire::SessionId;
using wire::Zxid;

ConnectionView active() {
  ConnectionView c;
  c.remote_address = "127.0.0.1";
  c.remote_port = 4711;
  c.outstanding = 1;
  c.received = 12;
  c.sent = 11;
  c.session = SessionId(0x100000ace4d0000);
  c.last_op = OpCode::kGetChildren2;
  c.established_ms = 1700000000000;
  c.timeout_ms = 8000;
  c.last_cxid = 10;
  c.last_zxid = Zxid(0x1f);
  c.last_response_ms = 123456;
  c.last_latency_ms = 2;
  c.latency_ms = {.count = 3, .sum = 8, .min = 1, .max = 5};
  return c;
}

ConnectionView asking() {
  ConnectionView c;
  c.remote_address = "0:0:0:0:0:0:0:1";
  c.remote_port = 4712;
  c.interest_ops = 0;
  c.received = 1;
  return c;
}

StatusView sample() {
  StatusView view;
  view.version = "3.9.4-test, built on 2026-01-02 03:04 UTC";
  view.latency_ms = {.count = 4, .sum = 46, .min = 1, .max = 30};
  view.packets_received = 20;
  view.packets_sent = 19;
  view.connections_count = 2;
  view.outstanding = 1;
  view.zxid = Zxid(0x1f);
  view.node_count = 4;
  view.connections = {active(), asking()};
  view.conf = {.client_port = 2181,
               .secure_client_port = -1,
               .data_dir = "/d/version-2",
               .data_log_dir = "/l/version-2",
               .tick_ms = 2000,
               .connections_per_ip_max = 60,
               .session_timeout_ms_min = 4000,
               .session_timeout_ms_max = 40000,
               .listen_backlog = -1,
               .server_id = 0,
               .ensemble = {}};
  view.data_dir_bytes = 100;
  view.log_dir_bytes = 200;
  return view;
}

constexpr std::string_view kSrvrTail =
    "Latency min/avg/max: 1/11.5/30\nReceived: 20\nSent: 19\nConnections: 2\nOutstanding: 1\n"
    "Zxid: 0x1f\nMode: standalone\nNode count: 5\n";

TEST(FourLetterTest, WordsWithoutNewline) {
  EXPECT_EQ(answer(Word::ruok, sample()), "imok");
  EXPECT_EQ(answer(Word::isro, sample()), "rw");
  EXPECT_EQ(answer(Word::gtmk, sample()), "306");
}

TEST(FourLetterTest, Srvr) {
  EXPECT_EQ(
      answer(Word::srvr, sample()),
      "Zookeeper version: 3.9.4-test, built on 2026-01-02 03:04 UTC\n" + std::string(kSrvrTail));
}

TEST(FourLetterTest, StatListsClientsBriefly) {
  EXPECT_EQ(answer(Word::stat, sample()),
            "Zookeeper version: 3.9.4-test, built on 2026-01-02 03:04 UTC\nClients:\n"
            " /127.0.0.1:4711[1](queued=1,recved=12,sent=11)\n"
            " /0:0:0:0:0:0:0:1:4712[0](queued=0,recved=1,sent=0)\n\n" +
                std::string(kSrvrTail));
}

TEST(FourLetterTest, ConsListsClientsInFull) {
  EXPECT_EQ(answer(Word::cons, sample()),
            " /127.0.0.1:4711[1](queued=1,recved=12,sent=11,sid=0x100000ace4d0000,lop=GETC,"
            "est=1700000000000,to=8000,lcxid=0xa,lzxid=0x1f,lresp=123456,llat=2,minlat=1,avglat=2,"
            "maxlat=5)\n"
            " /0:0:0:0:0:0:0:1:4712[0](queued=0,recved=1,sent=0)\n\n");
}

TEST(FourLetterTest, ConsBeforeTheFirstOperation) {
  StatusView view = sample();
  view.connections = {active()};
  view.connections[0].last_cxid = -1;
  view.connections[0].last_zxid = Zxid(-1);
  view.connections[0].last_op = OpCode::kNotification;
  EXPECT_THAT(answer(Word::cons, view),
              HasSubstr(",lop=NA,est=1700000000000,to=8000,lzxid=0xffffffffffffffff,"));
}

TEST(FourLetterTest, Conf) {
  EXPECT_EQ(
      answer(Word::conf, sample()),
      "clientPort=2181\nsecureClientPort=-1\ndataDir=/d/version-2\ndataDirSize=100\n"
      "dataLogDir=/l/version-2\ndataLogSize=200\ntickTime=2000\nmaxClientCnxns=60\n"
      "minSessionTimeout=4000\nmaxSessionTimeout=40000\nclientPortListenBacklog=-1\nserverId=0\n");
}

TEST(FourLetterTest, DirsAndResets) {
  EXPECT_EQ(answer(Word::dirs, sample()), "datadir_size: 100\nlogdir_size: 200\n");
  EXPECT_EQ(answer(Word::crst, sample()), "Connection stats reset.\n");
  EXPECT_EQ(answer(Word::srst, sample()), "Server stats reset.\n");
}

TEST(FourLetterTest, HashIsSignedAndEmptyAtFirst) {
  StatusView view = sample();
  EXPECT_EQ(answer(Word::hash, view), "");
  view.digests = {{Zxid(0x80), -5}, {Zxid(0x100), 7}};
  EXPECT_EQ(answer(Word::hash, view), "80: -5\n100: 7\n");
}

TEST(FourLetterTest, Watches) {
  StatusView view = sample();
  view.data_watches = {{"/b", SessionId(2)}, {"/a", SessionId(2)}, {"/a", SessionId(1)}};
  EXPECT_EQ(answer(Word::wchs, view), "2 connections watching 2 paths\nTotal watches:3\n");
  EXPECT_EQ(answer(Word::wchc, view), "0x1\n\t/a\n0x2\n\t/a\n\t/b\n\n");
  EXPECT_EQ(answer(Word::wchp, view), "/a\n\t0x1\n\t0x2\n/b\n\t0x2\n\n");
}

TEST(FourLetterTest, Dump) {
  ASSERT_EQ(setenv("TZ", "UTC", 1), 0);
  StatusView view = sample();
  view.sessions_count = 1;
  view.session_buckets = {{1700000000000, {SessionId(0x100000ace4d0000)}}};
  // Due at the same ten seconds: heard at once, one with 8 s, one with the 10 s of who has none.
  view.wall_ms = 1'700'000'001'000;
  view.monotonic_ms = 124'456;
  for (ConnectionView& c : view.connections) c.established_ms = 1'700'000'000'000;
  view.ephemerals = {{SessionId(0x100000ace4d0000), {"/e1", "/e2"}}};
  const std::string text = answer(Word::dump, view);
  EXPECT_THAT(
      text,
      StartsWith(
          "SessionTracker dump:\nSession Sets (1)/(1):\n"
          "1 expire at Tue Nov 14 22:13:20 UTC 2023:\n\t0x100000ace4d0000\n"
          "ephemeral nodes dump:\nSessions with Ephemerals (1):\n"
          "0x100000ace4d0000:\n\t/e1\n\t/e2\nConnections dump:\nConnections Sets (1)/(2):\n"));
  EXPECT_THAT(text, EndsWith("\tip: /127.0.0.1:4711 sessionId: 0x100000ace4d0000\n"
                             "\tip: /0:0:0:0:0:0:0:1:4712 sessionId: 0x0\n"));
}

TEST(FourLetterTest, EnviKeepsItsOrder) {
  StatusView view = sample();
  view.environment = {{"zookeeper.version", "3.9.4"}, {"host.name", "h"}};
  EXPECT_EQ(answer(Word::envi, view), "Environment:\nzookeeper.version=3.9.4\nhost.name=h\n");
}

TEST(FourLetterTest, Mntr) {
  StatusView view = sample();
  view.metrics.count("bytes_received_count", 9);
  base::Distribution fsync_ms;
  for (const std::int64_t ms : {1, 1, 3}) fsync_ms.add(ms);
  view.metrics.distribution("fsynctime", fsync_ms);
  const std::string text = answer(Word::mntr, view);
  EXPECT_THAT(
      text,
      StartsWith(
          "zk_version\t3.9.4-test, built on 2026-01-02 03:04 UTC\nzk_server_state\tstandalone\n"));
  for (const auto* line :
       {"zk_avg_latency\t11.5\n", "zk_znode_count\t5\n", "zk_outstanding_requests\t1\n",
        "zk_bytes_received_count\t9\n", "zk_avg_fsynctime\t1.6667\n", "zk_min_fsynctime\t1\n",
        "zk_max_fsynctime\t3\n", "zk_cnt_fsynctime\t3\n", "zk_sum_fsynctime\t5\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

StatusView member(bool leads) {
  StatusView view = sample();
  view.mode = leads ? "leader" : "follower";
  view.conf.server_id = 2;
  view.conf.ensemble = {.init_limit = 10,
                        .sync_limit = 5,
                        .election_port = 3888,
                        .quorum_port = 2888,
                        .observer = false,
                        .membership = "server.2=a:2888:3888:participant\nversion=0"};
  EnsembleView& ensemble = view.ensemble.emplace();
  ensemble.peer_state = leads ? "leading - broadcast" : "following - broadcast";
  ensemble.quorum_size = 3;
  if (!leads) {
    view.global_sessions = {{SessionId(0x2a), 4000}};
    return view;
  }
  ensemble.leader = {.learners = 3,
                     .synced_followers = 1,
                     .synced_non_voting_followers = 0,
                     .synced_observers = 1,
                     .uptime_ms = 77,
                     .proposal_bytes_last = 48,
                     .proposal_bytes_min = 36,
                     .proposal_bytes_max = 91};
  return view;
}

TEST(FourLetterTest, SrvrOfALeaderEndsWithProposalSizes) {
  EXPECT_THAT(answer(Word::srvr, member(true)),
              EndsWith("Mode: leader\nNode count: 5\nProposal sizes last/min/max: 48/36/91\n"));
  EXPECT_THAT(answer(Word::srvr, member(false)), EndsWith("Mode: follower\nNode count: 5\n"));
}

TEST(FourLetterTest, ConfOfAMemberEndsWithTheMembership) {
  EXPECT_THAT(answer(Word::conf, member(false)),
              EndsWith("serverId=2\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3888\n"
                       "quorumPort=2888\npeerType=0\nmembership: \n"
                       "server.2=a:2888:3888:participant\nversion=0"));
}

TEST(FourLetterTest, DumpOfALearnerListsSessionsWithoutDeadlines) {
  EXPECT_THAT(answer(Word::dump, member(false)),
              StartsWith("SessionTracker dump:\nGlobal Sessions(1):\n0x2a\t4000ms\n"
                         "ephemeral nodes dump:\n"));
  EXPECT_THAT(answer(Word::dump, member(true)), StartsWith("SessionTracker dump:\nSession Sets ("));
}

TEST(FourLetterTest, MntrOfALeaderCountsItsLearners) {
  const std::string text = answer(Word::mntr, member(true));
  EXPECT_THAT(text, HasSubstr("zk_server_state\tleader\nzk_peer_state\tleading - broadcast\n"));
  for (const auto* line :
       {"zk_quorum_size\t3\n", "zk_learners\t3\n", "zk_synced_followers\t1\n",
        "zk_synced_observers\t1\n", "zk_leader_uptime\t77\n", "zk_last_proposal_size\t48\n",
        "zk_min_proposal_size\t36\n", "zk_max_proposal_size\t91\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  const std::string follower = answer(Word::mntr, member(false));
  EXPECT_THAT(follower, HasSubstr("zk_quorum_size\t3\n"));
  EXPECT_THAT(follower, testing::Not(HasSubstr("zk_learners")));
}

TEST(FourLetterTest, NotServing) {
  StatusView view = sample();
  view.serving = false;
  EXPECT_EQ(answer(Word::srvr, view),
            "This ZooKeeper instance is not currently serving requests\n");
  EXPECT_EQ(answer(Word::hash, view), "This ZooKeeper instance is not currently serving requests");
  EXPECT_EQ(answer(Word::isro, view), "null");
  EXPECT_EQ(answer(Word::ruok, view), "imok");
  EXPECT_EQ(answer(Word::gtmk, view), "306");
}

TEST(JavaDoubleTest, FourPlacesHalfUpAndAtLeastOne) {
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(11.5), "11.5");
  EXPECT_EQ(java_double(1.72544), "1.7254");
  EXPECT_EQ(java_double(2.0 / 3), "0.6667");
  EXPECT_EQ(java_double(100), "100.0");
}

TEST(WordsTest, OnlyTheExactFourBytes) {
  EXPECT_EQ(word_of("ruok"), Word::ruok);
  EXPECT_EQ(word_of("wchs"), Word::wchs);
  EXPECT_EQ(word_of("\xff\xf4\xff\xfd"), Word::kTelnetClose);
  EXPECT_EQ(word_of("RUOK"), std::nullopt);
  EXPECT_EQ(word_of(std::string_view("\0\0\0\x2d", 4)), std::nullopt);
}

TEST(WhitelistTest, SrvrAlwaysTheOthersAsListed) {
  const Whitelist list(" stat ,ruok,nonsense");
  EXPECT_TRUE(list.allows(Word::srvr));
  EXPECT_TRUE(list.allows(Word::stat));
  EXPECT_TRUE(list.allows(Word::ruok));
  EXPECT_FALSE(list.allows(Word::isro));
  EXPECT_FALSE(list.allows(Word::mntr));
  EXPECT_TRUE(Whitelist("", true).allows(Word::isro))
      << "a server that may be read-only is asked whether it is";
  EXPECT_TRUE(Whitelist("ruok,*").allows(Word::wchp));
  EXPECT_EQ(not_whitelisted(Word::mntr),
            "mntr is not executed because it is not in the whitelist.\n");
  EXPECT_EQ(not_whitelisted(Word::kTelnetClose),
            "telnet close is not executed because it is not in the whitelist.\n");
}

}  // namespace
}  // namespace drover::admin
