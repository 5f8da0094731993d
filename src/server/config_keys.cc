#include "server/config_keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>
#include <limits>
#include <numeric>

namespace drover::server {

namespace {

constexpr std::string_view kPropertyPrefix = "zookeeper.";
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
// Above it a length word could be taken for a four-letter word ("conf" is the least).
constexpr std::int64_t kFrameBytesMax = 0x636f6e65;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// Decimal, or as Java's decode: 0x and # hexadecimal, a leading 0 octal.
bool parse_integer(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("#")) {
    base = 16;
    text.remove_prefix(1);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text[0] == '-') return false;
  if (negative) value = -value;
  return true;
}

// As Java's Integer.parseInt: decimal only, so that a leading 0 means nothing.
bool parse_decimal(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text[0] == '-') return false;
  if (negative) value = -value;
  return true;
}

// A key that Apache keeps in a typed field of its configuration.
template <typename T>
Setter decimal(T Config::* field, std::int64_t min, std::int64_t max) {
  return [=](std::string_view text, Config& config) {
    std::int64_t value = 0;
    if (!parse_decimal(text, value) || value < min || value > max) return false;
    config.*field = static_cast<T>(value);
    return true;
  };
}

// A key that Apache turns into a system property and reads with Integer.getInteger or Long.getLong.
template <typename T>
Setter integer(T Config::* field, std::int64_t min, std::int64_t max) {
  return [=](std::string_view text, Config& config) {
    std::int64_t value = 0;
    if (!parse_integer(text, value) || value < min || value > max) return false;
    config.*field = static_cast<T>(value);
    return true;
  };
}

bool parse_word(std::string_view text, std::string_view yes, std::string_view no, bool& value) {
  const std::string word = lower(text);
  if (word != yes && word != no) return false;
  value = word == yes;
  return true;
}

Setter boolean(bool Config::* field) {
  return [=](std::string_view text, Config& config) {
    return parse_word(text, "true", "false", config.*field);
  };
}
Setter yes_no(bool Config::* field) {
  return [=](std::string_view text, Config& config) {
    return parse_word(text, "yes", "no", config.*field);
  };
}
Setter text(std::string Config::* field) {
  return [=](std::string_view value, Config& config) {
    config.*field = value;
    return true;
  };
}
Setter nonempty(std::string Config::* field) {
  return [=](std::string_view value, Config& config) {
    config.*field = value;
    return !value.empty();
  };
}

// Hours, or with a unit: ms, s, m, h, d (3.10).
bool set_purge_interval(std::string_view value, Config& config) {
  const auto digits = std::min(value.find_first_not_of("0123456789"), value.size());
  const std::string_view text = value.substr(0, digits);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  const std::string_view unit = value.substr(digits);
  std::int64_t unit_ms = 0;
  if (unit.empty() || unit == "h") unit_ms = 3'600'000;
  if (unit == "ms") unit_ms = 1;
  if (unit == "s") unit_ms = 1000;
  if (unit == "m") unit_ms = 60'000;
  if (unit == "d") unit_ms = 86'400'000;
  constexpr std::int64_t kTenYearsMs = 315'360'000'000;
  if (unit_ms == 0 || number > kTenYearsMs / unit_ms) return false;
  config.purge_interval_ms = number * unit_ms;
  return true;
}

bool set_purge_retain(std::string_view value, Config& config) {
  std::int64_t number = 0;
  if (!parse_decimal(value, number) || number > kInt32Max || number < -kInt32Max) return false;
  config.purge_retain = static_cast<std::int32_t>(std::max<std::int64_t>(number, 3));
  if (number < 3) {
    config.warnings.push_back("Invalid autopurge.snapRetainCount: " + std::string(value) +
                              ". Defaulting to 3");
  }
  return true;
}

Setter address(std::string Config::* field) {
  return [=](std::string_view value, Config& config) {
    config.*field = value;
    const auto fits = [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
    };
    return !value.empty() && std::ranges::all_of(value, fits);
  };
}

bool set_admin_enabled(std::string_view value, Config& config) {
  bool enabled = false;
  if (!parse_word(value, "true", "false", enabled)) return false;
  config.admin_enabled = enabled;
  return true;
}

bool set_command_url(std::string_view value, Config& config) {
  config.admin_command_url = value;
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
  };
  return value.size() > 1 && value.front() == '/' && value.back() != '/' &&
         std::ranges::all_of(value, fits);
}

// Names only: addresses are always allowed.
bool set_allowed_hosts(std::string_view value, Config& config) {
  config.admin_allowed_hosts.clear();
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '*';
  };
  while (true) {
    const auto comma = value.find(',');
    std::string_view name = value.substr(0, comma);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    const bool star = name == "*";
    if (name.empty() || !std::ranges::all_of(name, fits) ||
        (!star && name.find('*') != std::string_view::npos)) {
      return false;
    }
    std::string& host = config.admin_allowed_hosts.emplace_back(name);
    for (char& c : host) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

// The last part of a class name decides.
bool set_metrics_provider(std::string_view value, Config& config) {
  const auto name = value.substr(value.rfind('.') + 1);
  config.prometheus = name == "PrometheusMetricsProvider";
  return config.prometheus || name == "DefaultMetricsProvider" || name == "NullMetricsProvider";
}

bool set_compression(std::string_view value, Config& config) {
  const auto method = storage::parse_compression(value);
  if (method) config.compression = *method;
  return method.has_value();
}

bool set_digest_algorithm(std::string_view value, Config& config) {
  constexpr auto kKnown =
      std::to_array<std::string_view>({"SHA1", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512",
                                       "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "MD5"});
  config.digest_algorithm = value;
  return std::ranges::find(kKnown, value) != kKnown.end();
}

bool set_log_level(std::string_view value, Config& config) {
  const std::string word = lower(value);
  if (word == "trace" || word == "debug" || word == "all")
    config.log_level = base::LogLevel::kDebug;
  else if (word == "info")
    config.log_level = base::LogLevel::kInfo;
  else if (word == "warn")
    config.log_level = base::LogLevel::kWarn;
  else if (word == "error" || word == "fatal")
    config.log_level = base::LogLevel::kError;
  else
    return false;
  return true;
}

bool set_secure_port(std::string_view value, Config&) {
  std::int64_t port = 0;
  return parse_integer(value, port) && port <= 0;
}

bool set_election_algorithm(std::string_view value, Config&) {
  return value == "3";
}

bool set_peer_type(std::string_view value, Config& config) {
  const std::string word = lower(value);
  config.observer = word == "observer";
  return config.observer || word == "participant";
}

bool set_commit_log_count(std::string_view value, Config& config) {
  constexpr std::int64_t kLeast = 500;
  std::int64_t number = 0;
  if (!parse_integer(value, number) || number > kInt32Max || number < -kInt32Max) return false;
  config.commit_log_count = std::max(number, kLeast);
  if (number < kLeast) {
    config.warnings.push_back("Invalid commitLogCount: " + std::string(value) +
                              ". Defaulting to 500");
  }
  return true;
}

// Refused when switched on: to go on without it would leave open what somebody wanted shut.
Setter must_be_off() {
  return [](std::string_view value, Config&) {
    bool on = true;
    return parse_word(value, "true", "false", on) && !on;
  };
}

// A class name of Apache's, full or short, that stands for what we do (first) or for what we do not
// do.
Setter class_name(std::string_view ours, const std::vector<std::string_view>& others,
                  std::string_view why) {
  return [=](std::string_view value, Config& config) {
    const std::string_view name = value.substr(value.rfind('.') + 1);  // npos + 1 is 0
    const bool known = std::ranges::find(others, name) != others.end();
    if (known)
      config.warnings.push_back(std::string(value) + " has no meaning here: " + std::string(why));
    return known || name == ours;
  };
}

constexpr std::string_view kBool = "true or false";

Key ignored(std::string_view name, std::string_view why) {
  return {name, "", nullptr, why, false};
}
// A switch that cannot be moved from `fixed`.
Key fixed_switch(std::string_view name, bool fixed, std::string_view why) {
  const auto set = [=](std::string_view value, Config& config) {
    bool on = false;
    if (!parse_word(value, "true", "false", on)) return false;
    if (on != fixed)
      config.warnings.push_back(std::string(name) + " has no meaning here: " + std::string(why));
    return true;
  };
  return {name, kBool, set, {}, false};
}
bool set_read_only(std::string_view value, Config& config) {
  if (!parse_word(value, "true", "false", config.read_only_enabled)) return false;
  if (config.read_only_enabled) {
    config.warnings.push_back(
        "readonlymode.enabled: read-only mode is not built yet: without a quorum this server "
        "answers "
        "nobody, only the word isro is allowed by it");
  }
  return true;
}
Key ignored_all(std::string_view prefix, std::string_view why) {
  return {prefix, "", nullptr, why, true};
}

constexpr std::string_view kYesNo = "yes or no";
constexpr std::int64_t kTicksMax = 1'000'000;
constexpr std::string_view kTicks = "a number of ticks, 1 to 1000000";
constexpr std::string_view kPath = "a path";
constexpr std::string_view kInt = "an integer";
constexpr std::string_view kNatural = "an integer from 0";
constexpr std::string_view kPositive = "an integer from 1";
constexpr std::string_view kTlsOff = "refused: this build has no TLS; only 0 (off)";
constexpr std::string_view kSaslOff = "refused: this build has no SASL; only false";

constexpr std::string_view kSyncFromMemory =
    "a learner is brought up to date from memory, or by a snapshot";
constexpr std::string_view kJvm = "there is no JVM";
constexpr std::string_view kNotBuilt = "this build does not have it";
constexpr std::string_view kOwnWay = "the server has its own way of doing it";

std::vector<Key> basic_keys() {
  return {
      {"dataDir", kPath, nonempty(&Config::data_dir), {}},
      {"dataLogDir", kPath, nonempty(&Config::data_log_dir), {}},
      {"clientPort", "a port, 0 to 65535", decimal(&Config::client_port, 0, 65535), {}},
      {"clientPortAddress", "a host name or address", address(&Config::client_port_address), {}},
      {"clientPortListenBacklog",
       "an integer from -1",
       decimal(&Config::listen_backlog, -1, kInt32Max),
       {}},
      {"secureClientPort", kTlsOff, set_secure_port, {}},
      {"tickTime", kPositive, decimal(&Config::tick_ms, 1, kInt32Max / 20), {}},
      {"minSessionTimeout",
       "an integer from -1",
       decimal(&Config::session_timeout_ms_min, -1, kInt32Max),
       {}},
      {"maxSessionTimeout",
       "an integer from -1",
       decimal(&Config::session_timeout_ms_max, -1, kInt32Max),
       {}},
      {"maxClientCnxns", kNatural, decimal(&Config::connections_per_ip_max, 0, kInt32Max), {}},
      {"maxCnxns", kNatural, integer(&Config::connections_max, 0, kInt32Max), {}},
      {"clientTcpKeepAlive", kBool, boolean(&Config::tcp_keep_alive), {}},
      {"nio.sessionlessCnxnTimeout",
       kPositive,
       integer(&Config::sessionless_timeout_ms, 1, kInt32Max),
       {}},
      {"datadir.autocreate", kBool, boolean(&Config::data_dir_autocreate), {}},
      {"db.autocreate", kBool, boolean(&Config::db_autocreate), {}},
      {"reactors", "1 to 64 threads that serve connections", integer(&Config::reactors, 1, 64), {}},
  };
}

std::vector<Key> storage_keys() {
  return {
      {"autopurge.snapRetainCount", kInt, set_purge_retain, {}},
      {"autopurge.purgeInterval",
       "hours, or a number with ms, s, m, h or d; 0 for off",
       set_purge_interval,
       {}},
      {"preAllocSize",
       "a number of KiB, from 0",
       integer(&Config::preallocate_kb, 0, kInt32Max),
       {}},
      {"snapCount", "an integer from 2", integer(&Config::snapshot_every_txns, 2, kInt32Max), {}},
      {"snapSizeLimitInKb",
       "a number of KiB; 0 or less for off",
       integer(&Config::snapshot_every_kb, -kInt32Max, std::int64_t{1} << 40),
       {}},
      {"txnLogSizeLimitInKb",
       "a number of KiB; 0 or less for off",
       integer(&Config::log_file_kb_max, -kInt32Max, std::int64_t{1} << 40),
       {}},
      {"fsync.warningthresholdms", kNatural, integer(&Config::fsync_warning_ms, 0, kInt32Max), {}},
      {"forceSync", kYesNo, yes_no(&Config::force_sync), {}},
      {"snapshot.compression.method", "gz, snappy or nothing", set_compression, {}},
      {"snapshot.trust.empty", kBool, boolean(&Config::trust_empty_snapshot), {}},
      {"digest.enabled", kBool, boolean(&Config::digest_enabled), {}},
      fixed_switch("serializeLastProcessedZxid.enabled", true,
                   "a snapshot always says its last zxid"),
      fixed_switch("closeSessionTxn.enabled", true, "it is always on"),
      ignored("snapshotSizeFactor", kSyncFromMemory),
  };
}

std::vector<Key> request_keys() {
  return {
      {"jute.maxbuffer",
       "a number of bytes, 1 to 1668246117",
       integer(&Config::frame_bytes_max, 1, kFrameBytesMax),
       {}},
      {"jute.maxbuffer.extrasize", kNatural, integer(&Config::frame_extra_bytes, 0, kInt32Max), {}},
      {"globalOutstandingLimit",
       kPositive,
       integer(&Config::outstanding_requests_max, 1, kInt32Max),
       {}},
      {"extendedTypesEnabled", kBool, boolean(&Config::extended_types_enabled), {}},
      {"enforceQuota", kBool, boolean(&Config::enforce_quota), {}},
      {"reconfigEnabled", kBool, boolean(&Config::reconfig_enabled), {}},
      {"znode.container.checkIntervalMs",
       kPositive,
       integer(&Config::container_check_interval_ms, 1, kInt32Max),
       {}},
      {"znode.container.maxPerMinute",
       kPositive,
       integer(&Config::container_max_per_minute, 1, kInt32Max),
       {}},
      {"znode.container.maxNeverUsedIntervalMs",
       kNatural,
       integer(&Config::container_max_never_used_ms, 0, kInt32Max),
       {}},
      fixed_switch("emulate353TTLNodes", false, kNotBuilt),
      fixed_switch("enableEagerACLCheck", false, "a request is checked once, where it is decided"),
      fixed_switch("localSessionsEnabled", false, kNotBuilt),
      fixed_switch("localSessionsUpgradingEnabled", false, kNotBuilt),
      ignored_all("connection_throttle_", kNotBuilt),
      ignored_all("request_throttle", kNotBuilt),
      ignored_all("request_stale_", kNotBuilt),
      ignored("throttled_op_wait_time", kNotBuilt),
      ignored("largeRequestThreshold", kNotBuilt),
      ignored("largeRequestMaxBytes", kNotBuilt),
      ignored("flushDelay", "a batch is what came while the last one was written"),
      ignored("maxWriteQueuePollTime", "a batch is what came while the last one was written"),
      ignored("maxBatchSize", "a batch is what came while the last one was written"),
      ignored("maxResponseCacheSize", "answers are made from the tree in place"),
      ignored("maxGetChildrenResponseCacheSize", "answers are made from the tree in place"),
      ignored("intBufferStartingSizeBytes", kJvm),
      ignored_all("nio.", "`reactors` sets the number of threads"),
      ignored_all("netty.", "`reactors` sets the number of threads"),
      ignored_all("commitProcessor.", kOwnWay),
      {"serverCnxnFactory",
       "NIOServerCnxnFactory or NettyServerCnxnFactory",
       class_name("NIOServerCnxnFactory", {"NettyServerCnxnFactory"}, kOwnWay),
       {}},
      ignored("watchManagerName", kOwnWay),
      ignored_all("watcherClean", kOwnWay),
      ignored("maxInProcessingDeadWatchers", kOwnWay),
      ignored("bitHashCacheSize", kOwnWay),
      ignored_all("pathStats.", kNotBuilt),
  };
}

std::vector<Key> access_keys() {
  return {
      {"skipACL", kYesNo, yes_no(&Config::skip_acl), {}},
      {"DigestAuthenticationProvider.enabled", kBool, boolean(&Config::digest_auth_enabled), {}},
      {"DigestAuthenticationProvider.digestAlg",
       "a digest, such as SHA1, SHA-256 or SHA3-256",
       set_digest_algorithm,
       {}},
      {"DigestAuthenticationProvider.superDigest",
       "super:<base64 digest>",
       text(&Config::super_digest),
       {}},
      {"ensembleAuthName", "a comma list", text(&Config::ensemble_auth_names), {}},
      {"enforce.auth.enabled", kBool, boolean(&Config::enforce_auth), {}},
      {"enforce.auth.schemes", "a comma list", text(&Config::enforce_auth_schemes), {}},
      {"sessionRequireClientSASLAuth", kBool, boolean(&Config::session_requires_sasl), {}},
      {"client.portUnification", kTlsOff, must_be_off(), {}},
      {"sslQuorum", kTlsOff, must_be_off(), {}},
      {"quorum.auth.enableSasl", kSaslOff, must_be_off(), {}},
      ignored_all("quorum.auth.", kNotBuilt),
      ignored("quorum.cnxn.threads.size", kOwnWay),
      ignored("secureClientPortAddress", kNotBuilt),
      ignored_all("authProvider.", "the built-in schemes are world, auth, digest and ip"),
      ignored_all("superUser", kNotBuilt),
      ignored("X509AuthenticationProvider.superUser", kNotBuilt),
      ignored("IPAuthenticationProvider.usexforwardedfor", kNotBuilt),
      fixed_switch("allowSaslFailedClients", false, kNotBuilt),
      ignored_all("kerberos.", kNotBuilt),
      ignored("security.auth_to_local", kNotBuilt),
      ignored_all("SASLAuthenticationProvider.", kNotBuilt),
      fixed_switch("letAnySaslUserDoX", false, kNotBuilt),
      ignored("requireKerberosConfig", kNotBuilt),
      ignored("server.realm", kNotBuilt),
      fixed_switch("portUnification", false, kNotBuilt),
      fixed_switch("sslQuorumReloadCertFiles", false, kNotBuilt),
      fixed_switch("client.certReload", false, kNotBuilt),
      ignored_all("ssl.", kNotBuilt),
      ignored("fips-mode", kNotBuilt),
      fixed_switch("audit.enable", false, kNotBuilt),
      ignored_all("audit.", kNotBuilt),
  };
}

std::vector<Key> operator_keys() {
  return {
      {"4lw.commands.whitelist", "a comma list, or *", text(&Config::four_letter_words), {}},
      {"readonlymode.enabled", kBool, set_read_only, {}},
      {"console.threshold", "DEBUG, INFO, WARN or ERROR", set_log_level, {}},
      {"log.threshold", "DEBUG, INFO, WARN or ERROR", set_log_level, {}},
      ignored_all("log.", "log lines go to standard error"),
      {"admin.enableServer", kBool, set_admin_enabled, {}},
      {"admin.serverAddress", "a host name or address", address(&Config::admin_address), {}},
      {"admin.serverPort", "a port, 0 to 65535", integer(&Config::admin_port, 0, 65535), {}},
      {"admin.idleTimeout",
       "a number of ms, from 1",
       integer(&Config::admin_idle_timeout_ms, 1, kInt32Max),
       {}},
      {"admin.commandURL", "a path such as /commands", set_command_url, {}},
      {"admin.rateLimiterIntervalInMS",
       "a number of ms, from 0 (off)",
       integer(&Config::admin_rate_limit_ms, 0, kInt32Max),
       {}},
      {"admin.allowedHosts", "host names without ports, comma list, or *", set_allowed_hosts, {}},
      {"admin.snapshot.enabled", kBool, boolean(&Config::admin_snapshot_enabled), {}},
      {"admin.restore.enabled", kBool, boolean(&Config::admin_restore_enabled), {}},
      {"admin.portUnification", kTlsOff, must_be_off(), {}},
      {"admin.forceHttps", kTlsOff, must_be_off(), {}},
      {"admin.needClientAuth", kTlsOff, must_be_off(), {}},
      ignored("admin.httpVersion", "HTTP/1.1 is spoken, and 1.0 understood"),
      {"metricsProvider.className",
       "DefaultMetricsProvider, NullMetricsProvider or PrometheusMetricsProvider",
       set_metrics_provider,
       {}},
      {"metricsProvider.httpHost", "a host name or address", address(&Config::metrics_address), {}},
      {"metricsProvider.httpPort",
       "a port, 0 to 65535",
       decimal(&Config::metrics_port, 0, 65535),
       {}},
      {"metricsProvider.httpsPort", kTlsOff, set_secure_port, {}},
      ignored("metricsProvider.exportJvmInfo", kJvm),
      ignored_all("metricsProvider.", kOwnWay),
      ignored_all("jvm.pause.", kJvm),
      ignored_all("jmx.", kJvm),
  };
}

std::vector<Key> member_keys() {
  const auto key = [](std::string_view name, std::string_view allowed) {
    return Key{.name = name,
               .allowed = allowed,
               .set = {},
               .why_ignored = {},
               .prefix = true,
               .of_members = true};
  };
  return {
      key("server.", "host:port:electionPort[:participant|observer][;[host:]clientPort]"),
      key("group.", "server numbers with colons between them"),
      key("weight.", "an integer from 0"),
  };
}

std::vector<Key> ensemble_keys() {
  return {
      {"dynamicConfigFile", kPath, nonempty(&Config::dynamic_config_file), {}},
      {"standaloneEnabled", kBool, boolean(&Config::standalone_enabled), {}},
      {"electionAlg", "only 3 is supported", set_election_algorithm, {}},
      {"peerType", "observer or participant", set_peer_type, {}},
      {"initLimit", kTicks, decimal(&Config::init_limit, 1, kTicksMax), {}},
      {"syncLimit", kTicks, decimal(&Config::sync_limit, 1, kTicksMax), {}},
      {"connectToLearnerMasterLimit",
       "a number of ticks, 0 (initLimit) to 1000000",
       decimal(&Config::connect_limit, 0, kTicksMax),
       {}},
      {"leaderConnectDelayDuringRetryMs",
       kPositive,
       integer(&Config::connect_retry_ms, 1, kInt32Max),
       {}},
      {"cnxTimeout", kPositive, integer(&Config::election_connect_timeout_ms, 1, kInt32Max), {}},
      {"quorumCnxnTimeoutMs",
       "an integer from -1 (syncLimit)",
       integer(&Config::election_handshake_timeout_ms, -1, kInt32Max),
       {}},
      {"fastleader.minNotificationInterval",
       kPositive,
       integer(&Config::notification_interval_ms_min, 1, kInt32Max),
       {}},
      {"fastleader.maxNotificationInterval",
       kPositive,
       integer(&Config::notification_interval_ms_max, 1, kInt32Max),
       {}},
      {"electionPortBindRetry",
       "an integer from 0 (for ever)",
       integer(&Config::election_bind_retries, 0, kInt32Max),
       {}},
      {"leader.maxTimeToWaitForEpoch",
       "an integer from -1 (off)",
       integer(&Config::epoch_wait_ms_max, -1, kInt32Max),
       {}},
      {"commitLogCount", kInt, set_commit_log_count, {}},
      {"forceSnapshotSync", kBool, boolean(&Config::force_snapshot_sync), {}},
      {"leaderServes", kYesNo, yes_no(&Config::leader_serves), {}},
      {"tcpKeepAlive", kBool, boolean(&Config::quorum_keep_alive), {}},
      {"quorumListenOnAllIPs", kBool, boolean(&Config::quorum_listen_on_all), {}},
      fixed_switch("syncEnabled", true, "observers keep a log too"),
      fixed_switch("observer.syncEnabled", true, "observers keep a log too"),
      ignored("observerMasterPort", kNotBuilt),
      ignored_all("leader.", kOwnWay),
      ignored_all("follower.", kOwnWay),
      ignored_all("learner.", kOwnWay),
      ignored_all("observer.", kOwnWay),
      ignored_all("observerMaster.", kNotBuilt),
      ignored("forward_learner_requests_to_commit_processor_disabled", kOwnWay),
      ignored_all("multiAddress.", kNotBuilt),
      ignored("oraclePath", kNotBuilt),
      ignored_all("messageTracker.", kNotBuilt),
      ignored("testingonly.initialZxid", kNotBuilt),
  };
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::vector<Key> make_keys() {
  std::vector<Key> keys;
  for (auto part : {basic_keys, storage_keys, request_keys, access_keys, operator_keys, member_keys,
                    ensemble_keys}) {
    std::ranges::move(part(), std::back_inserter(keys));
  }
  return keys;
}

std::string_view without_prefix(std::string_view name) {
  return name.starts_with(kPropertyPrefix) ? name.substr(kPropertyPrefix.size()) : name;
}

}  // namespace

const std::vector<Key>& config_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

const Key* find_key(std::string_view name) {
  name = without_prefix(name);
  const Key* longest_prefix = nullptr;
  for (const Key& key : config_keys()) {
    if (!key.prefix && key.name == name) return &key;
    if (key.prefix && name.starts_with(key.name) &&
        (longest_prefix == nullptr || longest_prefix->name.size() < key.name.size())) {
      longest_prefix = &key;
    }
  }
  return longest_prefix;
}

std::string_view nearest_key(std::string_view name) {
  constexpr std::size_t kNameMax = 64;  // no key is longer
  name = without_prefix(name);
  if (name.size() > kNameMax) return {};
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const Key& key : config_keys()) {
    if (key.prefix) continue;
    const std::size_t distance = edit_distance(lower(name), lower(key.name));
    if (distance < least) {
      least = distance;
      nearest = key.name;
    }
  }
  return nearest;
}

}  // namespace drover::server
