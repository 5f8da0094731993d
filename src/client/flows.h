#pragma once
// The client's operations that take more than one request, each written once, as a coroutine on the
// core's executor. They hold the core alive; each of their requests is tried again by itself where
// that does no harm.

#include <drover/client.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "client/calls.h"

namespace drover::client {

class Core;
using CorePtr = std::shared_ptr<Core>;

struct CreateFlow {
  CreateCall create;  // its path is without the protection's prefix
  Bytes plain_data;   // as the user gave it, to compare with what is there
  Parents parents = Parents::kNone;
  bool protect = false;
  OnExists exists = OnExists::kFail;
  std::int32_t set_version = kAnyVersion;
  std::optional<AclList> parent_acls{};
  std::optional<std::size_t> decompressed_max{};
};

[[nodiscard]] boost::asio::awaitable<Result<Created>> create_flow(CorePtr core, Scope scope,
                                                                  CreateFlow flow);
// Everything above `path` is made, empty.
[[nodiscard]] boost::asio::awaitable<Result<void>> make_parents_flow(CorePtr core, Scope scope,
                                                                     std::string path,
                                                                     Parents parents,
                                                                     std::optional<AclList> acls);
[[nodiscard]] boost::asio::awaitable<Result<void>> remove_flow(CorePtr core, Scope scope,
                                                               std::string path,
                                                               RemoveOptions options);
// Again and again until the znode is certainly gone, or it cannot be.
[[nodiscard]] boost::asio::awaitable<Result<void>> remove_for_sure_flow(CorePtr core, Scope scope,
                                                                        std::string path);
struct SetFlow {
  std::string path;
  std::string data;  // as it is stored
  Bytes plain_data;
  std::int32_t version = kAnyVersion;
  std::optional<std::size_t> decompressed_max{};
};
// Success also when the data is there and the version is one further than expected.
[[nodiscard]] boost::asio::awaitable<Result<Stat>> set_identical_flow(CorePtr core, Scope scope,
                                                                      SetFlow flow);
[[nodiscard]] boost::asio::awaitable<Result<Node>> sync_and_get_flow(
    CorePtr core, Scope scope, std::string path, std::optional<std::size_t> decompressed_max);
// Until the client closes: reads the ensemble's configuration, and again when it changes, and takes
// its client addresses for the hosts.
[[nodiscard]] boost::asio::awaitable<void> track_ensemble_flow(CorePtr core);

}  // namespace drover::client
