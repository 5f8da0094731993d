#include "recipes/prefixed_create.h"

#include <drover/error_class.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <optional>
#include <utility>

namespace drover::recipes {

using boost::asio::awaitable;

namespace {

// The path of the child whose name begins with `prefix`. This connection's server may be behind the
// one that was asked to create it.
awaitable<Result<std::optional<std::string>>> find_prefixed(Client client, std::string parent,
                                                            std::string prefix) {
  const auto synced = co_await client.sync(parent);
  if (!synced) co_return std::unexpected(synced.error());
  const auto listing = co_await client.children(parent);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return std::nullopt;
    co_return std::unexpected(listing.error());
  }
  const auto found = std::ranges::find_if(
      listing->names, [&](const std::string& name) { return name.starts_with(prefix); });
  if (found == listing->names.end()) co_return std::nullopt;
  co_return detail::child_path(parent, *found);
}

// The znode that a create without an answer has made in this session, if it has.
awaitable<Result<std::optional<Created>>> find_created(Client client, std::string parent,
                                                       std::string prefix) {
  const auto path = co_await find_prefixed(client, parent, prefix);
  if (!path) co_return std::unexpected(path.error());
  if (!*path) co_return std::nullopt;
  const auto stat = co_await client.exists(**path);
  if (!stat) co_return std::unexpected(stat.error());
  if (!*stat) co_return std::nullopt;
  if ((*stat)->ephemeral_owner != client.session_id()) {
    client.remove_in_background(**path);  // an older session's, which may end any time
    co_return std::nullopt;
  }
  co_return Created{.path = **path, .stat = **stat};
}

// It ends with the client at the latest: then the session's znodes go anyhow.
awaitable<void> remove_prefixed(Client client, std::string parent, std::string prefix) {
  for (;;) {
    const auto connected = co_await client.wait_connected();
    if (!connected) co_return;
    const auto path = co_await find_prefixed(client, parent, prefix);
    if (path) {
      if (*path) client.remove_in_background(**path);
      co_return;
    }
    const auto kind = error_class(path.error().code);
    if (kind != ErrorClass::kNotApplied && kind != ErrorClass::kOutcomeUnknown) co_return;
  }
}

}  // namespace

awaitable<Result<Created>> create_prefixed(Client client, std::string parent, std::string name,
                                           CreateMode mode, Bytes data,
                                           std::shared_ptr<detail::Patience> patience) {
  const std::string prefix = detail::random_hex(client) + name;
  const std::string path = detail::child_path(parent, prefix);
  const CreateOptions options{.mode = mode, .parents = Parents::kPersistent};
  detail::Retries retries(client);
  for (;;) {
    const auto created = co_await client.create(path, data, options);
    if (created || error_class(created.error().code) != ErrorClass::kOutcomeUnknown) {
      co_return created;
    }
    if (created.error().code != ErrorCode::kCancelled) {
      auto found = co_await find_created(client, parent, prefix);
      if (found && *found) co_return std::move(**found);
      if (found && co_await retries.again(patience)) continue;
    }
    boost::asio::co_spawn(client.get_executor(), remove_prefixed(client, parent, prefix),
                          boost::asio::detached);
    co_return created;
  }
}

}  // namespace drover::recipes
