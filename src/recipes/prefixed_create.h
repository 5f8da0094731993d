#pragma once
// kazoo's way to a znode that is created once only: a prefix of its own, looked for when the answer
// was lost.

#include <drover/detail/recipe.h>

#include <memory>
#include <string>

namespace drover::recipes {

// Creates `<parent>/<32 hex digits><name>`, ephemeral, with a number behind it if `mode` says so,
// and missing parents as persistent znodes, as kazoo does. Errors: the client's; then there is no
// such znode, or it is looked for and removed in the background.
boost::asio::awaitable<Result<Created>> create_prefixed(Client client, std::string parent,
                                                        std::string name, CreateMode mode,
                                                        Bytes data,
                                                        std::shared_ptr<detail::Patience> patience);

}  // namespace drover::recipes
