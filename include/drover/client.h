#pragma once
// A client of a Drover or ZooKeeper ensemble.
//
//   auto client = drover::Client::open("host1:2181,host2:2181/app");
//   auto made = client->create("/worker-", drover::as_bytes("me"),
//                              {.mode = drover::CreateMode::kEphemeralSequential}, drover::block);
//
// Every operation takes a completion token last and answers a Result: boost::asio::use_awaitable
// (the default: co_await it), boost::asio::use_future, drover::block, or a callback. All are the
// same code.
//
// Threads. A Client is a cheap handle on a shared connection; handles may be copied, used and
// dropped on any thread. Answers, events and callbacks come on the handler's own executor if it has
// one, else on the client's (get_executor()), in the order of the wire: an event before any answer
// that reflects what it tells. Do not block there: a blocking call answers kWouldDeadlock, other
// waiting holds up everything; nor may a callback throw. Operations are executed in the order in
// which they were begun, but for those that take several requests (parents, protect, recursive,
// retries).
//
// Views (data, ACLs) must live until the call returns, or until the end of its co_await expression.
//
// Errors of every operation, besides its own: kBadArguments (the path, in words), kNoAuth, kClosed,
// kCancelled, kAuthFailed, kSessionExpired; kNotSent (no connection within connection_timeout;
// certainly not executed) and kConnectionLoss (outcome unknown), both after the retry policy has
// given up. A write whose outcome is unknown is tried again only where that does no harm: see each.
// The message names operation and path; error_class.h sorts the codes.
//
// A session that expired is replaced by a new one by itself: connection_states() tells.

#include <drover/block.h>
#include <drover/connection_state.h>
#include <drover/error_class.h>
#include <drover/event.h>
#include <drover/exception.h>
#include <drover/node.h>
#include <drover/options.h>
#include <drover/stream.h>
#include <drover/transaction.h>
#include <drover/watch.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover {

namespace client {
class Core;
}

class Client {
 public:
  // Connects in the background, on `executor` (several threads may run it). Requires that the
  // executor runs until the client is closed, or is never run again. Throws Exception with
  // kBadArguments when `connect` (host:port[,host:port...][/chroot]) or an option makes no sense.
  Client(const boost::asio::any_io_executor& executor, std::string_view connect,
         ClientOptions options = {});
  // The same without exceptions.
  [[nodiscard]] static Result<Client> start(const boost::asio::any_io_executor& executor,
                                            std::string_view connect, ClientOptions options = {});
  // With a thread of its own, and connected when it returns. Errors: kBadArguments, kNotSent when
  // there was no session within connection_timeout. The last handle's destructor closes the session
  // and waits for that, close_wait at most; on the client's own thread it does not wait.
  [[nodiscard]] static Result<Client> open(std::string_view connect, ClientOptions options = {});

  // --- znodes

  // Result<Created>. Errors: kNodeExists, kNoNode (parent), kNoChildrenForEphemerals, kInvalidAcl,
  // kQuotaExceeded. After a lost answer it is repeated only with `protect`, or when it is neither
  // sequential nor OnExists::kFail.
  template <CompletionTokenFor<Created> Token = detail::DefaultToken>
  [[nodiscard]] auto create(std::string path, BytesView data, CreateOptions options = {},
                            Token&& token = Token()) {
    return operation<Created>(std::forward<Token>(token), [path = std::move(path), data, options](
                                                              Client& self, auto handler) mutable {
      self.start_create(std::move(path), data, options, std::move(handler));
    });
  }
  // With the client's default_data.
  template <CompletionTokenFor<Created> Token = detail::DefaultToken>
  [[nodiscard]] auto create(std::string path, CreateOptions options = {}, Token&& token = Token()) {
    return operation<Created>(std::forward<Token>(token), [path = std::move(path), options](
                                                              Client& self, auto handler) mutable {
      self.start_create(std::move(path), std::nullopt, options, std::move(handler));
    });
  }
  // Result<Node>. Errors: kNoNode, kCorruptPayload (what is to be decompressed is not gzip).
  template <CompletionTokenFor<Node> Token = detail::DefaultToken>
  [[nodiscard]] auto get(std::string path, GetOptions options = {}, Token&& token = Token()) {
    return operation<Node>(std::forward<Token>(token),
                           [path = std::move(path), options](Client& self, auto handler) mutable {
                             self.start_get(std::move(path), options, std::move(handler));
                           });
  }
  // Result<Stat>. Errors: kNoNode, kBadVersion, kQuotaExceeded. After a lost answer it is repeated
  // unless it names a version; with accept_identical always.
  template <CompletionTokenFor<Stat> Token = detail::DefaultToken>
  [[nodiscard]] auto set(std::string path, BytesView data, SetOptions options = {},
                         Token&& token = Token()) {
    return operation<Stat>(std::forward<Token>(token), [path = std::move(path), data, options](
                                                           Client& self, auto handler) mutable {
      self.start_set(std::move(path), data, options, std::move(handler));
    });
  }
  // Result<void>. Errors: kNoNode, kBadVersion, kNotEmpty. After a lost answer it is repeated
  // unless it names a version; kNoNode may then mean that the first try did it.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto remove(std::string path, RemoveOptions options = {}, Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token),
                           [path = std::move(path), options](Client& self, auto handler) mutable {
                             self.start_remove(std::move(path), options, std::move(handler));
                           });
  }
  // Removes it in the background as long as the client lives, for destructors: nothing is awaited.
  void remove_in_background(std::string path) noexcept;
  // Result<std::optional<Stat>>: nullopt when there is none.
  template <CompletionTokenFor<std::optional<Stat>> Token = detail::DefaultToken>
  [[nodiscard]] auto exists(std::string path, Token&& token = Token()) {
    return operation<std::optional<Stat>>(
        std::forward<Token>(token), [path = std::move(path)](Client& self, auto handler) mutable {
          self.start_exists(std::move(path), std::move(handler));
        });
  }
  // Result<Listing>. Errors: kNoNode.
  template <CompletionTokenFor<Listing> Token = detail::DefaultToken>
  [[nodiscard]] auto children(std::string path, Token&& token = Token()) {
    return operation<Listing>(std::forward<Token>(token),
                              [path = std::move(path)](Client& self, auto handler) mutable {
                                self.start_children(std::move(path), std::move(handler));
                              });
  }
  // Makes sure that the znode and everything above it exists; made as containers or persistent, as
  // the client's container_parents says. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto ensure_path(std::string path, Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token),
                           [path = std::move(path)](Client& self, auto handler) mutable {
                             self.start_ensure_path(path, std::move(handler));
                           });
  }
  // Result<AclListing>. Errors: kNoNode.
  template <CompletionTokenFor<AclListing> Token = detail::DefaultToken>
  [[nodiscard]] auto acls(std::string path, Token&& token = Token()) {
    return operation<AclListing>(std::forward<Token>(token),
                                 [path = std::move(path)](Client& self, auto handler) mutable {
                                   self.start_acls(std::move(path), std::move(handler));
                                 });
  }
  // Result<Stat>. Errors: kNoNode, kBadVersion (of the ACL), kInvalidAcl.
  template <CompletionTokenFor<Stat> Token = detail::DefaultToken>
  [[nodiscard]] auto set_acls(std::string path, AclList acls,
                              std::int32_t acl_version = kAnyVersion, Token&& token = Token()) {
    return operation<Stat>(
        std::forward<Token>(token), [path = std::move(path), acls = std::move(acls), acl_version](
                                        Client& self, auto handler) mutable {
          self.start_set_acls(std::move(path), acls, acl_version, std::move(handler));
        });
  }
  // Later reads of this client see everything that was written anywhere before. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto sync(std::string path, Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token),
                           [path = std::move(path)](Client& self, auto handler) mutable {
                             self.start_sync(std::move(path), std::move(handler));
                           });
  }
  // All or nothing. Result<std::vector<OperationResult>>, one for each. The error is that of the
  // operation that failed: Error::operation is its number, Error::path its path. Repeated only when
  // certainly not executed. An empty one succeeds without a request.
  template <CompletionTokenFor<std::vector<OperationResult>> Token = detail::DefaultToken>
  [[nodiscard]] auto commit(Transaction transaction, Token&& token = Token()) {
    return operation<std::vector<OperationResult>>(
        std::forward<Token>(token),
        [transaction = std::move(transaction)](Client& self, auto handler) mutable {
          self.start_commit(transaction, std::move(handler));
        });
  }

  // --- the ensemble

  // Result<std::vector<Id>>: who the server takes this client for. Servers from 3.7 on.
  template <CompletionTokenFor<std::vector<Id>> Token = detail::DefaultToken>
  [[nodiscard]] auto who_am_i(Token&& token = Token()) {
    return operation<std::vector<Id>>(
        std::forward<Token>(token),
        [](Client& self, auto handler) mutable { self.start_who_am_i(std::move(handler)); });
  }
  // Result<std::vector<std::string>>: the paths of this session's ephemeral znodes that begin with
  // `prefix`. Servers from 3.6 on.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto ephemerals(std::string prefix = "/", Token&& token = Token()) {
    return operation<std::vector<std::string>>(
        std::forward<Token>(token),
        [prefix = std::move(prefix)](Client& self, auto handler) mutable {
          self.start_ephemerals(std::move(prefix), std::move(handler));
        });
  }
  // Result<std::int32_t>: how many znodes are below. Servers from 3.6 on.
  template <CompletionTokenFor<std::int32_t> Token = detail::DefaultToken>
  [[nodiscard]] auto all_children_number(std::string path, Token&& token = Token()) {
    return operation<std::int32_t>(
        std::forward<Token>(token), [path = std::move(path)](Client& self, auto handler) mutable {
          self.start_all_children_number(std::move(path), std::move(handler));
        });
  }
  // Result<Node>: the ensemble's configuration, which no chroot or namespace hides.
  template <CompletionTokenFor<Node> Token = detail::DefaultToken>
  [[nodiscard]] auto config(Token&& token = Token()) {
    return operation<Node>(std::forward<Token>(token), [](Client& self, auto handler) mutable {
      self.start_config(std::move(handler));
    });
  }
  // Result<Watched<Node>>.
  template <CompletionTokenFor<Watched<Node>> Token = detail::DefaultToken>
  [[nodiscard]] auto watch_config(Token&& token = Token()) {
    return operation<Watched<Node>>(
        std::forward<Token>(token),
        [](Client& self, auto handler) mutable { self.start_watch_config(std::move(handler)); });
  }
  // Result<Node>: the new configuration. Errors: kReconfigDisabled, kNewConfigNoQuorum,
  // kReconfigInProgress, kBadVersion. Repeated only when certainly not executed.
  template <CompletionTokenFor<Node> Token = detail::DefaultToken>
  [[nodiscard]] auto reconfig(Reconfiguration change, Token&& token = Token()) {
    return operation<Node>(std::forward<Token>(token),
                           [change = std::move(change)](Client& self, auto handler) mutable {
                             self.start_reconfig(change, std::move(handler));
                           });
  }
  // Other servers of the same ensemble, in the form of a connect string without chroot. Clients
  // move so that they spread evenly: this one keeps its connection, or leaves it for a new server
  // with the probability that the numbers ask for. Errors: kBadArguments.
  [[nodiscard]] Result<void> set_servers(std::string_view servers);

  // --- watches

  // Result<Watched<Node>>: reads, and tells when the data changes or the znode goes. Errors:
  // kNoNode, which leaves no watch.
  template <CompletionTokenFor<Watched<Node>> Token = detail::DefaultToken>
  [[nodiscard]] auto watch_data(std::string path, Token&& token = Token()) {
    return operation<Watched<Node>>(std::forward<Token>(token),
                                    [path = std::move(path)](Client& self, auto handler) mutable {
                                      self.start_watch_data(std::move(path), std::move(handler));
                                    });
  }
  // Result<Watched<std::optional<Stat>>>: tells when the znode comes, goes or has other data.
  template <CompletionTokenFor<Watched<std::optional<Stat>>> Token = detail::DefaultToken>
  [[nodiscard]] auto watch_exists(std::string path, Token&& token = Token()) {
    return operation<Watched<std::optional<Stat>>>(
        std::forward<Token>(token), [path = std::move(path)](Client& self, auto handler) mutable {
          self.start_watch_exists(std::move(path), std::move(handler));
        });
  }
  // Result<Watched<Listing>>: tells when a child comes or goes, or the znode goes. Errors: kNoNode,
  // which leaves no watch.
  template <CompletionTokenFor<Watched<Listing>> Token = detail::DefaultToken>
  [[nodiscard]] auto watch_children(std::string path, Token&& token = Token()) {
    return operation<Watched<Listing>>(
        std::forward<Token>(token), [path = std::move(path)](Client& self, auto handler) mutable {
          self.start_watch_children(std::move(path), std::move(handler));
        });
  }
  // Result<Stream<WatchedEvent>>: a persistent watch, on the znode and its children or,
  // recursively, on everything below (then without kNodeChildrenChanged). It outlives reconnections
  // and sessions. An event of type kNone, with the watched path, means that it was set anew and
  // events may have been missed: read again what matters. Errors: kUnimplemented (servers
  // before 3.6).
  template <CompletionTokenFor<Stream<WatchedEvent>> Token = detail::DefaultToken>
  [[nodiscard]] auto watch_tree(std::string path, bool recursive = true, Token&& token = Token()) {
    return operation<Stream<WatchedEvent>>(
        std::forward<Token>(token),
        [path = std::move(path), recursive](Client& self, auto handler) mutable {
          self.start_watch_tree(std::move(path), recursive, std::move(handler));
        });
  }

  // --- the connection

  // Result<void>: as soon as there is a session with a server. Errors: kTimedOut.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto wait_connected(std::chrono::milliseconds at_most = kForever,
                                    Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token),
                           [at_most](Client& self, auto handler) mutable {
                             self.start_wait_connected(at_most, std::move(handler));
                           });
  }
  // Every change from now on.
  [[nodiscard]] Stream<ConnectionState> connection_states();
  // Calls `changed` on the client's executor. It must not block.
  [[nodiscard]] Subscription on_connection_state(std::function<void(ConnectionState)> changed);
  [[nodiscard]] SessionState state() const noexcept;
  [[nodiscard]] bool is_connected() const noexcept {
    return state() == SessionState::kConnected || state() == SessionState::kConnectedReadOnly;
  }
  // 0 before the first session. It changes when an expired session is replaced.
  [[nodiscard]] std::int64_t session_id() const noexcept;
  // As the server granted it.
  [[nodiscard]] std::chrono::milliseconds negotiated_timeout() const noexcept;
  // Stopped as soon as the connection is suspended or the session lost; already stopped while there
  // is none. Whoever relies on the session takes it before he verifies what he holds.
  [[nodiscard]] std::stop_token suspect_token() const;
  // Stopped when the client begins to close: recipes end.
  [[nodiscard]] std::stop_token closing_token() const;

  // Adds a credential, now and after every reconnection. Result<void>: it was sent; a server that
  // refuses it ends the session with kAuthFailed.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto add_auth(AuthInfo auth, Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token),
                           [auth = std::move(auth)](Client& self, auto handler) mutable {
                             self.start_add_auth(std::move(auth), std::move(handler));
                           });
  }

  // The same connection under another namespace ("" for none), in place of this one's.
  [[nodiscard]] Client with_namespace(std::string_view name_space) const;
  [[nodiscard]] const std::string& name_space() const noexcept { return name_space_; }
  [[nodiscard]] const ClientOptions& options() const noexcept;
  // Where answers come; one function at a time. For co_spawn of what works with this client.
  [[nodiscard]] const boost::asio::any_io_executor& get_executor() const noexcept;

  // Ends the session, so that its ephemeral znodes go at once, behind everything begun before.
  // Result<void>: the server has confirmed it; kConnectionLoss: it could not be told, the session
  // will expire. Everything begun later fails with kClosed. The handles stay valid.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return operation<void>(std::forward<Token>(token), [](Client& self, auto handler) mutable {
      self.start_close(std::move(handler));
    });
  }

 private:
  struct Owner;

  Client(std::shared_ptr<Owner> owner, std::string name_space);

  template <typename T, typename Token, typename Start>
  auto operation(Token&& token, Start start) {
    return detail::initiate<T>(
        get_executor(), std::forward<Token>(token),
        [self = *this, start = std::move(start)](detail::Handler<T> handler) mutable {
          start(self, std::move(handler));
        });
  }

  void start_create(std::string path, std::optional<BytesView> data, const CreateOptions& options,
                    detail::Handler<Created> handler);
  void start_get(std::string path, GetOptions options, detail::Handler<Node> handler);
  void start_set(std::string path, BytesView data, const SetOptions& options,
                 detail::Handler<Stat> handler);
  void start_remove(std::string path, RemoveOptions options, detail::Handler<void> handler);
  void start_exists(std::string path, detail::Handler<std::optional<Stat>> handler);
  void start_children(std::string path, detail::Handler<Listing> handler);
  void start_ensure_path(const std::string& path, detail::Handler<void> handler);
  void start_acls(std::string path, detail::Handler<AclListing> handler);
  void start_set_acls(std::string path, const AclList& acls, std::int32_t acl_version,
                      detail::Handler<Stat> handler);
  void start_sync(std::string path, detail::Handler<void> handler);
  void start_commit(const Transaction& transaction,
                    detail::Handler<std::vector<OperationResult>> handler);
  void start_who_am_i(detail::Handler<std::vector<Id>> handler);
  void start_ephemerals(std::string prefix, detail::Handler<std::vector<std::string>> handler);
  void start_all_children_number(std::string path, detail::Handler<std::int32_t> handler);
  void start_config(detail::Handler<Node> handler);
  void start_watch_config(detail::Handler<Watched<Node>> handler);
  void start_reconfig(const Reconfiguration& change, detail::Handler<Node> handler);
  void start_watch_data(std::string path, detail::Handler<Watched<Node>> handler);
  void start_watch_exists(std::string path, detail::Handler<Watched<std::optional<Stat>>> handler);
  void start_watch_children(std::string path, detail::Handler<Watched<Listing>> handler);
  void start_watch_tree(std::string path, bool recursive,
                        detail::Handler<Stream<WatchedEvent>> handler);
  void start_wait_connected(std::chrono::milliseconds at_most, detail::Handler<void> handler);
  void start_add_auth(AuthInfo auth, detail::Handler<void> handler);
  void start_close(detail::Handler<void> handler);

  std::shared_ptr<Owner> owner_;  // the last one closes the session
  std::string name_space_;        // empty, or "/" and the namespace
};

}  // namespace drover
