#pragma once
// Asks another server's client port `srvr`, as an operator would: connects, sends the word, reads
// to the end. Everything is over in half a second, answered or not.
//
// Threads: its context's.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace drover::server {

struct MemberStatus {
  std::string why{};   // not empty: no answer, and this is why
  std::string role{};  // leader, follower, observer, standalone
  std::optional<std::int64_t> zxid{}, connections{}, outstanding{};
  std::optional<double> latency_avg_ms{};
};

// Of the text that `srvr` answers. A member that has no leader says so instead.
[[nodiscard]] MemberStatus parse_srvr(std::string_view text);

// `done` comes once, later.
void poll_member(boost::asio::io_context& context, const std::string& host, const std::string& port,
                 std::function<void(MemberStatus)> done);

}  // namespace drover::server
