#include "shell/invocation.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "server/properties.h"
#include "shell/format.h"

namespace drover::shell {
namespace {

constexpr int kExitBadConfiguration = 2;
constexpr std::int32_t kRequestTimeoutMsMax = 24 * 60 * 60 * 1000;

struct Source {
  std::string name;      // for messages: "-D", or the file
  bool is_ours = false;  // every key in it is meant for a ZooKeeper client
};

std::unexpected<CommandError> refused(const Source& source, std::string_view key,
                                      std::string_view value, std::string_view allowed) {
  return command_error(
      fmt::format("drover shell: {}: {}={} is not {}", source.name, key, value, allowed),
      kExitBadConfiguration);
}

bool is_truth(std::string_view value) {
  return value == "true" || value == "false";
}

// Properties that a Java client acts on and we do not, with the reason.
std::string_view why_meaningless(std::string_view key) {
  constexpr std::string_view kTls = "TLS is not spoken yet";
  constexpr std::string_view kSasl = "SASL is not spoken yet";
  if (key.starts_with("zookeeper.ssl.") || key == "zookeeper.fips-mode") return kTls;
  if (key.starts_with("zookeeper.sasl.") || key.starts_with("zookeeper.server.") ||
      key == "zookeeper.kinit" || key == "java.security.auth.login.config") {
    return kSasl;
  }
  if (key == "zookeeper.clientCnxnSocket") return "there is one kind of socket";
  if (key == "zookeeper.shuffleDnsResponse") return "a name's addresses are tried in their order";
  if (key == "zookeeper.kerberos.canonicalizeHostNames") return kSasl;
  return {};
}

// True: the key was one of those that mean something.
std::expected<bool, CommandError> apply_known(const Source& source, std::string_view key,
                                              std::string_view value, Invocation& result) {
  auto& session = result.session;
  if (key == "jute.maxbuffer") {
    const auto bytes = decode_number(value);
    if (!bytes || *bytes <= 0) return refused(source, key, value, "a number of bytes above 0");
    session.session.frame_length_max = *bytes;
    return true;
  }
  if (key == "zookeeper.request.timeout") {
    const auto ms = decode_number(value);
    if (!ms || *ms < 0 || *ms > kRequestTimeoutMsMax) {
      return refused(
          source, key, value,
          fmt::format("a number of milliseconds, 0 (for ever) to {}", kRequestTimeoutMsMax));
    }
    session.request_timeout_ms = *ms;
    return true;
  }
  if (key == "zookeeper.disableAutoWatchReset") {
    if (!is_truth(value)) return refused(source, key, value, "true or false");
    session.session.repeats_watches = value == "false";
    return true;
  }
  // Going on in the clear would send credentials where someone asked for secrecy.
  if (key == "zookeeper.client.secure" && value != "false") {
    return refused(source, key, value, "possible yet: this shell does not speak TLS");
  }
  return key == "zookeeper.client.secure" || (key == "zookeeper.sasl.client" && value == "false");
}

std::expected<void, CommandError> apply(const Source& source, std::string_view key,
                                        std::string_view value, Invocation& result) {
  const auto known = apply_known(source, key, value, result);
  if (!known) return std::unexpected(known.error());
  if (*known) return {};
  const auto why = why_meaningless(key);
  if (!why.empty()) {
    result.warnings.push_back(
        fmt::format("drover shell: {}: {} has no effect: {}", source.name, key, why));
  } else if (source.is_ours) {
    result.warnings.push_back(
        fmt::format("drover shell: {}: {} is no property of a client", source.name, key));
  }
  return {};
}

std::expected<void, CommandError> apply_file(const std::string& name, Invocation& result) {
  std::ifstream file(name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return command_error(fmt::format("drover shell: -client-configuration '{}' cannot be read: {}",
                                     name, std::strerror(errno)),
                         kExitBadConfiguration);
  }
  const auto properties = server::parse_properties(text);
  if (!properties) {
    return command_error(fmt::format("drover shell: {}:{}", name, properties.error().message),
                         kExitBadConfiguration);
  }
  for (const auto& [key, value, line] : *properties) {
    const Source source{fmt::format("{}:{}", name, line), true};
    if (auto done = apply(source, key, value, result); !done) return done;
  }
  return {};
}

std::expected<void, CommandError> apply_definition(std::string_view definition,
                                                   Invocation& result) {
  const auto equals = definition.find('=');
  const auto key = definition.substr(0, equals);
  const auto value =
      equals == std::string_view::npos ? std::string_view() : definition.substr(equals + 1);
  return apply({.name = "-D"}, key, value, result);
}

}  // namespace

std::expected<Invocation, CommandError> parse_invocation(const std::vector<std::string>& words) {
  Invocation result;
  std::string timeout = std::to_string(result.session.session.timeout_ms);
  std::string configuration;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (!word.starts_with('-')) {
      result.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const auto option = word.substr(word.starts_with("--") ? 2 : 1);
    std::string* value = nullptr;
    if (option == "server") value = &result.session.connect_string;
    if (option == "timeout") value = &timeout;
    if (option == "client-configuration") value = &configuration;
    if (value != nullptr && i + 1 == words.size()) {
      result.warnings.push_back(fmt::format("Error: no argument found for option {}", word));
      break;
    }
    if (value != nullptr) *value = words[++i];
    if (option == "r") result.session.session.read_only_allowed = true;
    if (option == "waitforconnection") result.waits_for_connection = true;
    if (option == "json") result.session.json = true;
    if (option == "help" || option == "h") result.wants_help = true;
    if (!word.starts_with("-D")) continue;
    if (auto done = apply_definition(word.substr(2), result); !done) {
      return std::unexpected(done.error());
    }
  }
  const auto timeout_ms = parse_number<std::int32_t>(timeout);
  if (!timeout_ms || *timeout_ms <= 0) {
    return command_error(fmt::format(
        "drover shell: -timeout '{}' is not a number of milliseconds above 0", timeout));
  }
  result.session.session.timeout_ms = *timeout_ms;
  if (!configuration.empty()) {
    if (auto done = apply_file(configuration, result); !done) {
      return std::unexpected(done.error());
    }
  }
  return result;
}

}  // namespace drover::shell
