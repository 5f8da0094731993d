// Goal: the lines that make a server a member of an ensemble, wherever they stand, are read as
// Apache reads them, and every contradiction between them ends in one line that says where.

#include "server/config_members.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "server/config_file.h"

namespace drover::server {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using zab::ServerId;

// zoo.cfg, myid and whatever else a test needs, in a folder of their own.
class EnsembleFilesTest : public testing::Test {
 protected:
  EnsembleFilesTest()
      : folder_(fs::temp_directory_path() / fmt::format("drover-members-{}", ::getpid())) {
    fs::create_directories(folder_ / "data");
  }
  ~EnsembleFilesTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  Result<Config> load(const std::string& more, const std::string& myid = "1\n") {
    write("data/myid", myid);
    return load_without_myid(more);
  }
  Result<Config> load_without_myid(const std::string& more) {
    const std::string data = folder_ / "data";
    return load_config(write("zoo.cfg", "dataDir=" + data + "\n" + more));
  }
  // With the folder taken out, so that a test can spell all of it.
  std::string error_of(const Result<Config>& config) const {
    if (config) return "no error";
    std::string text = config.error().message;
    for (auto at = text.find(folder_.string()); at != std::string::npos;
         at = text.find(folder_.string())) {
      text.replace(at, folder_.string().size() + 1, "");
    }
    return text;
  }

  const std::string limits_ = "initLimit=10\nsyncLimit=5\n";
  const std::string three_ =
      limits_ +
      "clientPort=2181\nserver.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n";
  const fs::path folder_;
};

TEST_F(EnsembleFilesTest, ThreeServersAreAnEnsemble) {
  const auto config = load(three_, "2\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(config->distributed());
  EXPECT_EQ(config->self, ServerId(2));
  EXPECT_EQ(config->ensemble.members.size(), 3u);
  EXPECT_EQ(config->ensemble.find(ServerId(3))->quorum.text(), "c:2888");
  EXPECT_FALSE(config->observer);
  EXPECT_EQ(config->init_limit, 10);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(EnsembleFilesTest, SettingsOfTheEnsemble) {
  const auto config = load(three_ +
                           "connectToLearnerMasterLimit=7\ncnxTimeout=0x100\n"
                           "quorumCnxnTimeoutMs=900\ntcpKeepAlive=true\nleaderServes=no\n"
                           "quorumListenOnAllIPs=true\nelectionPortBindRetry=0\n"
                           "fastleader.minNotificationInterval=50\n"
                           "fastleader.maxNotificationInterval=500\n"
                           "leader.maxTimeToWaitForEpoch=300\ncommitLogCount=900\n"
                           "forceSnapshotSync=true\nelectionAlg=3\npeerType=participant\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->connect_limit, 7);
  EXPECT_EQ(config->election_connect_timeout_ms, 256);
  EXPECT_EQ(config->election_handshake_timeout_ms, 900);
  EXPECT_TRUE(config->quorum_keep_alive);
  EXPECT_FALSE(config->leader_serves);
  EXPECT_TRUE(config->quorum_listen_on_all);
  EXPECT_EQ(config->election_bind_retries, 0);
  EXPECT_EQ(config->notification_interval_ms_min, 50);
  EXPECT_EQ(config->notification_interval_ms_max, 500);
  EXPECT_EQ(config->epoch_wait_ms_max, 300);
  EXPECT_EQ(config->commit_log_count, 900);
  EXPECT_TRUE(config->force_snapshot_sync);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(EnsembleFilesTest, MyidIsTheFirstLineAndNothingElse) {
  EXPECT_TRUE(load(three_, "1"));
  EXPECT_TRUE(load(three_, "1\r\n"));
  EXPECT_TRUE(load(three_, "01\nwhatever\n"));
  EXPECT_EQ(error_of(load(three_, "")), "data/myid:1: must be the number of this server, not ''");
  EXPECT_EQ(error_of(load(three_, "\n1\n")),
            "data/myid:1: must be the number of this server, not ''");
  EXPECT_EQ(error_of(load(three_, "1 \n")),
            "data/myid:1: must be the number of this server, not '1 '");
  EXPECT_EQ(error_of(load(three_, "one\n")),
            "data/myid:1: must be the number of this server, not 'one'");
  EXPECT_EQ(error_of(load(three_, "4\n")),
            "data/myid:1: 4 is none of the servers 1, 2, 3 in zoo.cfg");
  fs::remove(folder_ / "data/myid");
  EXPECT_EQ(error_of(load_without_myid(three_)),
            "data/myid: myid file is missing: it holds the number of this server, the N of its "
            "server.N");
}

TEST_F(EnsembleFilesTest, LimitsAreRequired) {
  const std::string members = "clientPort=1\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n";
  EXPECT_EQ(error_of(load(members + "syncLimit=5\n")), "zoo.cfg: initLimit is not set");
  EXPECT_EQ(error_of(load(members + "initLimit=5\n")), "zoo.cfg: syncLimit is not set");
  EXPECT_EQ(error_of(load(members + "initLimit=0\nsyncLimit=5\n")),
            "zoo.cfg:6: initLimit: must be a number of ticks, 1 to 1000000, not '0'");
}

TEST_F(EnsembleFilesTest, BadMemberLinesNameFileLineAndKey) {
  const auto error = [&](const std::string& line) {
    return error_of(load(limits_ + line + "\nclientPort=1\n"));
  };
  EXPECT_THAT(error("server.1=a:1"), HasSubstr("zoo.cfg:4: server.1: "));
  EXPECT_THAT(error("server.1=a:1"), HasSubstr("not 'a:1'"));
  EXPECT_THAT(error("server.1=a:1:1"), HasSubstr("same"));
  EXPECT_THAT(error("server.1=a:1:2:boss"), HasSubstr("participant"));
  EXPECT_THAT(error("server.x=a:1:2"),
              HasSubstr("zoo.cfg:4: server.x: a number from 0 must follow the dot"));
  EXPECT_THAT(error("server.1=a:1:2\nserver.01=a:1:2"),
              HasSubstr("zoo.cfg:5: server.01: server 1 is there twice"));
  EXPECT_THAT(error("server.1=a:1:2\nserver.257=b:1:2\nserver.3=b:1:2"), HasSubstr("low byte"));
  EXPECT_THAT(error("server.255=a:1:2\nserver.2=b:1:2\nextendedTypesEnabled=true"),
              HasSubstr("at most 254"));
}

TEST_F(EnsembleFilesTest, RolesMustMakeSense) {
  const auto error = [&](const std::string& lines) {
    return error_of(load(limits_ + "clientPort=1\n" + lines));
  };
  EXPECT_THAT(error("server.1=a:1:2:observer"), HasSubstr("Observers w/o participants"));
  EXPECT_THAT(error("server.1=a:1:2\nserver.2=a:3:4:observer"), HasSubstr("Observers w/o quorum"));
  EXPECT_THAT(error("standaloneEnabled=false"), HasSubstr("no server.N"));
  EXPECT_EQ(error("standaloneEnabled=false\nserver.1=a:1:2"), "no error");
}

TEST_F(EnsembleFilesTest, OneServerIsStandaloneWithAWarning) {
  const auto config = load("clientPort=1\nserver.1=a:1:2\n", "nonsense");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_FALSE(config->distributed());
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("only one server specified")));
}

TEST_F(EnsembleFilesTest, FewOrEvenVotersAreAWarning) {
  const std::string two = limits_ + "clientPort=1\nserver.1=a:1:2\nserver.2=b:1:2\n";
  EXPECT_THAT(load(two)->warnings, ElementsAre(HasSubstr("at least 3 servers")));
  EXPECT_THAT(load(two + "server.3=c:1:2\nserver.4=d:1:2\n")->warnings,
              ElementsAre(HasSubstr("odd number")));
}

TEST_F(EnsembleFilesTest, TheListOfServersCountsForTheRole) {
  const std::string four = three_ + "server.4=d:2888:3888:observer\n";
  const auto observer = load(four, "4");
  ASSERT_TRUE(observer.has_value()) << observer.error().message;
  EXPECT_TRUE(observer->observer);
  EXPECT_THAT(observer->warnings, ElementsAre(HasSubstr("the list of servers says observer")));
  const auto voter = load(four + "peerType=observer\n", "1");
  EXPECT_FALSE(voter->observer);
  EXPECT_THAT(voter->warnings, ElementsAre(HasSubstr("the list of servers says participant")));
  EXPECT_THAT(load(four + "peerType=observer\n", "4")->warnings, IsEmpty());
}

TEST_F(EnsembleFilesTest, AMembersLineMayNameItsClientPort) {
  const std::string members = limits_ +
                              "server.1=a:1:2;2181\nserver.2=b:1:2;127.0.0.1:2182\n"
                              "server.3=c:1:2\n";
  EXPECT_EQ(load(members, "1")->client_port, 2181);
  EXPECT_EQ(load(members, "1")->client_port_address, "");
  EXPECT_EQ(load(members, "2")->client_port, 2182);
  EXPECT_EQ(load(members, "2")->client_port_address, "127.0.0.1");
  EXPECT_EQ(error_of(load(members, "3")),
            "zoo.cfg: clientPort is not set, nor does server.3 name a client port");
  EXPECT_EQ(error_of(load(members + "clientPort=2181\n", "1")), "no error");
  EXPECT_EQ(error_of(load(members + "clientPort=2182\n", "1")),
            "zoo.cfg: clientPort says *:2182, but server.1 says 0.0.0.0:2181");
}

TEST_F(EnsembleFilesTest, GroupsAndWeights) {
  const std::string groups = three_ + "group.1=1:2\ngroup.2=3\n";
  const auto config = load(groups + "weight.2=5\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->ensemble.groups.at(ServerId(2)), 1);
  EXPECT_EQ(config->ensemble.groups.at(ServerId(3)), 2);
  EXPECT_EQ(config->ensemble.weights.at(ServerId(2)), 5);
  EXPECT_EQ(config->ensemble.weights.at(ServerId(1)), 1);
  EXPECT_THAT(error_of(load(three_ + "group.1=1:2\n")), HasSubstr("server 3 is in no group"));
  EXPECT_THAT(error_of(load(three_ + "weight.1=2\n")), HasSubstr("server 1 is in no group"));
  EXPECT_THAT(error_of(load(groups + "group.3=1\n")), HasSubstr("group.3: server 1 is in two"));
  EXPECT_THAT(error_of(load(groups + "weight.1=heavy\n")), HasSubstr("must be an integer"));
  EXPECT_THAT(error_of(load(three_ + "group.1=1:\n")), HasSubstr("no group"));
  EXPECT_THAT(error_of(load(three_ + "group.1=1::2\n")), HasSubstr("server numbers"));
}

TEST_F(EnsembleFilesTest, MembersMayStandInAFileOfTheirOwn) {
  const std::string dynamic =
      write("zoo.cfg.dynamic.1a", "server.1=a:1:2;2181\nserver.2=b:1:2\nserver.3=c:1:2");
  const auto config = load(limits_ + "dynamicConfigFile=" + dynamic + "\n");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->ensemble.members.size(), 3u);
  EXPECT_EQ(config->ensemble.version, 0x1a);
  EXPECT_EQ(config->client_port, 2181);
  EXPECT_THAT(error_of(load(limits_ + "dynamicConfigFile=" + dynamic + "\nserver.4=d:1:2\n")),
              HasSubstr("zoo.cfg:5: server.4: must stand in the dynamicConfigFile"));
  EXPECT_THAT(error_of(load("clientPort=1\ndynamicConfigFile=/nowhere/at/all\n")),
              HasSubstr("dynamicConfigFile: /nowhere/at/all file is missing"));
  const std::string bad = write("bad.dynamic", "server.1=a:1:2\nversion=1a\n");
  EXPECT_THAT(error_of(load(limits_ + "dynamicConfigFile=" + bad + "\n")),
              HasSubstr("bad.dynamic:2: version: only server.N, group.N and weight.N"));
}

}  // namespace
}  // namespace drover::server
