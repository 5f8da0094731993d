#include <drover/recipes/gate.h>

#include "recipes/bell.h"

namespace drover {

boost::asio::awaitable<Result<void>> Gate::raise_at(Client client, std::string path,
                                                    GateOptions chosen) {
  const CreateOptions options{.parents = chosen.parents.value_or(detail::recipe_parents(client))};
  const Bytes data = chosen.data.value_or(client.options().default_data);
  const auto created = co_await client.create(path, data, options);
  if (created || created.error().code == ErrorCode::kNodeExists) co_return Result<void>();
  co_return std::unexpected(created.error());
}

boost::asio::awaitable<Result<void>> Gate::drop_at(Client client, std::string path) {
  const RemoveOptions options{.missing_ok = true};
  co_return co_await client.remove(path, options);
}

boost::asio::awaitable<Result<void>> Gate::wait_at(Client client, std::string path,
                                                   Patience patience) {
  recipes::Bell bell(client);
  while (true) {
    auto watched = co_await client.watch_exists(path);
    if (!watched) co_return std::unexpected(std::move(watched.error()));
    if (!watched->value) co_return Result<void>();
    bell.listen(watched->changed);
    auto rung = co_await patience->wait(bell.wait());
    if (!rung) co_return std::unexpected(std::move(rung.error()));
  }
}

}  // namespace drover
