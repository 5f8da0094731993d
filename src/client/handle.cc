// drover::Client: what its templates call. Checks what can be checked here, makes calls of it, and
// owns the thread of a client that was not given an executor.

#include <drover/client.h>
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <future>

#include "client/calls.h"
#include "client/core.h"
#include "client/flows.h"
#include "client/gzip.h"
#include "client/io_thread.h"
#include "client/path.h"

namespace drover {

namespace asio = boost::asio;
using client::Core;
using client::Scope;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kUnpackedMax = 1 << 30;  // bytes: what looks small may unpack to anything

Scope scope_of(const Core& core, const std::string& name_space) {
  return {.prefix = core.chroot() + name_space, .name_space = name_space};
}

std::optional<Error> path_error(const char* operation, const std::string& path,
                                bool is_sequential = false) {
  const auto problem = client::path_problem(path, is_sequential);
  if (!problem) return std::nullopt;
  return Error{.code = ErrorCode::kBadArguments,
               .message = fmt::format("{} {}: {}", operation, path, *problem),
               .path = path};
}

// Answers an error, not under the hands of who called.
template <typename T>
void refuse(Core& core, detail::Handler<T> handler, Error error) {
  core.run([handler = std::move(handler), error = std::move(error)]() mutable {
    handler(std::unexpected(std::move(error)));
  });
}

template <typename T>
asio::awaitable<void> run_flow(asio::awaitable<Result<T>> flow, detail::Handler<T> handler) {
  auto result = co_await std::move(flow);
  handler(std::move(result));
}

// `make(core)` makes the coroutine. What waits in the inbox must not own the core, whose it is.
template <typename T, typename Make>
void spawn(Core& core, detail::Handler<T> handler, Make make) {
  core.run([&core, make = std::move(make), handler = std::move(handler)]() mutable {
    asio::co_spawn(core.executor(), run_flow<T>(make(core.shared_from_this()), std::move(handler)),
                   asio::detached);
  });
}

// What was created for someone who has given up waiting for it, and will not remove it himself.
asio::awaitable<void> run_create(std::shared_ptr<Core> core, Scope scope, client::CreateFlow flow,
                                 detail::Handler<Created> handler) {
  const bool is_protected = flow.protect;
  auto result = co_await client::create_flow(core, scope, std::move(flow));
  const auto made = result ? std::optional<std::string>(result->path) : std::nullopt;
  if (handler(std::move(result)) || !made || !is_protected) co_return;
  co_await client::remove_for_sure_flow(core, scope, *made);
}

AclList acls_for(const Core& core, const std::string& path) {
  if (core.options().acl_for) return core.options().acl_for(path);
  return {{perms::kAll, {"world", "anyone"}}};
}

std::string stored(const Core& core, BytesView data, std::optional<bool> compress) {
  if (compress.value_or(core.options().compress)) return client::gzip(data);
  return std::string(as_text(data));
}

std::optional<std::size_t> unpacked_max(const Core& core, std::optional<bool> decompress) {
  if (!decompress.value_or(core.options().compress)) return std::nullopt;
  return kUnpackedMax;
}

Result<std::string> checked_name_space(std::string_view name_space) {
  if (name_space.empty()) return std::string();
  auto path = "/" + std::string(name_space);
  if (const auto problem = client::path_problem(path)) {
    return failure(fmt::format("namespace '{}': {}", name_space, *problem),
                   ErrorCode::kBadArguments);
  }
  return path;
}

Result<void> check(const ClientOptions& options) {
  const auto refused = [](std::string why) {
    return failure(std::move(why), ErrorCode::kBadArguments);
  };
  constexpr milliseconds kTimeoutMax{INT32_MAX};
  if (options.session_timeout.count() <= 0 || options.session_timeout > kTimeoutMax) {
    return refused("session_timeout must be from 1 ms to 2^31 - 1 ms");
  }
  if (options.connection_timeout.count() < 0) return refused("connection_timeout is negative");
  if (options.request_timeout.count() < 0) return refused("request_timeout is negative");
  if (options.lost_percent < 1 || options.lost_percent > 100) {
    return refused("lost_percent must be from 1 to 100");
  }
  if (options.packet_bytes_max <= 0) return refused("packet_bytes_max must be positive");
  return {};
}

}  // namespace

// Lives as long as a handle does.
struct Client::Owner {
  std::unique_ptr<client::IoThread> thread;  // null: the executor is the user's
  std::shared_ptr<Core> core;

  ~Owner() {
    if (!core) return;
    if (!thread) {
      core->close_and_linger();
    } else if (thread->is_this_thread()) {
      core->close_and_linger();
      core.reset();
      client::IoThread::let_end(std::move(thread));
    } else {
      close_and_wait();
      thread->stop();
    }
  }
  void close_and_wait() {
    auto closed = std::make_shared<std::promise<void>>();
    core->run(
        [core = core.get(), closed] { core->close([closed](ErrorCode) { closed->set_value(); }); });
    closed->get_future().wait_for(core->options().close_wait);
  }
};

Result<Client> Client::start(const asio::any_io_executor& executor, std::string_view connect,
                             ClientOptions options) {
  auto servers = client::parse_connect_string(connect);
  if (!servers) return std::unexpected(servers.error());
  auto name_space = checked_name_space(options.name_space);
  if (!name_space) return std::unexpected(name_space.error());
  if (auto good = check(options); !good) return std::unexpected(good.error());
  auto owner = std::make_shared<Owner>();
  owner->core =
      std::make_shared<Core>(asio::make_strand(executor), std::move(*servers), std::move(options));
  owner->core->start();
  return Client(std::move(owner), std::move(*name_space));
}

Client::Client(const asio::any_io_executor& executor, std::string_view connect,
               ClientOptions options)
    : Client(value_or_throw(start(executor, connect, std::move(options)))) {}

Client::Client(std::shared_ptr<Owner> owner, std::string name_space)
    : owner_(std::move(owner)), name_space_(std::move(name_space)) {}

Result<Client> Client::open(std::string_view connect, ClientOptions options) {
  auto servers = client::parse_connect_string(connect);
  if (!servers) return std::unexpected(servers.error());
  auto name_space = checked_name_space(options.name_space);
  if (!name_space) return std::unexpected(name_space.error());
  if (auto good = check(options); !good) return std::unexpected(good.error());
  const auto patience = options.connection_timeout;
  auto owner = std::make_shared<Owner>();
  owner->thread = std::make_unique<client::IoThread>();
  owner->core = std::make_shared<Core>(owner->thread->context().get_executor(), std::move(*servers),
                                       std::move(options));
  owner->core->start();
  Client opened(std::move(owner), std::move(*name_space));
  auto connected = opened.wait_connected(patience, block);
  if (connected) return opened;
  auto error = connected.error();
  if (error.code == ErrorCode::kTimedOut) error.code = ErrorCode::kNotSent;
  error.message = fmt::format("connect to {}: {}", connect, error.message);
  return std::unexpected(std::move(error));
}

// --- znodes

void Client::start_create(std::string path, std::optional<BytesView> data,
                          const CreateOptions& options, detail::Handler<Created> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("create", path, is_sequential(options.mode))) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  const BytesView bytes = data.value_or(BytesView(core.options().default_data));
  client::CreateCall create{.path = std::move(path),
                            .data = stored(core, bytes, options.compress),
                            .acls = {},
                            .mode = options.mode};
  create.acls = options.acls ? AclList(options.acls->begin(), options.acls->end())
                             : acls_for(core, create.path);
  if (has_ttl(options.mode)) create.ttl_ms = options.ttl.count();
  const auto scope = scope_of(core, name_space_);
  const bool is_plain =
      options.parents == Parents::kNone && !options.protect && options.exists == OnExists::kFail;
  if (is_plain) return core.submit(client::create_call(scope, create, std::move(handler)));

  client::CreateFlow flow{.create = std::move(create),
                          .plain_data = Bytes(bytes.begin(), bytes.end()),
                          .parents = options.parents,
                          .protect = options.protect,
                          .exists = options.exists,
                          .set_version = options.set_version};
  if (options.acl_on_parents) flow.parent_acls = flow.create.acls;
  flow.decompressed_max = unpacked_max(core, options.compress);
  core.run([core = owner_->core.get(), scope, flow = std::move(flow),
            handler = std::move(handler)]() mutable {
    asio::co_spawn(core->executor(),
                   run_create(core->shared_from_this(), scope, std::move(flow), std::move(handler)),
                   asio::detached);
  });
}

void Client::start_get(std::string path, GetOptions options, detail::Handler<Node> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("get", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  const auto scope = scope_of(core, name_space_);
  const auto unpacked = unpacked_max(core, options.decompress);
  if (options.sync_first) {
    return spawn(core, std::move(handler), [scope, path, unpacked](client::CorePtr owner) {
      return client::sync_and_get_flow(std::move(owner), scope, path, unpacked);
    });
  }
  core.submit(client::get_call(scope, std::move(path), unpacked, std::move(handler)));
}

void Client::start_set(std::string path, BytesView data, const SetOptions& options,
                       detail::Handler<Stat> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("set", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  const auto scope = scope_of(core, name_space_);
  auto bytes = stored(core, data, options.compress);
  if (options.accept_identical && options.version != kAnyVersion) {
    client::SetFlow flow{.path = std::move(path),
                         .data = std::move(bytes),
                         .plain_data = Bytes(data.begin(), data.end()),
                         .version = options.version,
                         .decompressed_max = unpacked_max(core, options.compress)};
    return spawn(core, std::move(handler), [scope, flow = std::move(flow)](client::CorePtr owner) {
      return client::set_identical_flow(std::move(owner), scope, flow);
    });
  }
  core.submit(client::set_call(scope, std::move(path), bytes, options.version, std::move(handler)));
}

void Client::start_remove(std::string path, RemoveOptions options, detail::Handler<void> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("remove", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  const auto scope = scope_of(core, name_space_);
  if (options.guaranteed || options.recursive || options.missing_ok) {
    return spawn(core, std::move(handler), [scope, path, options](client::CorePtr owner) {
      return client::remove_flow(std::move(owner), scope, path, options);
    });
  }
  core.submit(client::remove_call(scope, std::move(path), options.version, std::move(handler)));
}

void Client::remove_in_background(std::string path) noexcept {
  Core& core = *owner_->core;
  if (client::path_problem(path)) return;
  core.run(
      [core = owner_->core.get(), scope = scope_of(core, name_space_), path = std::move(path)] {
        asio::co_spawn(core->executor(),
                       client::remove_for_sure_flow(core->shared_from_this(), scope, path),
                       asio::detached);
      });
}

void Client::start_exists(std::string path, detail::Handler<std::optional<Stat>> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("exists", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(
      client::exists_call(scope_of(core, name_space_), std::move(path), std::move(handler)));
}

void Client::start_children(std::string path, detail::Handler<Listing> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("children", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(
      client::children_call(scope_of(core, name_space_), std::move(path), std::move(handler)));
}

void Client::start_ensure_path(const std::string& path, detail::Handler<void> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("ensure path", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  const auto parents =
      core.options().container_parents ? Parents::kContainer : Parents::kPersistent;
  // The path is a parent of anything below it.
  spawn(core, std::move(handler),
        [scope = scope_of(core, name_space_), below = path == "/" ? "/x" : path + "/x",
         parents](client::CorePtr owner) {
          return client::make_parents_flow(std::move(owner), scope, below, parents, std::nullopt);
        });
}

void Client::start_acls(std::string path, detail::Handler<AclListing> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("acls", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::acls_call(scope_of(core, name_space_), std::move(path), std::move(handler)));
}

void Client::start_set_acls(std::string path, const AclList& acls, std::int32_t acl_version,
                            detail::Handler<Stat> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("set acls", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::set_acls_call(scope_of(core, name_space_), std::move(path), acls, acl_version,
                                    std::move(handler)));
}

void Client::start_sync(std::string path, detail::Handler<void> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("sync", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::sync_call(scope_of(core, name_space_), std::move(path), std::move(handler)));
}

void Client::start_commit(const Transaction& transaction,
                          detail::Handler<std::vector<OperationResult>> handler) {
  Core& core = *owner_->core;
  auto operations = transaction.operations();
  if (operations.empty()) {
    return core.run(
        [handler = std::move(handler)]() mutable { handler(std::vector<OperationResult>()); });
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto& operation = operations[i];
    const bool is_create = operation.kind == Transaction::Operation::Kind::kCreate;
    const bool is_set = operation.kind == Transaction::Operation::Kind::kSet;
    auto error = path_error("commit", operation.path, is_create && is_sequential(operation.mode));
    if (!error && static_cast<std::int32_t>(i) == transaction.refused_operation()) {
      error = Error{.code = ErrorCode::kBadArguments,
                    .message = fmt::format("commit {}: takes several requests, which a transaction "
                                           "cannot (parents, protect, exists, accept_identical)",
                                           operation.path),
                    .path = operation.path};
    }
    if (error) {
      error->operation = static_cast<std::int32_t>(i);
      return refuse(core, std::move(handler), std::move(*error));
    }
    if (is_create && !operation.acls) operation.acls = acls_for(core, operation.path);
    if ((is_create || is_set) && operation.compress.value_or(core.options().compress)) {
      operation.data = to_bytes(client::gzip(operation.data));
    }
  }
  core.submit(
      client::commit_call(scope_of(core, name_space_), std::move(operations), std::move(handler)));
}

// --- the ensemble

void Client::start_who_am_i(detail::Handler<std::vector<Id>> handler) {
  owner_->core->submit(client::who_am_i_call(std::move(handler)));
}

void Client::start_ephemerals(std::string prefix,
                              detail::Handler<std::vector<std::string>> handler) {
  Core& core = *owner_->core;
  core.submit(
      client::ephemerals_call(scope_of(core, name_space_), std::move(prefix), std::move(handler)));
}

void Client::start_all_children_number(std::string path, detail::Handler<std::int32_t> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("all children number", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::all_children_number_call(scope_of(core, name_space_), std::move(path),
                                               std::move(handler)));
}

void Client::start_config(detail::Handler<Node> handler) {
  owner_->core->submit(client::get_call(Scope(), std::string(client::kConfigPath), std::nullopt,
                                        std::move(handler)));
}

void Client::start_watch_config(detail::Handler<Watched<Node>> handler) {
  owner_->core->submit(client::watch_data_call(Scope(), std::string(client::kConfigPath),
                                               std::nullopt, std::move(handler)));
}

void Client::start_reconfig(const Reconfiguration& change, detail::Handler<Node> handler) {
  owner_->core->submit(client::reconfig_call(change, std::move(handler)));
}

Result<void> Client::set_servers(std::string_view servers) {
  auto parsed = client::parse_connect_string(servers);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->chroot.empty()) {
    return failure("set_servers: the chroot cannot change", ErrorCode::kBadArguments);
  }
  owner_->core->run([core = owner_->core.get(), hosts = std::move(parsed->hosts)]() mutable {
    core->replace_hosts(std::move(hosts));
  });
  return {};
}

// --- watches

void Client::start_watch_data(std::string path, detail::Handler<Watched<Node>> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("watch data", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::watch_data_call(scope_of(core, name_space_), std::move(path),
                                      unpacked_max(core, std::nullopt), std::move(handler)));
}

void Client::start_watch_exists(std::string path,
                                detail::Handler<Watched<std::optional<Stat>>> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("watch exists", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(
      client::watch_exists_call(scope_of(core, name_space_), std::move(path), std::move(handler)));
}

void Client::start_watch_children(std::string path, detail::Handler<Watched<Listing>> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("watch children", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::watch_children_call(scope_of(core, name_space_), std::move(path),
                                          std::move(handler)));
}

void Client::start_watch_tree(std::string path, bool recursive,
                              detail::Handler<Stream<WatchedEvent>> handler) {
  Core& core = *owner_->core;
  if (auto error = path_error("watch tree", path)) {
    return refuse(core, std::move(handler), std::move(*error));
  }
  core.submit(client::watch_tree_call(scope_of(core, name_space_), std::move(path), recursive,
                                      std::move(handler)));
}

// --- the connection

void Client::start_wait_connected(milliseconds at_most, detail::Handler<void> handler) {
  owner_->core->run([core = owner_->core.get(), at_most, handler = std::move(handler)]() mutable {
    core->wait_connected(at_most, std::move(handler));
  });
}

void Client::start_add_auth(AuthInfo auth, detail::Handler<void> handler) {
  owner_->core->run(
      [core = owner_->core.get(), auth = std::move(auth), handler = std::move(handler)]() mutable {
        core->add_auth({std::move(auth.scheme), std::string(as_text(auth.data))});
        handler(Result<void>());
      });
}

void Client::start_close(detail::Handler<void> handler) {
  owner_->core->run([core = owner_->core.get(), handler = std::move(handler)]() mutable {
    core->close([handler = std::move(handler)](ErrorCode error) mutable {
      if (error == ErrorCode::kOk) {
        handler(Result<void>());
      } else {
        handler(failure(fmt::format("close: {}", error_name(error)), error));
      }
    });
  });
}

Stream<ConnectionState> Client::connection_states() {
  return owner_->core->connection_states();
}
Subscription Client::on_connection_state(std::function<void(ConnectionState)> changed) {
  return owner_->core->on_connection_state(std::move(changed));
}
SessionState Client::state() const noexcept {
  return owner_->core->state();
}
std::int64_t Client::session_id() const noexcept {
  return owner_->core->session_id();
}
milliseconds Client::negotiated_timeout() const noexcept {
  return owner_->core->negotiated_timeout();
}
std::stop_token Client::suspect_token() const {
  return owner_->core->suspect_token();
}
std::stop_token Client::closing_token() const {
  return owner_->core->closing_token();
}
const ClientOptions& Client::options() const noexcept {
  return owner_->core->options();
}
const asio::any_io_executor& Client::get_executor() const noexcept {
  return owner_->core->executor();
}

Client Client::with_namespace(std::string_view name_space) const {
  return Client(owner_, value_or_throw(checked_name_space(name_space)));
}

}  // namespace drover
