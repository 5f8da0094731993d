#pragma once
// How zkCli writes things: stats, ACLs, events, errors, data. Every text here is Apache's, because
// scripts match on it.

#include <drover/acl.h>
#include <drover/event.h>
#include <drover/result.h>
#include <drover/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/session_machine.h"

namespace drover::shell {

// Eleven lines; times in the local time zone.
[[nodiscard]] std::string stat_text(const Stat& stat);
// Two lines for each entry.
[[nodiscard]] std::string acl_text(const AclList& acl);
// "[a, b, c]" without a newline.
[[nodiscard]] std::string list_text(const std::vector<std::string>& items);
[[nodiscard]] std::string event_text(const WatchedEvent& event);
// As in the prompt: CONNECTED and so on.
[[nodiscard]] std::string_view state_text(client::SessionState state);
// One line for a failed call; `error.message` is its path, empty for null.
[[nodiscard]] std::string error_text(const Error& error);
// KeeperException's own name of a code, which is neither the code's nor consistent.
[[nodiscard]] std::string_view keeper_name(ErrorCode code);
[[nodiscard]] std::string_view state_name(KeeperState state);
[[nodiscard]] std::string_view type_name(EventType type);
// "KeeperErrorCode = NoNode for /a".
[[nodiscard]] std::string keeper_error_text(const Error& error);

// scheme:id:perms[,...]; what cannot be understood is skipped, with a line about it in
// `complaints`.
struct ParsedAcl {
  AclList acl;
  std::vector<std::string> complaints;
};
[[nodiscard]] ParsedAcl parse_acl(std::string_view text);

// Sixteen bytes a row in a frame, as Netty prints them; empty for no bytes.
[[nodiscard]] std::string hex_dump(std::string_view bytes);

// A day and a time in the local time zone, as Java prints dates.
[[nodiscard]] std::string date_text(std::int64_t ms);

// As Java's Integer.decode: decimal, 0x or # hexadecimal, 0 octal, with a sign.
[[nodiscard]] std::optional<std::int32_t> decode_number(std::string_view text);
// A number as Java's Integer.parseInt and Long.parseLong read one.
template <typename T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text);

}  // namespace drover::shell
