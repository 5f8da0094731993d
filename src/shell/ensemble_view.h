#pragma once
// An ensemble as its servers tell it: srvr and mntr of each, asked all at once, and what becomes of
// two such answers.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/connect_string.h"

namespace drover::shell {

struct ServerView {
  client::HostPort address;
  std::string problem;  // why nothing below is known; empty: it answered
  std::string role;     // leader, follower, observer, standalone, ...
  std::string version;
  std::int64_t zxid = 0;
  std::map<std::string, std::string> figures;  // of mntr, without "zk_"
  std::chrono::steady_clock::time_point when;  // it answered

  // nullopt: mntr did not tell, or not a number.
  [[nodiscard]] std::optional<double> figure(std::string_view name) const;
};

using EnsembleView = std::vector<ServerView>;

// Asks every server, each on a thread of its own; returns after `timeout` (and a little) at most.
[[nodiscard]] EnsembleView look_at(const std::vector<client::HostPort>& servers,
                                   std::chrono::milliseconds timeout);

// Requests per second that came in between two looks at one server; nullopt: it was not there, or
// began anew.
[[nodiscard]] std::optional<double> requests_per_second(const ServerView& before,
                                                        const ServerView& now);

// How many transactions a server is behind the newest that any server shows; nullopt when they are
// in different epochs, where counting says nothing.
[[nodiscard]] std::optional<std::int64_t> zxid_lag(const EnsembleView& view,
                                                   const ServerView& server);

// From the text of /zookeeper/config: where clients connect. Members without a client port are not
// there.
[[nodiscard]] std::vector<client::HostPort> client_addresses(std::string_view config);

// Fills in role, version, zxid and figures; for tests. False: `srvr` is no such answer.
[[nodiscard]] bool read_answers(std::string_view srvr, std::string_view mntr, ServerView& server);

}  // namespace drover::shell
