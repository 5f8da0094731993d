#pragma once
// A server without sockets: real lanes, a real replica, tree and session table, driven in one
// thread by hand. The disk is a vector, time stands still until a test moves it on, and a client is
// an object whose frames are decoded to lines of text.
//
// Each client checks by itself that replies come in request order with the right xid.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "lane/connection.h"
#include "lane/lane.h"
#include "replica/replica.h"
#include "session/session_table.h"
#include "tree/tree.h"
#include "txn/auth.h"
#include "wire/client_records.h"

namespace drover::core_test {

class Client;

struct ServerOptions {
  std::uint32_t lanes = 1;
  lane::LaneOptions lane{};
  replica::ReplicaOptions replica{};
  txn::AuthOptions auth{};
};

// For a new session.
[[nodiscard]] wire::ConnectRequest connect_request(std::int32_t timeout_ms);

class Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();

  // A connection without a handshake.
  Client& accept(std::uint32_t lane = 0, std::string address = "127.0.0.1");
  // With a new session.
  Client& connect(std::uint32_t lane = 0, std::int32_t timeout_ms = 10000);

  // Lets everything happen that can happen without time passing.
  void run();
  // Time passes in steps, so that every deadline is met when it is due.
  void advance(std::int64_t ms);
  // From hold to release nothing becomes durable, so nothing commits.
  void hold_disk() { disk_held_ = true; }
  void release_disk();

  // The log as persisted so far, to restore from.
  [[nodiscard]] const std::vector<std::string>& log() const { return disk_; }

  tree::Tree tree;
  session::SessionTable sessions;
  txn::AuthOptions auth;
  std::vector<std::unique_ptr<lane::Lane>> lanes;
  std::unique_ptr<replica::Replica> replica;

  [[nodiscard]] base::Instant now() const { return now_; }

 private:
  friend class Client;
  bool hand_in_frames();
  bool move_requests();
  bool persist();
  bool commit();
  bool flush_output();

  base::NullLog log_;
  base::Instant now_ = base::Instant::from_ms(1'000'000);
  base::WallTime wall_{1'700'000'000'000};
  replica::Effects effects_;
  std::vector<std::string> disk_;
  std::vector<wire::TxnBytes> unpersisted_;  // views, which the replica has to keep alive
  bool disk_held_ = false;
  std::vector<std::unique_ptr<Client>> clients_;
};

class Client {
 public:
  // ---- requests; each answers its xid
  std::int32_t create(std::string_view path, std::string_view data = "", std::int32_t flags = 0,
                      wire::OpCode op = wire::OpCode::kCreate,
                      std::vector<wire::AclView> acl = {{31, "world", "anyone"}});
  std::int32_t create_ttl(std::string_view path, std::int64_t ttl_ms);
  std::int32_t remove(std::string_view path, std::int32_t version = -1);
  std::int32_t set_data(std::string_view path, std::string_view data, std::int32_t version = -1);
  std::int32_t set_acl(std::string_view path, std::vector<wire::AclView> acl);
  std::int32_t get_data(std::string_view path, bool watch = false);
  std::int32_t exists(std::string_view path, bool watch = false);
  std::int32_t get_children(std::string_view path, bool watch = false,
                            wire::OpCode op = wire::OpCode::kGetChildren);
  std::int32_t with_path(wire::OpCode op, wire::NullableBytes path);
  std::int32_t with_path_and_mode(wire::OpCode op, wire::NullableBytes path, std::int32_t mode);
  std::int32_t bare(wire::OpCode op);
  std::int32_t ping();
  std::int32_t authenticate(std::string_view scheme, wire::NullableBytes data);
  std::int32_t set_watches(const wire::SetWatchesRequest& request, bool with_persistent = false);
  // Any body behind any op code.
  std::int32_t raw(wire::OpCode op, std::string_view body);

  struct MultiOp {
    wire::OpCode op;
    std::string body;
  };
  std::int32_t multi(const std::vector<MultiOp>& ops, wire::OpCode op = wire::OpCode::kMulti);

  void handshake(const wire::ConnectRequest& request);
  // Takes up the session of `former`.
  void reattach(const Client& former, std::int32_t timeout_ms = 10000);
  // The oldest frame that is on its way to the server, taken off it.
  std::string take_frame();
  // The whole payload of a frame as it stands.
  void send_frame(std::string payload);
  // The TCP connection breaks.
  void disconnect();

  // What arrived since the last call, one line each.
  std::vector<std::string> heard();
  // No checks of what arrives, for tests that send garbage.
  void expect_anything() { checks_ = false; }
  // Without reading, so that output piles up until it is called with true.
  void read_output(bool yes) { reads_ = yes; }

  [[nodiscard]] bool is_closed() const { return closed_; }
  [[nodiscard]] wire::SessionId session() const { return session_; }
  [[nodiscard]] std::string password() const;
  [[nodiscard]] lane::Connection* connection() { return connection_; }
  [[nodiscard]] std::size_t unsent_frames() const { return inbox_.size(); }
  // Bytes of the last ConnectResponse, without the length.
  [[nodiscard]] std::size_t connect_response_size() const { return connect_response_size_; }

 private:
  friend class Server;
  struct Sent {
    std::int32_t xid;
    wire::OpCode op;
  };
  Client(Server& server, std::uint32_t lane) : server_(server), lane_(lane) {}

  template <typename Record, typename... Args>
  std::int32_t request(wire::OpCode op, const Record& record, Args... args);
  void on_bytes(std::string_view bytes);
  void on_payload(std::string_view payload);
  std::string describe(wire::OpCode op, wire::JuteReader& in) const;

  Server& server_;
  std::uint32_t lane_;
  lane::Connection* connection_ = nullptr;
  std::deque<std::string> inbox_;  // frames on their way to the server
  std::string received_;           // bytes of a frame not yet complete
  std::deque<Sent> sent_;          // requests without a reply
  std::vector<std::string> heard_;
  bool awaits_session_ = false;
  bool answers_read_only_ = false;
  bool reads_ = true;
  bool checks_ = true;
  bool closed_ = false;
  std::int32_t next_xid_ = 1;
  wire::SessionId session_;
  std::size_t connect_response_size_ = 0;
};

[[nodiscard]] wire::SetWatchesRequest set_watches_request(std::int64_t relative_zxid,
                                                          wire::SetWatchesRequest::Paths data,
                                                          wire::SetWatchesRequest::Paths exist,
                                                          wire::SetWatchesRequest::Paths child);

// Bodies for Client::multi.
Client::MultiOp create_op(std::string_view path, std::string_view data = "",
                          std::int32_t flags = 0);
Client::MultiOp delete_op(std::string_view path, std::int32_t version = -1);
Client::MultiOp set_data_op(std::string_view path, std::string_view data,
                            std::int32_t version = -1);
Client::MultiOp check_op(std::string_view path, std::int32_t version);
Client::MultiOp read_op(wire::OpCode op, std::string_view path);

}  // namespace drover::core_test
