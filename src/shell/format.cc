#include "shell/format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <ctime>
#include <utility>

#include "toolbox/perms_text.h"

namespace drover::shell {
namespace {

// KeeperException's own names, which are neither the codes' nor consistent.
constexpr std::pair<ErrorCode, std::string_view> kKeeperNames[] = {
    {ErrorCode::kOk, "ok"},
    {ErrorCode::kSystemError, "SystemError"},
    {ErrorCode::kRuntimeInconsistency, "RuntimeInconsistency"},
    {ErrorCode::kDataInconsistency, "DataInconsistency"},
    {ErrorCode::kConnectionLoss, "ConnectionLoss"},
    {ErrorCode::kMarshallingError, "MarshallingError"},
    {ErrorCode::kUnimplemented, "Unimplemented"},
    {ErrorCode::kOperationTimeout, "OperationTimeout"},
    {ErrorCode::kBadArguments, "BadArguments"},
    {ErrorCode::kNewConfigNoQuorum, "NewConfigNoQuorum"},
    {ErrorCode::kReconfigInProgress, "ReconfigInProgress"},
    {ErrorCode::kApiError, "APIError"},
    {ErrorCode::kNoNode, "NoNode"},
    {ErrorCode::kNoAuth, "NoAuth"},
    {ErrorCode::kBadVersion, "BadVersion"},
    {ErrorCode::kNoChildrenForEphemerals, "NoChildrenForEphemerals"},
    {ErrorCode::kNodeExists, "NodeExists"},
    {ErrorCode::kNotEmpty, "Directory not empty"},
    {ErrorCode::kSessionExpired, "Session expired"},
    {ErrorCode::kInvalidCallback, "Invalid callback"},
    {ErrorCode::kInvalidAcl, "InvalidACL"},
    {ErrorCode::kAuthFailed, "AuthFailed"},
    {ErrorCode::kSessionMoved, "Session moved"},
    {ErrorCode::kNotReadOnly, "Not a read-only call"},
    {ErrorCode::kEphemeralOnLocalSession, "Ephemeral node on local session"},
    {ErrorCode::kNoWatcher, "No such watcher"},
    {ErrorCode::kReconfigDisabled, "Reconfig is disabled"},
    {ErrorCode::kSessionClosedRequireSaslAuth,
     "Session closed because client failed to authenticate"},
    {ErrorCode::kQuotaExceeded, "Quota has exceeded"},
    {ErrorCode::kRequestTimeout, "RequestTimeout"},
    {ErrorCode::kThrottledOp, "Op throttled due to high load"},
};

// perms letters to bits; letters that mean nothing get a complaint.
std::int32_t parse_perms(std::string_view letters, std::vector<std::string>& complaints) {
  std::int32_t bits = 0;
  for (const char letter : letters) {
    switch (letter) {
      case 'r':
        bits |= perms::kRead;
        break;
      case 'w':
        bits |= perms::kWrite;
        break;
      case 'c':
        bits |= perms::kCreate;
        break;
      case 'd':
        bits |= perms::kDelete;
        break;
      case 'a':
        bits |= perms::kAdmin;
        break;
      default:
        complaints.push_back(fmt::format("Unknown perm type: {}", letter));
    }
  }
  return bits;
}

}  // namespace

std::string date_text(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[64];
  // In the C locale, which the program never leaves for dates: names of days and months are
  // English.
  const auto size = std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Z %Y", &local);
  return {text, size};
}

std::string_view state_name(KeeperState state) {
  switch (state) {
    case KeeperState::kDisconnected:
      return "Disconnected";
    case KeeperState::kSyncConnected:
      return "SyncConnected";
    case KeeperState::kAuthFailed:
      return "AuthFailed";
    case KeeperState::kConnectedReadOnly:
      return "ConnectedReadOnly";
    case KeeperState::kSaslAuthenticated:
      return "SaslAuthenticated";
    case KeeperState::kExpired:
      return "Expired";
    case KeeperState::kClosed:
      return "Closed";
  }
  return "Unknown";
}

std::string_view type_name(EventType type) {
  switch (type) {
    case EventType::kNone:
      return "None";
    case EventType::kNodeCreated:
      return "NodeCreated";
    case EventType::kNodeDeleted:
      return "NodeDeleted";
    case EventType::kNodeDataChanged:
      return "NodeDataChanged";
    case EventType::kNodeChildrenChanged:
      return "NodeChildrenChanged";
    case EventType::kDataWatchRemoved:
      return "DataWatchRemoved";
    case EventType::kChildWatchRemoved:
      return "ChildWatchRemoved";
    case EventType::kPersistentWatchRemoved:
      return "PersistentWatchRemoved";
  }
  return "Unknown";
}

std::string_view keeper_name(ErrorCode code) {
  for (const auto& [known, name] : kKeeperNames) {
    if (known == code) return name;
  }
  return "Unknown error";
}

std::string stat_text(const Stat& stat) {
  return fmt::format(
      "cZxid = 0x{:x}\nctime = {}\nmZxid = 0x{:x}\nmtime = {}\npZxid = 0x{:x}\ncversion = {}\n"
      "dataVersion = {}\naclVersion = {}\nephemeralOwner = 0x{:x}\ndataLength = {}\nnumChildren = "
      "{}\n",
      static_cast<std::uint64_t>(stat.czxid), date_text(stat.ctime),
      static_cast<std::uint64_t>(stat.mzxid), date_text(stat.mtime),
      static_cast<std::uint64_t>(stat.pzxid), stat.cversion, stat.version, stat.aversion,
      static_cast<std::uint64_t>(stat.ephemeral_owner), stat.data_length, stat.num_children);
}

std::string acl_text(const AclList& acl) {
  std::string text;
  for (const auto& entry : acl) {
    text += fmt::format("'{},'{}\n: {}\n", entry.id.scheme, entry.id.id,
                        toolbox::perms_text(entry.perms));
  }
  return text;
}

std::string list_text(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string event_text(const WatchedEvent& event) {
  return fmt::format("WatchedEvent state:{} type:{} path:{} zxid: {}", state_name(event.state),
                     type_name(event.type), event.type == EventType::kNone ? "null" : event.path,
                     event.zxid);
}

std::string_view state_text(client::SessionState state) {
  switch (state) {
    case client::SessionState::kConnecting:
      return "CONNECTING";
    case client::SessionState::kConnected:
      return "CONNECTED";
    case client::SessionState::kConnectedReadOnly:
      return "CONNECTEDREADONLY";
    case client::SessionState::kClosed:
      return "CLOSED";
    case client::SessionState::kAuthFailed:
      break;
  }
  return "AUTH_FAILED";
}

std::string keeper_error_text(const Error& error) {
  std::string text = fmt::format("KeeperErrorCode = {}", keeper_name(error.code));
  if (!error.message.empty()) text += fmt::format(" for {}", error.message);
  return text;
}

std::string error_text(const Error& error) {
  const std::string_view path = error.message.empty() ? "null" : std::string_view(error.message);
  switch (error.code) {
    case ErrorCode::kNoNode:
      return fmt::format("Node does not exist: {}", path);
    case ErrorCode::kNodeExists:
      return fmt::format("Node already exists: {}", path);
    case ErrorCode::kNotEmpty:
      return fmt::format("Node not empty: {}", path);
    case ErrorCode::kNoChildrenForEphemerals:
      return fmt::format("Ephemerals cannot have children: {}", path);
    case ErrorCode::kNotReadOnly:
      return fmt::format("Not a read-only call: {}", path);
    case ErrorCode::kInvalidAcl:
      return fmt::format("Acl is not valid : {}", path);
    case ErrorCode::kNoAuth:
      return fmt::format("Insufficient permission : {}", path);
    case ErrorCode::kBadArguments:
      return fmt::format("Arguments are not valid : {}", path);
    case ErrorCode::kBadVersion:
      return fmt::format("version No is not valid : {}", path);
    case ErrorCode::kQuotaExceeded:
      return fmt::format("Quota has exceeded : {}", path);
    case ErrorCode::kReconfigInProgress:
      return "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)";
    case ErrorCode::kNewConfigNoQuorum:
      return "No quorum of new config is connected and up-to-date with the leader of last "
             "committed "
             "config - try invoking reconfiguration after new servers are connected and synced";
    default:
      return keeper_error_text(error);
  }
}

ParsedAcl parse_acl(std::string_view text) {
  ParsedAcl result;
  // As Java splits: nothing behind the last part, but an empty text is one empty part.
  const bool is_nothing = text.empty();
  while (text.ends_with(',')) text.remove_suffix(1);
  if (text.empty() && !is_nothing) return result;
  for (bool is_last = false; !is_last;) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    is_last = comma == std::string_view::npos;
    if (!is_last) text.remove_prefix(comma + 1);
    const auto first = part.find(':');
    const auto last = part.rfind(':');
    if (first == last) {  // none, or only one
      result.complaints.push_back(fmt::format("{} does not have the form scheme:id:perm", part));
      continue;
    }
    result.acl.push_back({.perms = parse_perms(part.substr(last + 1), result.complaints),
                          .id = {.scheme = std::string(part.substr(0, first)),
                                 .id = std::string(part.substr(first + 1, last - first - 1))}});
  }
  return result;
}

std::string hex_dump(std::string_view bytes) {
  if (bytes.empty()) return "";
  const std::string line =
      "+--------+-------------------------------------------------+----------------+";
  std::string text =
      "         +-------------------------------------------------+\n"
      "         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n" +
      line;
  for (std::size_t row = 0; row < bytes.size(); row += 16) {
    text += fmt::format("\n|{:08x}|", row);
    std::string letters;
    for (std::size_t i = row; i < row + 16; ++i) {
      if (i >= bytes.size()) {
        text += "   ";
        letters += ' ';
        continue;
      }
      const auto byte = static_cast<unsigned char>(bytes[i]);
      text += fmt::format(" {:02x}", byte);
      letters += byte <= 0x1f || byte >= 0x7f ? '.' : static_cast<char>(byte);
    }
    text += fmt::format(" |{}|", letters);
  }
  return text + "\n" + line;
}

std::optional<std::int32_t> decode_number(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('#')) {
    base = 16;
    text.remove_prefix(1);
  } else if (text.starts_with('0') && text.size() > 1) {
    base = 8;
    text.remove_prefix(1);
  }
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool is_whole = end == text.data() + text.size();
  if (error != std::errc() || !is_whole || text.starts_with('-')) return std::nullopt;
  return is_negative ? -value : value;
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}
template std::optional<std::int32_t> parse_number<std::int32_t>(std::string_view);
template std::optional<std::int64_t> parse_number<std::int64_t>(std::string_view);

}  // namespace drover::shell
