#pragma once
// Looks for a server with a quorum, on behalf of a client that is connected to one without.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "client/connect_string.h"

namespace drover::client {

// Asks one host after the other with the four-letter word "isro" until one answers "rw": after 100
// ms, then with pauses that double up to a minute (ClientCnxn). nullopt: `connection`, for whose
// sake it looks, has gone.
[[nodiscard]] boost::asio::awaitable<std::optional<HostPort>> find_quorum(
    boost::asio::any_io_executor executor, std::vector<HostPort> hosts,
    std::weak_ptr<void> connection);

}  // namespace drover::client
