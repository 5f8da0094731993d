#pragma once
// Who stands, told by the data of the znodes in the order in which they stand.

#include <drover/client.h>
#include <drover/recipes/participant.h>

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

namespace drover::recipes {

// Those that are gone meanwhile are left out; the first that is there leads. `most`: how many are
// wanted.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<Participant>>> read_participants(
    Client client, std::vector<std::string> paths, std::size_t most);

}  // namespace drover::recipes
