#include "sim/sim_client.h"

#include <fmt/format.h>

#include "wire/client_records.h"

namespace drover::sim {

using wire::OpCode;

namespace {

template <typename Record, typename... Args>
std::string encoded(const Record& record, Args... args) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  record.encode(out, args...);
  return std::string(bytes.view());
}

std::string path_body(std::string_view path) {
  base::ByteBuffer bytes;
  wire::JuteWriter(bytes).write_string(path);
  return std::string(bytes.view());
}

std::string create_body(std::string_view path, std::string_view data, std::int32_t flags) {
  const std::vector<wire::AclView> open = {{31, "world", "anyone"}};
  return encoded(wire::CreateRequest{path, data, open, flags, -1}, false);
}

}  // namespace

SimClient::SimClient(int index, HostId host, int servers, const Scenario& scenario,
                     Schedule& schedule, Network& network, base::Prng& prng, ClientChecker& checker)
    : index_(index),
      host_(host),
      servers_(servers),
      scenario_(scenario),
      schedule_(schedule),
      network_(network),
      prng_(prng),
      checker_(checker) {}

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
      const std::string path = any_path();
      switch (prng_.below(12)) {
        case 0:
          submit(OpCode::kCreate, {.op = OpCode::kCreate, .path = path}, create_body(path, "", 0),
                 false);
          break;
        case 1:
          if (ephemeral_.empty()) {
            const std::string own = fmt::format("/e{}-{}", index_, next_value_++);
            submit(OpCode::kCreate, {.op = OpCode::kCreate, .path = own, .data = "e"},
                   create_body(own, "e", 1), false);
          }
          break;
        case 2:
          submit(OpCode::kSync, {.op = OpCode::kSync, .path = path, .floor = checker_.floor()},
                 path_body(path), false);
          break;
        case 3:
        case 4:
        case 5:
          submit(OpCode::kGetData, {.op = OpCode::kGetData, .path = path},
                 encoded(wire::PathWatchRequest{path, false}), false);
          break;
        case 6:
        case 7:
          // One watch of a path at a time is enough.
          submit(OpCode::kGetData,
                 {.op = OpCode::kGetData,
                  .path = path,
                  .watch = !checker_.waits_for_event(index_, path)},
                 encoded(wire::PathWatchRequest{path, true}), true);
          break;
        default:
          ask_write(path);
      }
    }
    ask();
  });
}

void SimClient::ask_write(const std::string& path) {
  const std::string data = fmt::format("c{}.{}-{}", index_, session_number_, next_value_++);
  submit(OpCode::kSetData,
         {.op = OpCode::kSetData, .path = path, .data = data, .floor = checker_.floor()},
         encoded(wire::SetDataRequest{path, data, -1}), false);
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

void SimClient::submit(OpCode op, Asked asked, std::string body, bool watch) {
  client::SessionEffects effects;
  client::Request request{.op = op, .body = std::move(body)};
  if (watch) request.watch = {client::WatchKind::kData, asked.path};
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
    checker_.on_session_over(index_);
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
  if (completion.error != ErrorCode::kOk) return;
  ++completed_;
  wire::JuteReader in(completion.body);
  switch (asked.op) {
    case OpCode::kSetData: {
      const Stat stat = wire::decode_stat(in);
      checker_.on_written(index_, asked.path, asked.data, wire::Zxid(stat.mzxid), asked.floor);
      break;
    }
    case OpCode::kGetData: {
      const std::string data(in.read_string());
      const Stat stat = wire::decode_stat(in);
      checker_.on_read(index_, asked.path, data, wire::Zxid(stat.mzxid));
      if (asked.watch) checker_.on_watch_left(index_, asked.path, wire::Zxid(stat.mzxid));
      break;
    }
    case OpCode::kSync:
      checker_.on_synced(index_, asked.floor, session_->last_zxid());
      break;
    case OpCode::kCloseSession:
      checker_.on_session_closed(session_->session_id());
      break;
    case OpCode::kCreate:
      if (asked.data == "e") ephemeral_ = asked.path;
      break;
    default:
      break;
  }
}

void SimClient::deliver(const WatchedEvent& event) {
  if (event.type != EventType::kNone) checker_.on_watch_event(index_, event.path);
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
