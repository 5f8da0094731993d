#include "socketless.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace drover::core_test {

using wire::JuteReader;
using wire::JuteWriter;
using wire::OpCode;

// ---- server

Server::Server(ServerOptions options)
    : sessions(options.replica.tick_ms), auth(std::move(options.auth)) {
  for (std::uint32_t i = 0; i < options.lanes; ++i) {
    options.lane.index = i;
    lanes.push_back(std::make_unique<lane::Lane>(options.lane, tree, auth));
  }
  options.replica.lanes = options.lanes;
  replica =
      std::make_unique<replica::Replica>(options.replica, tree, sessions, auth, log_, now_, wall_);
}

Server::~Server() = default;

Client& Server::accept(std::uint32_t lane, std::string address) {
  clients_.push_back(std::unique_ptr<Client>(new Client(*this, lane)));
  Client& client = *clients_.back();
  client.connection_ = &lanes[lane]->open(std::move(address), 40000, now_);
  client.connection_->transport = &client;
  return client;
}

Client& Server::connect(std::uint32_t lane, std::int32_t timeout_ms) {
  Client& client = accept(lane);
  client.handshake(connect_request(timeout_ms));
  run();
  client.heard();
  return client;
}

void Server::run() {
  // Every turn does something, and what there is to do is finite: no test needs a thousand turns.
  for (int turn = 0; turn < 1000; ++turn) {
    bool moved = hand_in_frames();
    moved |= move_requests();
    moved |= persist();
    moved |= commit();
    moved |= flush_output();
    if (!moved) return;
  }
  FAIL() << "the server never comes to rest";
}

bool Server::hand_in_frames() {
  bool moved = false;
  for (const auto& client : clients_) {
    while (!client->inbox_.empty() && client->connection_ != nullptr &&
           !client->connection_->reading_paused) {
      const std::string frame = std::move(client->inbox_.front());
      client->inbox_.pop_front();
      lanes[client->lane_]->on_frame(*client->connection_, frame, now_);
      moved = true;
    }
  }
  return moved;
}

bool Server::move_requests() {
  bool moved = false;
  for (const auto& lane : lanes) {
    txn::RequestBatch batch = std::move(lane->outbox());
    lane->outbox().clear();
    if (batch.empty()) continue;
    replica->on_requests(batch, now_, wall_, effects_);
    moved = true;
  }
  return moved;
}

bool Server::persist() {
  for (const wire::TxnBytes& txn : effects_.persist) {
    disk_.emplace_back(txn.bytes);
    unpersisted_.push_back(txn);
  }
  effects_.clear();
  if (disk_held_ || unpersisted_.empty()) return false;
  // The views must have stayed good however long the disk took.
  const std::size_t first = disk_.size() - unpersisted_.size();
  for (std::size_t i = 0; i < unpersisted_.size(); ++i) {
    EXPECT_EQ(unpersisted_[i].bytes, disk_[first + i]);
  }
  const wire::Zxid last = unpersisted_.back().zxid;
  unpersisted_.clear();
  replica->on_persisted(last, effects_);
  return true;
}

bool Server::commit() {
  if (!replica->has_committed()) return false;
  std::vector<txn::Deliveries> deliveries(lanes.size());
  const bool watched =
      std::ranges::any_of(lanes, [](const auto& lane) { return lane->wants_changes(); });
  replica->apply_committed(now_, watched, deliveries);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i]->on_deliveries(deliveries[i], now_);
  return true;
}

bool Server::flush_output() {
  bool moved = false;
  for (const auto& lane : lanes) {
    std::vector<lane::Connection*> dirty;
    dirty.swap(lane->dirty());
    for (lane::Connection* connection : dirty) {
      auto& client = *static_cast<Client*>(connection->transport);
      if (client.reads_) {
        client.on_bytes(connection->output.view());
        connection->output.clear();
        if (connection->close_when_flushed) client.closed_ = true;
        lane->on_flushed(*connection);
      }
      if (connection->close_now) client.closed_ = true;
      if (client.closed_) {
        client.connection_ = nullptr;
        client.inbox_.clear();
        lane->closed(*connection);
      }
      moved = true;
    }
  }
  return moved;
}

void Server::release_disk() {
  disk_held_ = false;
  run();
}

void Server::advance(std::int64_t ms) {
  const base::Instant end = now_ + std::chrono::milliseconds(ms);
  run();
  while (now_ < end) {
    const base::Instant before = now_;
    base::Instant next = end;
    for (const auto& lane : lanes) {
      if (const auto due = lane->next_deadline()) next = std::min(next, *due);
    }
    if (const auto due = replica->next_deadline()) next = std::min(next, *due);
    // A deadline that has passed must have been dealt with: time goes on by a millisecond at least.
    now_ = std::max(next, before + std::chrono::milliseconds(1));
    wall_.ms += (now_ - before) / std::chrono::milliseconds(1);
    for (const auto& lane : lanes) lane->on_timer(now_);
    replica->on_timer(now_, wall_, effects_);
    run();
  }
}

// ---- client: requests

std::string Client::take_frame() {
  std::string frame = std::move(inbox_.front());
  inbox_.pop_front();
  return frame;
}

void Client::send_frame(std::string payload) {
  inbox_.push_back(std::move(payload));
}

std::int32_t Client::raw(OpCode op, std::string_view body) {
  base::ByteBuffer frame;
  JuteWriter out(frame);
  const std::int32_t xid = next_xid_++;
  wire::RequestHeader{xid, op}.encode(out);
  frame.append(body);
  sent_.push_back({xid, op});
  send_frame(std::string(frame.view()));
  return xid;
}

template <typename Record, typename... Args>
std::int32_t Client::request(OpCode op, const Record& record, Args... args) {
  base::ByteBuffer body;
  JuteWriter out(body);
  record.encode(out, args...);
  return raw(op, body.view());
}

std::int32_t Client::create(std::string_view path, std::string_view data, std::int32_t flags,
                            OpCode op, std::vector<wire::AclView> acl) {
  return request(op, wire::CreateRequest{path, data, std::move(acl), flags, -1}, false);
}
std::int32_t Client::create_ttl(std::string_view path, std::int64_t ttl_ms) {
  const std::vector<wire::AclView> open = {{31, "world", "anyone"}};
  return request(OpCode::kCreateTtl, wire::CreateRequest{path, "", open, 5, ttl_ms}, true);
}
std::int32_t Client::remove(std::string_view path, std::int32_t version) {
  return request(OpCode::kDelete, wire::PathVersionRequest{path, version});
}
std::int32_t Client::set_data(std::string_view path, std::string_view data, std::int32_t version) {
  return request(OpCode::kSetData, wire::SetDataRequest{path, data, version});
}
std::int32_t Client::set_acl(std::string_view path, std::vector<wire::AclView> acl) {
  return request(OpCode::kSetAcl, wire::SetAclRequest{path, std::move(acl), -1});
}
std::int32_t Client::get_data(std::string_view path, bool watch) {
  return request(OpCode::kGetData, wire::PathWatchRequest{path, watch});
}
std::int32_t Client::exists(std::string_view path, bool watch) {
  return request(OpCode::kExists, wire::PathWatchRequest{path, watch});
}
std::int32_t Client::get_children(std::string_view path, bool watch, OpCode op) {
  return request(op, wire::PathWatchRequest{path, watch});
}
std::int32_t Client::with_path(OpCode op, wire::NullableBytes path) {
  base::ByteBuffer body;
  JuteWriter(body).write_bytes(path);
  return raw(op, body.view());
}
std::int32_t Client::with_path_and_mode(OpCode op, wire::NullableBytes path, std::int32_t mode) {
  return request(op, wire::PathModeRequest{path, mode});
}
std::int32_t Client::bare(OpCode op) {
  return raw(op, "");
}

std::int32_t Client::ping() {
  base::ByteBuffer frame;
  JuteWriter out(frame);
  wire::RequestHeader{wire::xid::kPing, OpCode::kPing}.encode(out);
  sent_.push_back({wire::xid::kPing, OpCode::kPing});
  send_frame(std::string(frame.view()));
  return wire::xid::kPing;
}

std::int32_t Client::authenticate(std::string_view scheme, wire::NullableBytes data) {
  return request(OpCode::kAuth, wire::AuthRequest{0, scheme, data});
}
std::int32_t Client::set_watches(const wire::SetWatchesRequest& record, bool with_persistent) {
  return request(with_persistent ? OpCode::kSetWatches2 : OpCode::kSetWatches, record,
                 with_persistent);
}

std::int32_t Client::multi(const std::vector<MultiOp>& ops, OpCode op) {
  base::ByteBuffer body;
  JuteWriter out(body);
  for (const MultiOp& sub : ops) {
    wire::MultiHeader{sub.op, false, -1}.encode(out);
    body.append(sub.body);
  }
  wire::MultiHeader{OpCode::kError, true, -1}.encode(out);
  return raw(op, body.view());
}

namespace {
template <typename Record, typename... Args>
Client::MultiOp multi_op(OpCode op, const Record& record, Args... args) {
  base::ByteBuffer body;
  JuteWriter out(body);
  record.encode(out, args...);
  return {op, std::string(body.view())};
}
}  // namespace

Client::MultiOp create_op(std::string_view path, std::string_view data, std::int32_t flags) {
  const std::vector<wire::AclView> open = {{31, "world", "anyone"}};
  return multi_op(OpCode::kCreate, wire::CreateRequest{path, data, open, flags, -1}, false);
}
Client::MultiOp delete_op(std::string_view path, std::int32_t version) {
  return multi_op(OpCode::kDelete, wire::PathVersionRequest{path, version});
}
Client::MultiOp set_data_op(std::string_view path, std::string_view data, std::int32_t version) {
  return multi_op(OpCode::kSetData, wire::SetDataRequest{path, data, version});
}
Client::MultiOp check_op(std::string_view path, std::int32_t version) {
  return multi_op(OpCode::kCheck, wire::PathVersionRequest{path, version});
}
Client::MultiOp read_op(OpCode op, std::string_view path) {
  return multi_op(op, wire::PathWatchRequest{path, true});
}

void Client::handshake(const wire::ConnectRequest& record) {
  base::ByteBuffer body;
  JuteWriter out(body);
  record.encode(out);
  awaits_session_ = true;
  answers_read_only_ = record.read_only.has_value();
  send_frame(std::string(body.view()));
}

wire::ConnectRequest connect_request(std::int32_t timeout_ms) {
  wire::ConnectRequest request;
  request.timeout_ms = timeout_ms;
  request.password = std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  request.read_only = false;
  return request;
}

void Client::reattach(const Client& former, std::int32_t timeout_ms) {
  wire::ConnectRequest request = connect_request(timeout_ms);
  const std::string secret = former.password();
  request.session_id = former.session();
  request.password = secret;
  handshake(request);
}

wire::SetWatchesRequest set_watches_request(std::int64_t relative_zxid,
                                            wire::SetWatchesRequest::Paths data,
                                            wire::SetWatchesRequest::Paths exist,
                                            wire::SetWatchesRequest::Paths child) {
  wire::SetWatchesRequest request;
  request.relative_zxid = wire::Zxid(relative_zxid);
  request.data = std::move(data);
  request.exist = std::move(exist);
  request.child = std::move(child);
  return request;
}

void Client::disconnect() {
  if (connection_ == nullptr) return;
  inbox_.clear();
  closed_ = true;
  server_.lanes[lane_]->closed(*connection_);
  connection_ = nullptr;
}

std::string Client::password() const {
  const auto bytes = session::password_of(session_);
  return {bytes.data(), bytes.size()};
}

// ---- client: what it hears

std::vector<std::string> Client::heard() {
  std::vector<std::string> lines;
  lines.swap(heard_);
  if (closed_) lines.push_back("closed");
  return lines;
}

void Client::on_bytes(std::string_view bytes) {
  received_.append(bytes);
  while (received_.size() >= 4) {
    JuteReader in(received_);
    const auto length = static_cast<std::size_t>(in.read_int());
    if (received_.size() < 4 + length) return;
    on_payload(std::string_view(received_).substr(4, length));
    received_.erase(0, 4 + length);
  }
}

void Client::on_payload(std::string_view payload) {
  if (!checks_) return;
  JuteReader in(payload);
  if (awaits_session_) {
    awaits_session_ = false;
    connect_response_size_ = payload.size();
    const auto response = wire::ConnectResponse::decode(in);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(response.read_only.has_value(), answers_read_only_);
    session_ = response.session_id;
    if (session_.value == 0) {
      EXPECT_EQ(response.password, std::string(16, '\0'));
    } else {
      EXPECT_EQ(response.password, password());
    }
    heard_.push_back(session_.value == 0 && response.timeout_ms == 0
                         ? "no session"
                         : fmt::format("session timeout={}", response.timeout_ms));
    return;
  }
  const auto header = wire::ReplyHeader::decode(in);
  if (header.xid == wire::xid::kNotification) {
    constexpr std::string_view kNames[] = {"None", "Created", "Deleted", "DataChanged",
                                           "ChildrenChanged"};
    const auto event = wire::WatcherEvent::decode(in);
    EXPECT_EQ(event.state, KeeperState::kSyncConnected);
    heard_.push_back(fmt::format("event @{} {} {}", header.zxid.value,
                                 kNames[static_cast<std::size_t>(event.type)],
                                 event.path.value_or("null")));
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0u);
    return;
  }
  ASSERT_FALSE(sent_.empty()) << "an answer to nothing, xid " << header.xid;
  const Sent sent = sent_.front();
  sent_.pop_front();
  EXPECT_EQ(header.xid, sent.xid) << "out of order";
  std::string line = fmt::format("{} @{} {}", sent.xid, header.zxid.value, wire::op_name(sent.op));
  if (header.error == ErrorCode::kOk) {
    line += describe(sent.op, in);
    EXPECT_TRUE(in.ok()) << line;
  } else {
    line += fmt::format(" {}", error_name(header.error));
  }
  EXPECT_EQ(in.remaining(), 0u) << line;
  heard_.push_back(std::move(line));
}

namespace {

std::string text_of(wire::NullableBytes bytes) {
  return std::string(bytes.value_or("null"));
}

std::string strings_of(JuteReader& in) {
  std::vector<std::string> names;
  const auto count = in.read_count();
  for (std::int32_t i = 0; count && i < *count && in.ok(); ++i) {
    names.push_back(text_of(in.read_bytes()));
  }
  std::ranges::sort(names);
  return fmt::format("[{}]", fmt::join(names, " "));
}

std::string version_of(JuteReader& in) {
  return fmt::format(" v{}", wire::decode_stat(in).version);
}

std::string acl_of(JuteReader& in) {
  std::string text;
  const auto acl = wire::decode_acl(in);
  for (const auto& entry : *acl) {
    text += fmt::format(" {}:{}:{}", text_of(entry.scheme), text_of(entry.id), entry.perms);
  }
  wire::decode_stat(in);
  return text;
}

}  // namespace

std::string Client::describe(OpCode op, JuteReader& in) const {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kSync:
      return " " + text_of(in.read_bytes());
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl: {
      const std::string path = " " + text_of(in.read_bytes());
      return path + version_of(in);
    }
    case OpCode::kGetData: {
      const std::string data = " " + text_of(in.read_bytes());
      return data + version_of(in);
    }
    case OpCode::kExists:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
      return version_of(in);
    case OpCode::kGetChildren:
    case OpCode::kGetEphemerals:
      return " " + strings_of(in);
    case OpCode::kGetChildren2: {
      const std::string names = " " + strings_of(in);
      return names + version_of(in);
    }
    case OpCode::kGetAcl:
      return acl_of(in);
    case OpCode::kGetAllChildrenNumber:
    case OpCode::kAddWatch:
      return fmt::format(" {}", in.read_int());
    case OpCode::kSasl:
      return " " + text_of(in.read_bytes());
    case OpCode::kWhoAmI: {
      std::string text;
      const auto count = in.read_count();
      for (std::int32_t i = 0; count && i < *count; ++i) {
        const std::string scheme = text_of(in.read_bytes());
        text += fmt::format(" {}:{}", scheme, text_of(in.read_bytes()));
      }
      return text;
    }
    case OpCode::kMulti:
    case OpCode::kMultiRead: {
      std::string text;
      while (true) {
        const auto sub = wire::MultiHeader::decode(in);
        if (!in.ok() || sub.done) return text;
        if (sub.op == OpCode::kError) {
          text += fmt::format(" {}", error_name(static_cast<ErrorCode>(in.read_int())));
        } else {
          text += fmt::format(" ({}{})", wire::op_name(sub.op), describe(sub.op, in));
        }
      }
    }
    default:
      return "";
  }
}

}  // namespace drover::core_test
