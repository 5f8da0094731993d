// Goal: zoo.cfg is read as Java reads properties, every key of Apache is known, and a wrong value
// is answered with one line that names file, line, key and what is allowed.

#include "server/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "server/config_keys.h"
#include "server/key_notes.h"
#include "server/properties.h"

namespace drover::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kLeast = "dataDir=/d\nclientPort=2181\n";

Config parsed(const std::string& more) {
  auto config = parse_config(std::string(kLeast) + more, "zoo.cfg");
  EXPECT_TRUE(config.has_value()) << config.error().message;
  return config.value_or(Config{});
}

std::string error_of(const std::string& more) {
  const auto config = parse_config(std::string(kLeast) + more, "zoo.cfg");
  return config ? "no error" : config.error().message;
}

std::vector<std::tuple<std::string, std::string, int>> properties(std::string_view text) {
  std::vector<std::tuple<std::string, std::string, int>> all;
  const auto result = parse_properties(text);
  EXPECT_TRUE(result.has_value());
  for (const auto& [key, value, line] : *result) all.emplace_back(key, value, line);
  return all;
}

TEST(PropertiesTest, SeparatorIsEqualsColonOrBlank) {
  EXPECT_THAT(
      properties("a=1\nb:2\nc 3\nd\t=  4  \ne\nf = = 5"),
      ElementsAre(std::tuple("a", "1", 1), std::tuple("b", "2", 2), std::tuple("c", "3", 3),
                  std::tuple("d", "4", 4), std::tuple("e", "", 5), std::tuple("f", "= 5", 6)));
}

TEST(PropertiesTest, CommentsAndBlankLinesAreSkippedEvenWithABackslash) {
  EXPECT_THAT(
      properties("# c \\\n  ! d\n\n   \na=1\r\nb=2\rc=3"),
      ElementsAre(std::tuple("a", "1", 5), std::tuple("b", "2", 6), std::tuple("c", "3", 7)));
}

TEST(PropertiesTest, OddBackslashesContinueTheLine) {
  EXPECT_THAT(
      properties("a=1,\\\n   2,\\\n3\nb=x\\\\\nc=4\\"),
      ElementsAre(std::tuple("a", "1,2,3", 1), std::tuple("b", "x\\", 4), std::tuple("c", "4", 5)));
}

TEST(PropertiesTest, EscapesAreResolved) {
  EXPECT_THAT(properties("a\\ b\\=c=\\u0041\\t\\:\\q\nd=\\u00e4\\u20AC"),
              ElementsAre(std::tuple("a b=c", "A\t:q", 1), std::tuple("d", "\u00e4\u20ac", 2)));
}

TEST(PropertiesTest, BrokenUnicodeEscapeNamesTheLine) {
  const auto result = parse_properties("a=1\nb=\\u12g4");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, HasSubstr("2: \\u must be followed by"));
}

TEST(ConfigTest, DefaultsAreApaches) {
  const Config config = parsed("");
  EXPECT_EQ(config.tick_ms, 3000);
  EXPECT_EQ(config.session_timeouts().ms_min, 6000);
  EXPECT_EQ(config.session_timeouts().ms_max, 60000);
  EXPECT_EQ(config.connections_per_ip_max, 60);
  EXPECT_EQ(config.frame_bytes_max, 1048575);
  EXPECT_EQ(config.length_max(), 2097150);
  EXPECT_EQ(config.four_letter_words, "srvr");
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigTest, LastOfEqualKeysCountsAndEarlierOnesAreNotLookedAt) {
  EXPECT_EQ(parsed("tickTime=wrong\ntickTime=500\n").tick_ms, 500);
}

TEST(ConfigTest, TheAdminPort) {
  EXPECT_EQ(parsed("").admin_enabled, std::nullopt);
  const Config config = parsed(
      "admin.enableServer=true\nadmin.serverAddress=10.0.0.1\nadmin.serverPort=9090\n"
      "admin.commandURL=/zk/commands\nadmin.snapshot.enabled=false\n"
      "metricsProvider.className=org.apache.zookeeper.metrics.prometheus."
      "PrometheusMetricsProvider");
  EXPECT_EQ(config.admin_enabled, true);
  EXPECT_EQ(config.admin_address, "10.0.0.1");
  EXPECT_EQ(config.admin_port, 9090);
  EXPECT_EQ(config.admin_command_url, "/zk/commands");
  EXPECT_FALSE(config.admin_snapshot_enabled);
  EXPECT_TRUE(config.prometheus);
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(parsed("admin.allowedHosts=ZK1.example.com, zk1\n").admin_allowed_hosts,
              ElementsAre("zk1.example.com", "zk1"));
  EXPECT_THAT(parsed("admin.allowedHosts=*\n").admin_allowed_hosts, ElementsAre("*"));
  for (const auto* bad : {"zk1:8080", "http://zk1", "a,,b", "*.example.com", ","}) {
    EXPECT_THAT(error_of(fmt::format("admin.allowedHosts={}", bad)), HasSubstr("host names"))
        << bad;
  }
  for (const auto* bad : {"commands", "/", "/commands/", "/a b", "/a*"}) {
    EXPECT_THAT(error_of(fmt::format("admin.commandURL={}", bad)), HasSubstr("must be a path"))
        << bad;
  }
  EXPECT_THAT(error_of("admin.forceHttps=true"), HasSubstr("no TLS"));
  EXPECT_THAT(error_of("metricsProvider.className=Mine"), HasSubstr("PrometheusMetricsProvider"));
}

TEST(ConfigTest, FieldsAreDecimalAndPropertiesAreNot) {
  EXPECT_EQ(parsed("tickTime=0700").tick_ms, 700);
  EXPECT_EQ(parsed("maxClientCnxns=+9").connections_per_ip_max, 9);
  EXPECT_THAT(error_of("tickTime=0x10"), HasSubstr("must be an integer"));
  EXPECT_THAT(error_of("clientPort=+"), HasSubstr("must be a port"));
  EXPECT_THAT(error_of("minSessionTimeout=--1"), HasSubstr("must be an integer"));
  EXPECT_EQ(parsed("snapCount=0700").snapshot_every_txns, 448);
  EXPECT_EQ(parsed("snapCount=0x10").snapshot_every_txns, 16);
}

TEST(ConfigTest, PropertyPrefixIsAccepted) {
  EXPECT_TRUE(parsed("zookeeper.extendedTypesEnabled=true").extended_types_enabled);
  EXPECT_TRUE(parsed("extendedTypesEnabled=TRUE").extended_types_enabled);
}

TEST(ConfigTest, KeysThatApacheTakesFromTheCommandLineOnlyAreTakenFromTheFile) {
  const Config config = parsed(
      "jute.maxbuffer=0x1000\nznode.container.checkIntervalMs=7\nznode.container.maxPerMinute=8\n"
      "znode.container.maxNeverUsedIntervalMs=9\nreadonlymode.enabled=true\n");
  EXPECT_EQ(config.frame_bytes_max, 4096);
  EXPECT_EQ(config.container_check_interval_ms, 7);
  EXPECT_EQ(config.container_max_per_minute, 8);
  EXPECT_EQ(config.container_max_never_used_ms, 9);
  EXPECT_TRUE(config.read_only_enabled);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("read-only mode is not built yet")));
  EXPECT_THAT(parsed("readonlymode.enabled=false").warnings, IsEmpty());
}

TEST(ConfigTest, WrongValueNamesFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(error_of("\ntickTime=soon"),
            "zoo.cfg:4: tickTime: must be an integer from 1, not 'soon'");
  EXPECT_EQ(error_of("forceSync=true"), "zoo.cfg:3: forceSync: must be yes or no, not 'true'");
  EXPECT_EQ(error_of("digest.enabled=yes"),
            "zoo.cfg:3: digest.enabled: must be true or false, not 'yes'");
  EXPECT_EQ(error_of("clientPort=65536"),
            "zoo.cfg:3: clientPort: must be a port, 0 to 65535, not '65536'");
  EXPECT_EQ(error_of("snapCount=1"), "zoo.cfg:3: snapCount: must be an integer from 2, not '1'");
  EXPECT_EQ(error_of("maxClientCnxns=-1"),
            "zoo.cfg:3: maxClientCnxns: must be an integer from 0, not '-1'");
  EXPECT_EQ(error_of("snapshot.compression.method=zip"),
            "zoo.cfg:3: snapshot.compression.method: must be gz, snappy or nothing, not 'zip'");
}

TEST(ConfigTest, ProtectionThatIsNotThereIsRefusedRatherThanIgnored) {
  EXPECT_THAT(error_of("secureClientPort=2281"), HasSubstr("no TLS"));
  EXPECT_THAT(error_of("client.portUnification=true"), HasSubstr("no TLS"));
  EXPECT_EQ(error_of("client.portUnification=false"), "no error");
}

TEST(ConfigTest, ValuesMustAgree) {
  EXPECT_EQ(error_of("minSessionTimeout=9\nmaxSessionTimeout=8"),
            "zoo.cfg:3: minSessionTimeout must not be larger than maxSessionTimeout (9 > 8)");
  EXPECT_EQ(error_of("enforce.auth.enabled=true"),
            "zoo.cfg:3: enforce.auth.schemes is not set, but enforce.auth.enabled is true");
  EXPECT_EQ(parse_config("clientPort=1", "f").error().message, "f: dataDir is not set");
  EXPECT_EQ(parse_config("dataDir=/d\nclientPortAddress=h", "f").error().message,
            "f:2: clientPortAddress is set but clientPort is not set");
  EXPECT_THAT(parse_config("dataDir=/d", "f").error().message, HasSubstr("clientPort is not set"));
}

TEST(ConfigTest, UnknownKeyIsAWarningWithTheNearestKnownOne) {
  EXPECT_THAT(parsed("tickTmie=2000").warnings,
              ElementsAre("zoo.cfg:3: tickTmie: unknown key; did you mean tickTime?"));
  EXPECT_THAT(parsed("colourOfTheBikeShed=green").warnings,
              ElementsAre("zoo.cfg:3: colourOfTheBikeShed: unknown key"));
}

TEST(ConfigTest, KeyWithoutMeaningIsAWarning) {
  EXPECT_THAT(
      parsed("flushDelay=10\nssl.keyStore.location=/k\nmetricsProvider.exportJvmInfo=true\n")
          .warnings,
      ElementsAre(
          "zoo.cfg:3: flushDelay has no meaning here: a batch is what came while the last one was "
          "written",
          "zoo.cfg:4: ssl.keyStore.location has no meaning here: this build does not have it",
          "zoo.cfg:5: metricsProvider.exportJvmInfo has no meaning here: there is no JVM"));
}

TEST(ConfigTest, PurgeIntervalTakesUnitsAndDoesNotOverflow) {
  EXPECT_EQ(parsed("autopurge.purgeInterval=24").purge_interval_ms, 86'400'000);
  EXPECT_EQ(parsed("autopurge.purgeInterval=720").purge_interval_ms, 2'592'000'000);
  EXPECT_EQ(parsed("autopurge.purgeInterval=90s").purge_interval_ms, 90'000);
  EXPECT_EQ(parsed("autopurge.purgeInterval=250ms").purge_interval_ms, 250);
  EXPECT_EQ(parsed("autopurge.purgeInterval=0").purge_interval_ms, 0);
  EXPECT_THAT(error_of("autopurge.purgeInterval=1w"), HasSubstr("must be hours"));
  EXPECT_THAT(error_of("autopurge.purgeInterval=99999999999999999999"), HasSubstr("must be hours"));
}

TEST(ConfigTest, SwitchesThatCannotBeMovedWarnOnlyWhenMoved) {
  EXPECT_THAT(
      parsed("sslQuorum=false\nlocalSessionsEnabled=false\ncloseSessionTxn.enabled=true").warnings,
      IsEmpty());
  EXPECT_THAT(
      parsed("localSessionsEnabled=true").warnings,
      ElementsAre(
          "zoo.cfg:3: localSessionsEnabled has no meaning here: this build does not have it"));
  EXPECT_THAT(error_of("localSessionsEnabled=yes"), HasSubstr("must be true or false"));
}

TEST(ConfigTest, ClassNamesAreKnownOrRefused) {
  EXPECT_THAT(parsed("serverCnxnFactory=org.apache.zookeeper.server.NIOServerCnxnFactory").warnings,
              IsEmpty());
  EXPECT_THAT(
      parsed("serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory").warnings,
      SizeIs(1));
  EXPECT_THAT(error_of("serverCnxnFactory=com.example.Mine"), HasSubstr("NIOServerCnxnFactory"));
}

TEST(ConfigTest, FieldsAreDecimalPropertiesAlsoHexadecimalAndOctal) {
  EXPECT_THAT(error_of("tickTime=0x10"), HasSubstr("tickTime"));
  EXPECT_EQ(parsed("snapCount=0x3e8").snapshot_every_txns, 1000);
  EXPECT_EQ(parsed("snapCount=01750").snapshot_every_txns, 1000);
}

TEST(ConfigTest, MessagesAreOneShortLine) {
  const std::string error = error_of("tickTime=a\\nb" + std::string(100000, 'x'));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_LT(error.size(), 400u);
}

TEST(ConfigTest, RetainCountBelowThreeIsThreeWithAWarning) {
  const Config config = parsed("autopurge.snapRetainCount=1");
  EXPECT_EQ(config.purge_retain, 3);
  EXPECT_THAT(config.warnings,
              ElementsAre("zoo.cfg:3: Invalid autopurge.snapRetainCount: 1. Defaulting to 3"));
}

// Each key of the table: a good value is taken (or warned about), nonsense is refused where the
// type can tell.
TEST(ConfigTest, EveryKeyOfTheTable) {
  // An entry of its own wins over a prefix.
  EXPECT_FALSE(find_key("metricsProvider.httpPort")->prefix);
  EXPECT_TRUE(find_key("metricsProvider.numWorkerThreads")->prefix);
  for (const Key& key : config_keys()) {
    const std::string name(key.prefix ? std::string(key.name) + "x" : std::string(key.name));
    ASSERT_EQ(find_key(name), &key) << name;
    ASSERT_EQ(find_key("zookeeper." + name), &key) << name;
    if (key.of_members) {
      EXPECT_THAT(error_of(name + "=\\u0001nonsense"), HasSubstr(name)) << name;
      continue;
    }
    if (!key.set) {
      EXPECT_THAT(key.why_ignored, testing::Not(IsEmpty())) << name;
      EXPECT_THAT(parsed(name + "=whatever").warnings, SizeIs(1)) << name;
      continue;
    }
    EXPECT_THAT(key.allowed, testing::Not(IsEmpty())) << name;
    const bool free_text = key.allowed == "a path" || key.allowed == "a host name or address" ||
                           key.allowed.starts_with("a comma list") ||
                           key.allowed.starts_with("super:");
    if (!free_text) {
      EXPECT_THAT(error_of(name + "=\\u0001nonsense"), HasSubstr(name)) << name;
    }
  }
}

TEST(ConfigTest, NearestKeyIsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_key("datadir"), "dataDir");
  EXPECT_EQ(nearest_key("zookeeper.snapcount"), "snapCount");
  EXPECT_EQ(nearest_key("q"), "");
}

TEST(ConfigTest, PropertiesAreTakenAsAJvmTakesThem) {
  Config given;
  for (const auto* property :
       {"zookeeper.snapCount=777", "jute.maxbuffer=4096", "zookeeper.forceSync=no"}) {
    ASSERT_TRUE(set_property(property, given).has_value()) << property;
  }
  // The file overrides them, as in Apache.
  const auto config = parse_config(std::string(kLeast) + "snapCount=888\n", "zoo.cfg", given);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->snapshot_every_txns, 888);
  EXPECT_EQ(config->frame_bytes_max, 4096);
  EXPECT_FALSE(config->force_sync);
}

TEST(ConfigTest, PropertiesOfJavaArePassedOver) {
  Config config;
  for (const auto* property : {"java.awt.headless=true", "com.sun.management.jmxremote",
                               "snapCount=x", "file.encoding=UTF-8", ""}) {
    EXPECT_TRUE(set_property(property, config).has_value()) << property;
  }
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigTest, AWrongPropertyIsNamed) {
  Config config;
  const auto wrong = set_property("zookeeper.snapCount=many", config);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, HasSubstr("command line: zookeeper.snapCount: must be"));
  EXPECT_TRUE(set_property("zookeeper.snapCuont=5", config).has_value());
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("did you mean snapCount?")));
}

TEST(ConfigTest, EveryKeyThatMeansSomethingIsExplained) {
  for (const Key& key : config_keys()) {
    const bool should_be = key.why_ignored.empty() && !key.allowed.starts_with("refused");
    if (should_be) {
      EXPECT_NE(note_of(key.name), nullptr) << key.name;
    } else {
      EXPECT_EQ(note_of(key.name), nullptr) << key.name;
    }
  }
}

TEST(ConfigTest, DefaultsAreWhatIsSaid) {
  const Config config = parsed("");
  const auto number = [](std::string_view key) {
    return std::stoll(std::string(note_of(key)->default_value));
  };
  EXPECT_EQ(config.tick_ms, number("tickTime"));
  EXPECT_EQ(config.connections_per_ip_max, number("maxClientCnxns"));
  EXPECT_EQ(config.snapshot_every_txns, number("snapCount"));
  EXPECT_EQ(config.snapshot_every_kb, number("snapSizeLimitInKb"));
  EXPECT_EQ(config.preallocate_kb, number("preAllocSize"));
  EXPECT_EQ(config.frame_bytes_max, number("jute.maxbuffer"));
  EXPECT_EQ(config.outstanding_requests_max, number("globalOutstandingLimit"));
  EXPECT_EQ(config.purge_retain, number("autopurge.snapRetainCount"));
  EXPECT_EQ(config.purge_interval_ms, number("autopurge.purgeInterval") * 3'600'000);
  EXPECT_EQ(config.container_check_interval_ms, number("znode.container.checkIntervalMs"));
  EXPECT_EQ(config.election_connect_timeout_ms, number("cnxTimeout"));
  EXPECT_EQ(config.commit_log_count, number("commitLogCount"));
  EXPECT_EQ(config.admin_port, number("admin.serverPort"));
  EXPECT_EQ(config.metrics_port, number("metricsProvider.httpPort"));
  EXPECT_EQ(config.reactors, number("reactors"));
}

}  // namespace
}  // namespace drover::server
