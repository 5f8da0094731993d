#pragma once
// What a new list of servers means for a client that is connected already: clients spread over the
// new servers in proportion, without all moving at once (StaticHostProvider.updateServerList).

#include <optional>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "client/connect_string.h"

namespace drover::client {

struct HostPlan {
  bool leaves = false;             // the present server is to be left
  std::vector<std::size_t> order;  // of the new list, in which to try: never empty
};

// `current`: the server of the present connection, if there is one. Requires now not empty.
[[nodiscard]] HostPlan rebalanced(const std::vector<HostPort>& before,
                                  const std::vector<HostPort>& now,
                                  const std::optional<HostPort>& current, base::Prng& prng);

// The client addresses in the text of /zookeeper/config (server.N=host:...;[address:]port), sorted;
// a wildcard address is the server's own host. Empty when no server names one.
[[nodiscard]] std::vector<HostPort> hosts_of_config(std::string_view config);

}  // namespace drover::client
