#include "sim/sim_client.h"

#include <fmt/format.h>

#include "sim/client_requests.h"

namespace drover::sim {

using wire::OpCode;

SimClient::SimClient(int index, HostId host, int servers, const Scenario& scenario,
                     Schedule& schedule, Network& network, base::Prng& prng, ClientChecks checks)
    : index_(index),
      host_(host),
      servers_(servers),
      scenario_(scenario),
      schedule_(schedule),
      network_(network),
      prng_(prng),
      checks_(checks) {}

void SimClient::start() {
  begin_session();
  ask();
}

void SimClient::begin_session() {
  ++session_number_;
  session_ = std::make_unique<client::SessionMachine>(
      client::SessionMachine::Options{.host_count = static_cast<std::size_t>(servers_),
                                      .timeout_ms = scenario_.session_timeout_ms,
                                      .seed = prng_.next()});
  asked_.clear();
  adding_.clear();
  ephemeral_.clear();
  client::SessionEffects effects;
  session_->start(schedule_.now(), effects);
  carry_out(effects);
}

bool SimClient::is_at_rest() const {
  return session_->is_connected() && asked_.empty();
}

std::string SimClient::status() const {
  return fmt::format("{}connected, {} unanswered", session_->is_connected() ? "" : "not ",
                     asked_.size());
}

std::string SimClient::any_path() {
  return fmt::format("/n{}", prng_.below(static_cast<std::uint64_t>(scenario_.paths)));
}

// ---- asking

void SimClient::ask() {
  const auto think_us = static_cast<std::int64_t>(
      prng_.below(static_cast<std::uint64_t>(scenario_.think_ms_max * 1000 + 1)));
  schedule_.after_us(think_us, [this] {
    if (!asking_) return;
    if (session_->is_connected() && prng_.chance(1, 100)) {
      move();
    } else if (session_->is_connected() && prng_.chance(1, 200)) {
      close();
    } else if (session_->is_connected() &&
               asked_.size() < static_cast<std::size_t>(scenario_.pipeline_max)) {
      ask_something();
    }
    ask();
  });
}

void SimClient::ask_something() {
  const std::string path = any_path();
  switch (prng_.below(15)) {
    case 0:
      return submit({.op = OpCode::kCreate, .path = path}, create_body(path, "", 0));
    case 1:
      return ask_ephemeral();
    case 2:
      return submit({.op = OpCode::kSync, .path = path, .floor = checks_.clients.floor()},
                    path_body(path));
    case 3:
    case 4:
    case 5:
      return submit({.op = OpCode::kGetData, .path = path}, get_data_body(path, false));
    case 6:
    case 7: {
      // One watch of a path at a time is enough.
      const bool waits = checks_.clients.waits_for_event(index_, path);
      return submit({.op = OpCode::kGetData, .path = path, .watch = !waits},
                    get_data_body(path, true), client::WatchKind::kData);
    }
    case 8:
      return ask_persistent_watch(path);
    case 9:
    case 10:
      return ask_multi(path);
    default:
      return ask_write(path);
  }
}

void SimClient::ask_ephemeral() {
  if (!ephemeral_.empty()) return;
  const std::string own = fmt::format("/e{}-{}", index_, next_value_++);
  submit({.op = OpCode::kCreate, .path = own, .data = "e"}, create_body(own, "e", 1));
}

void SimClient::ask_write(const std::string& path) {
  const std::string data = next_data();
  submit({.op = OpCode::kSetData, .path = path, .data = data, .floor = checks_.clients.floor()},
         set_data_body(path, data));
}

// Rarely: each of them hears of much.
void SimClient::ask_persistent_watch(const std::string& path) {
  if (!prng_.chance(1, 4)) return;
  const bool recursive = prng_.chance(1, 2);
  const std::string watched = prng_.chance(1, 2) ? "/" : path;
  if (checks_.watches.has(index_, watched) || !adding_.insert(watched).second) return;
  submit({.op = OpCode::kAddWatch, .path = watched, .recursive = recursive},
         add_watch_body(watched, recursive),
         recursive ? client::WatchKind::kPersistentRecursive : client::WatchKind::kPersistent);
}

// Writes two znodes, and does something else besides: makes or deletes a child, or asks for a
// version that cannot be.
void SimClient::ask_multi(const std::string& path) {
  const std::string data = next_data();
  const std::string other = any_path();
  std::vector<MultiOp> ops = {{OpCode::kSetData, set_data_body(path, data)},
                              {OpCode::kSetData, set_data_body(other, data)}};
  constexpr int kNoSuchVersion = 1'000'000;
  switch (prng_.below(4)) {
    case 0:
      ops.push_back({OpCode::kCheck, path_version_body(other, kNoSuchVersion)});
      break;
    case 1:
      children_.push_back(fmt::format("{}/{}", path, data));
      ops.push_back({OpCode::kCreate, create_body(children_.back(), "", 0)});
      break;
    case 2:
      if (children_.empty()) break;
      ops.insert(ops.begin(), {OpCode::kDelete, path_version_body(children_.front(), -1)});
      children_.pop_front();
      break;
    default:
      break;
  }
  checks_.clients.on_multi_sent(data, {path, other});
  submit({.op = OpCode::kMulti,
          .path = path,
          .data = data,
          .floor = checks_.clients.floor(),
          .other = other},
         multi_body(ops));
}

std::string SimClient::next_data() {
  return fmt::format("c{}.{}-{}", index_, session_number_, next_value_++);
}

void SimClient::move() {
  if (!stream_) return;
  network_.close(*stream_, host_);
  stream_.reset();
  client::SessionEffects effects;
  session_->on_disconnected(schedule_.now(), effects);
  carry_out(effects);
}

void SimClient::close() {
  closing_ = true;
  client::SessionEffects effects;
  asked_[session_->close(schedule_.now(), effects)] = {.op = OpCode::kCloseSession};
  carry_out(effects);
}

void SimClient::write(const std::string& path) {
  ask_write(path);
}

void SimClient::submit(Asked asked, std::string body, std::optional<client::WatchKind> watch) {
  client::SessionEffects effects;
  client::Request request{.op = asked.op, .body = std::move(body)};
  if (watch) request.watch = {*watch, asked.path};
  const auto id = session_->submit(std::move(request), schedule_.now(), effects);
  asked_[id] = std::move(asked);
  carry_out(effects);
}

// ---- hearing

void SimClient::carry_out(client::SessionEffects& effects) {
  if (effects.disconnect && stream_) {
    network_.close(*stream_, host_);
    stream_.reset();
  }
  if (effects.connect_to) {
    stream_ = network_.dial(host_, static_cast<HostId>(*effects.connect_to), 0, 2000);
  }
  if (!effects.send.empty() && stream_) {
    network_.send(*stream_, host_, std::string(effects.send.view()));
  }
  for (const client::Delivery& delivery : effects.deliveries) {
    std::visit([this](const auto& what) { deliver(what); }, delivery);
  }
  const auto state = session_->state();
  if (state == client::SessionState::kClosed || state == client::SessionState::kAuthFailed) {
    if (!closing_) ++sessions_lost_;
    closing_ = false;
    checks_.clients.on_session_over(index_);
    checks_.watches.on_session_over(index_);
    schedule_.after_us(1000, [this, number = session_number_] {
      if (number == session_number_) begin_session();
    });
    return;
  }
  arm();
}

void SimClient::deliver(const client::Completion& completion) {
  const auto found = asked_.find(completion.id);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  if (asked.op == OpCode::kAddWatch) {
    adding_.erase(asked.path);
    if (completion.error == ErrorCode::kOk) {
      checks_.watches.on_added(index_, asked.path, asked.recursive, completion.zxid);
    }
  }
  checks_.watches.on_reply(index_, completion.zxid);
  if (completion.error != ErrorCode::kOk) return;
  ++completed_;
  ClientChecker& checker = checks_.clients;
  wire::JuteReader in(completion.body);
  switch (asked.op) {
    case OpCode::kSetData: {
      const Stat stat = wire::decode_stat(in);
      checker.on_written(index_, asked.path, asked.data, wire::Zxid(stat.mzxid), asked.floor);
      break;
    }
    case OpCode::kMulti:
      deliver_multi(asked, completion.body);
      break;
    case OpCode::kGetData: {
      const std::string data(in.read_string());
      const Stat stat = wire::decode_stat(in);
      checker.on_read(index_, asked.path, data, wire::Zxid(stat.mzxid));
      if (asked.watch) checker.on_watch_left(index_, asked.path, wire::Zxid(stat.mzxid));
      break;
    }
    case OpCode::kSync:
      checker.on_synced(index_, asked.floor, session_->last_zxid());
      break;
    case OpCode::kCloseSession:
      checker.on_session_closed(session_->session_id());
      break;
    case OpCode::kCreate:
      if (asked.data == "e") ephemeral_ = asked.path;
      break;
    default:
      break;
  }
}

void SimClient::deliver_multi(const Asked& asked, const std::string& body) {
  ClientChecker& checker = checks_.clients;
  const auto written = decode_multi_answer(body);
  if (!written) return checker.on_multi_refused(asked.data);
  if (written->size() != 2) return;  // cannot be: then the writes are missed at the end
  checker.on_written(index_, asked.path, asked.data, written->front(), asked.floor);
  checker.on_written(index_, asked.other, asked.data, written->back(), asked.floor);
}

void SimClient::deliver(const WatchedEvent& event) {
  if (event.type == EventType::kNone) {
    if (event.state == KeeperState::kDisconnected) checks_.watches.on_disconnected(index_);
    return;
  }
  checks_.watches.on_event(index_, event);
  // Children are watched by persistent watches alone.
  if (event.type != EventType::kNodeChildrenChanged) {
    checks_.clients.on_watch_event(index_, event.path);
  }
}

void SimClient::arm() {
  const auto next = session_->next_deadline();
  if (!next) return;
  const base::Instant when = std::max(*next, schedule_.now() + std::chrono::microseconds(1));
  if (armed_ && *armed_ <= when && *armed_ > schedule_.now()) return;
  armed_ = when;
  schedule_.at(when, [this, when, number = session_number_] {
    if (armed_ != when) return;
    armed_.reset();
    if (number != session_number_) return arm();
    client::SessionEffects effects;
    session_->on_time(schedule_.now(), effects);
    carry_out(effects);
  });
}

void SimClient::on_connected(StreamId stream) {
  if (stream_ != stream) return;
  client::SessionEffects effects;
  session_->on_connected(schedule_.now(), effects);
  carry_out(effects);
}

void SimClient::on_bytes(StreamId stream, const std::string& bytes) {
  if (stream_ != stream) return;
  client::SessionEffects effects;
  session_->on_bytes(bytes, schedule_.now(), effects);
  carry_out(effects);
}

void SimClient::on_closed(StreamId stream) {
  if (stream_ != stream) return;
  stream_.reset();
  client::SessionEffects effects;
  session_->on_disconnected(schedule_.now(), effects);
  carry_out(effects);
}

}  // namespace drover::sim
