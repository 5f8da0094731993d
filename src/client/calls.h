#pragma once
// The client's operations, each as one request: paths and options in, a Call out, whose answer goes
// to the handler. What takes more than one request is in flows.h.

#include <drover/client.h>

#include <memory>
#include <string>

#include "client/call.h"

namespace drover::client {

inline constexpr std::string_view kConfigPath = "/zookeeper/config";

// Where a handle's paths are on the server.
struct Scope {
  std::string prefix;      // chroot and namespace, in front of every path
  std::string name_space;  // empty, or "/" and the namespace
};

struct CreateCall {
  std::string path;
  std::string data;  // as it is stored
  AclList acls;
  CreateMode mode = CreateMode::kPersistent;
  std::int64_t ttl_ms = -1;
  bool is_retried = true;  // by the call itself
};

[[nodiscard]] std::unique_ptr<Call> create_call(const Scope& scope, const CreateCall& create,
                                                detail::Handler<Created> handler);
// `decompressed_max`: nullopt: the data is as it is; else gzip, of at most so many bytes.
[[nodiscard]] std::unique_ptr<Call> get_call(const Scope& scope, std::string path,
                                             std::optional<std::size_t> decompressed_max,
                                             detail::Handler<Node> handler);
[[nodiscard]] std::unique_ptr<Call> set_call(const Scope& scope, std::string path,
                                             std::string_view data, std::int32_t version,
                                             detail::Handler<Stat> handler);
[[nodiscard]] std::unique_ptr<Call> remove_call(const Scope& scope, std::string path,
                                                std::int32_t version,
                                                detail::Handler<void> handler);
[[nodiscard]] std::unique_ptr<Call> exists_call(const Scope& scope, std::string path,
                                                detail::Handler<std::optional<Stat>> handler);
[[nodiscard]] std::unique_ptr<Call> children_call(const Scope& scope, std::string path,
                                                  detail::Handler<Listing> handler);
[[nodiscard]] std::unique_ptr<Call> acls_call(const Scope& scope, std::string path,
                                              detail::Handler<AclListing> handler);
[[nodiscard]] std::unique_ptr<Call> set_acls_call(const Scope& scope, std::string path,
                                                  const AclList& acls, std::int32_t version,
                                                  detail::Handler<Stat> handler);
[[nodiscard]] std::unique_ptr<Call> sync_call(const Scope& scope, std::string path,
                                              detail::Handler<void> handler);
[[nodiscard]] std::unique_ptr<Call> who_am_i_call(detail::Handler<std::vector<Id>> handler);
[[nodiscard]] std::unique_ptr<Call> ephemerals_call(
    const Scope& scope, std::string prefix, detail::Handler<std::vector<std::string>> handler);
[[nodiscard]] std::unique_ptr<Call> all_children_number_call(const Scope& scope, std::string path,
                                                             detail::Handler<std::int32_t> handler);
[[nodiscard]] std::unique_ptr<Call> reconfig_call(const drover::Reconfiguration& change,
                                                  detail::Handler<Node> handler);
// The data of creates and sets are as they are stored, the ACLs of creates are there.
[[nodiscard]] std::unique_ptr<Call> commit_call(
    const Scope& scope, std::vector<Transaction::Operation> operations,
    detail::Handler<std::vector<OperationResult>> handler);

[[nodiscard]] std::unique_ptr<Call> watch_data_call(const Scope& scope, std::string path,
                                                    std::optional<std::size_t> decompressed_max,
                                                    detail::Handler<Watched<Node>> handler);
[[nodiscard]] std::unique_ptr<Call> watch_exists_call(
    const Scope& scope, std::string path, detail::Handler<Watched<std::optional<Stat>>> handler);
[[nodiscard]] std::unique_ptr<Call> watch_children_call(const Scope& scope, std::string path,
                                                        detail::Handler<Watched<Listing>> handler);
[[nodiscard]] std::unique_ptr<Call> watch_tree_call(const Scope& scope, std::string path,
                                                    bool recursive,
                                                    detail::Handler<Stream<WatchedEvent>> handler);

}  // namespace drover::client
