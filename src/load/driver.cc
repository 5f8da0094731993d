#include "load/driver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "wire/client_records.h"

namespace drover::load {
namespace {

constexpr std::size_t kInputSize = std::size_t{4} << 20;  // a frame must fit

std::string error_text(int number) {
  return std::strerror(number);
}

std::unexpected<Error> connection_failure(std::string message) {
  return failure(std::move(message), ErrorCode::kConnectionLoss);
}

// Every session is a descriptor; the soft limit of 1024 is soon too small.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

base::Instant steady_now() {
  return base::Instant{std::chrono::steady_clock::now().time_since_epoch()};
}

void LoadDriver::InFlightQueue::push(InFlight item) {
  if (size() == ring_.size()) {
    std::vector<InFlight> bigger(std::max<std::size_t>(16, ring_.size() * 2));
    std::size_t count = 0;
    while (size() > 0) bigger[count++] = pop();
    ring_ = std::move(bigger);
    head_ = 0;
    tail_ = count;
  }
  ring_[tail_++ & (ring_.size() - 1)] = item;
}

LoadDriver::InFlight LoadDriver::InFlightQueue::pop() {
  DROVER_ASSERT(size() > 0, "pop of an empty queue");
  return ring_[head_++ & (ring_.size() - 1)];
}

LoadDriver::LoadDriver(Options options)
    : options_(std::move(options)), sessions_(options_.sessions), input_(kInputSize) {
  raise_descriptor_limit();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  DROVER_ASSERT(epoll_ >= 0, "no epoll");
}

LoadDriver::~LoadDriver() {
  for (auto& session : sessions_) hang_up(session);
  ::close(epoll_);
}

Result<void> LoadDriver::resolve() {
  for (const auto& server : options_.servers) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code =
        getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
    if (code != 0) {
      return connection_failure(fmt::format("{}: {}", server.host, gai_strerror(code)));
    }
    sockaddr_storage address{};
    std::memcpy(&address, found->ai_addr, found->ai_addrlen);
    addresses_.push_back(address);
    freeaddrinfo(found);
  }
  return {};
}

Result<void> LoadDriver::open() {
  if (const auto resolved = resolve(); !resolved) return resolved;
  last_reply_ = steady_now();
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    sessions_[i].server = i % addresses_.size();
    if (const auto started = start_connect(i); !started) return started;
  }
  while (open_count_ < sessions_.size()) {
    if (const auto stepped = step(nullptr, 0, last_reply_ + kStallMax); !stepped) return stepped;
  }
  return {};
}

Result<void> LoadDriver::start_connect(std::size_t index) {
  Session& session = sessions_[index];
  const auto& address = addresses_[session.server];
  session.connect_started = steady_now();
  session.next_xid = 1;
  session.is_closing = false;
  session.socket = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (session.socket < 0) return connection_failure("socket: " + error_text(errno));
  const int on = 1;
  setsockopt(session.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto size = address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const int code = ::connect(session.socket, reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(size));
  if (code != 0 && errno != EINPROGRESS) return connection_failure("connect: " + error_text(errno));
  session.state = State::kConnecting;
  watch_socket(index, EPOLLOUT);
  return {};
}

void LoadDriver::watch_socket(std::size_t index, std::uint32_t events) {
  Session& session = sessions_[index];
  if (session.registered_events == events) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  epoll_ctl(epoll_, session.registered_events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, session.socket,
            &event);
  session.registered_events = events;
}

void LoadDriver::hang_up(Session& session) {
  if (session.socket < 0) return;
  ::close(session.socket);  // which also takes it out of the epoll set
  if (session.state == State::kOpen) --open_count_;
  session.socket = -1;
  session.registered_events = 0;
  session.state = State::kClosed;
  session.out.clear();
  session.partial.clear();
  session.in_flight.clear();
}

Result<void> LoadDriver::lose(std::size_t index, const std::string& why, Workload* workload) {
  Session& session = sessions_[index];
  const auto& server = options_.servers[session.server];
  const State state = session.state;
  hang_up(session);
  ++connections_lost_;
  const bool reconnects = workload != nullptr && workload->reconnects();
  if (workload == nullptr || (state != State::kOpen && !reconnects)) {
    return connection_failure(fmt::format(
        "{}:{}: {} while opening session {} of {}{}", server.host, server.port, why, index + 1,
        sessions_.size(),
        sessions_.size() > 60 ? " (does maxClientCnxns, 60 unless set, allow so many?)" : ""));
  }
  ++workload->meter.errors[ErrorCode::kConnectionLoss];
  if (reconnects && !draining_ && ++losses_in_a_row_ < 2 * sessions_.size() + 10) {
    return start_connect(index);
  }
  if (open_count_ == 0) {
    return connection_failure(
        fmt::format("{}:{}: {}; no connection is left", server.host, server.port, why));
  }
  return {};
}

void LoadDriver::send_handshake(Session& session) {
  session.state = State::kHandshaking;
  wire::JuteWriter out(session.out);
  const auto length_at = out.position();
  out.write_int(0);
  const char no_password[wire::kPasswordSize] = {};
  wire::ConnectRequest{.last_zxid_seen = wire::Zxid(),
                       .timeout_ms = options_.session_timeout_ms,
                       .session_id = wire::SessionId(),
                       .password = std::string_view(no_password, sizeof no_password),
                       .read_only = false}
      .encode(out);
  wire::store_big_endian(out.at(length_at),
                         static_cast<std::uint32_t>(out.position() - length_at - 4));
}

Result<void> LoadDriver::run(Workload& workload, std::size_t outstanding, base::Instant until) {
  draining_ = false;
  last_reply_ = steady_now();
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    if (session.state == State::kClosed && workload.reconnects()) {
      if (const auto started = start_connect(i); !started) return started;
    }
    if (session.state != State::kOpen) continue;
    fill(i, workload, outstanding);
    if (const auto flushed = flush(i, &workload); !flushed) return flushed;
  }
  while (steady_now() < until) {
    if (workload.finished() && !anything_in_flight()) break;
    if (const auto stepped = step(&workload, outstanding, until); !stepped) return stepped;
  }
  return {};
}

Result<void> LoadDriver::drain(Workload& workload) {
  draining_ = true;
  last_reply_ = steady_now();
  while (anything_in_flight()) {
    if (const auto stepped = step(&workload, 0, last_reply_ + kStallMax); !stepped) return stepped;
  }
  draining_ = false;
  return {};
}

Result<void> LoadDriver::close() {
  const auto closer = make_connect();
  draining_ = true;  // no session is opened anew
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    if (sessions_[i].state != State::kOpen) continue;
    fill(i, *closer, 1);
    if (const auto flushed = flush(i, closer.get()); !flushed) return flushed;
  }
  last_reply_ = steady_now();
  while (open_count_ > 0) {
    if (const auto stepped = step(closer.get(), 0, last_reply_ + kStallMax); !stepped)
      return stepped;
  }
  return {};
}

bool LoadDriver::anything_in_flight() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [](const Session& session) {
    return session.in_flight.size() > 0 || session.state == State::kConnecting ||
           session.state == State::kHandshaking;
  });
}

Result<void> LoadDriver::step(Workload* workload, std::size_t outstanding, base::Instant until) {
  const auto now = steady_now();
  if (now - last_reply_ > kStallMax) {
    return connection_failure(fmt::format("no answer for {} s", kStallMax.count()));
  }
  if (const auto pinged = ping_idle_sessions(now, workload); !pinged) return pinged;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  std::array<epoll_event, 256> ready;
  const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()),
                               static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000)));
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(ready[static_cast<std::size_t>(i)].data.u64);
    const auto events = ready[static_cast<std::size_t>(i)].events;
    if (const auto handled = handle(index, events, workload); !handled) return handled;
    if (sessions_[index].state == State::kOpen && workload != nullptr && !draining_) {
      fill(index, *workload, outstanding);
    }
    if (const auto flushed = flush(index, workload); !flushed) return flushed;
  }
  if (workload == nullptr) return {};
  while (!workload->woken.empty()) {
    const auto index = workload->woken.back();
    workload->woken.pop_back();
    if (sessions_[index].state != State::kOpen || draining_) continue;
    fill(index, *workload, outstanding);
    if (const auto flushed = flush(index, workload); !flushed) return flushed;
  }
  return {};
}

Result<void> LoadDriver::ping_idle_sessions(base::Instant now, Workload* workload) {
  if (now - pings_checked_ < kPingInterval / 2) return {};
  pings_checked_ = now;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    Session& session = sessions_[i];
    if (session.state != State::kOpen || session.is_closing) continue;
    if (now - session.last_sent < kPingInterval) continue;
    wire::JuteWriter out(session.out);
    out.write_int(8);
    wire::RequestHeader{.xid = wire::xid::kPing, .op = wire::OpCode::kPing}.encode(out);
    session.last_sent = now;
    if (const auto flushed = flush(i, workload); !flushed) return flushed;
  }
  return {};
}

Result<void> LoadDriver::handle(std::size_t index, std::uint32_t events, Workload* workload) {
  Session& session = sessions_[index];
  if (session.state == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(session.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose(index, error_text(error), workload);
    send_handshake(session);
    return {};
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) return receive(index, workload);
  return {};
}

Result<void> LoadDriver::receive(std::size_t index, Workload* workload) {
  Session& session = sessions_[index];
  const std::size_t kept = session.partial.size();
  if (kept == input_.size()) return connection_failure("an answer is longer than 4 MiB");
  std::memcpy(input_.data(), session.partial.data(), kept);
  const ssize_t got = ::recv(session.socket, input_.data() + kept, input_.size() - kept, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got < 0) return lose(index, error_text(errno), workload);
  if (got == 0) {
    if (!session.is_closing) return lose(index, "the server closed the connection", workload);
    hang_up(session);
    return {};
  }
  last_reply_ = steady_now();
  const std::string_view bytes(input_.data(), kept + static_cast<std::size_t>(got));
  const auto rest = take_frames(index, bytes, workload);
  if (!rest) return std::unexpected(rest.error());
  session.partial.assign(*rest);
  return {};
}

Result<std::string_view> LoadDriver::take_frames(std::size_t index, std::string_view bytes,
                                                 Workload* workload) {
  while (bytes.size() >= 4) {
    const std::int32_t length = wire::JuteReader(bytes).read_int();
    if (length < 0) return connection_failure("the server does not speak ZooKeeper's protocol");
    const auto size = static_cast<std::size_t>(length);
    if (bytes.size() - 4 < size) break;
    if (const auto taken = take_frame(index, bytes.substr(4, size), workload); !taken) {
      return std::unexpected(taken.error());
    }
    if (sessions_[index].state == State::kClosed || sessions_[index].state == State::kConnecting) {
      return std::string_view();  // closed, perhaps opened anew: what follows is of no interest
    }
    bytes.remove_prefix(4 + size);
  }
  return bytes;
}

Result<void> LoadDriver::take_frame(std::size_t index, std::string_view frame, Workload* workload) {
  Session& session = sessions_[index];
  if (session.state == State::kHandshaking) return finish_handshake(index, frame, workload);

  wire::JuteReader in(frame);
  const auto header = wire::ReplyHeader::decode(in);
  if (header.xid == wire::xid::kNotification) {
    const auto event = wire::WatcherEvent::decode(in);
    if (workload != nullptr && in.ok()) {
      workload->on_event(index, event.path.value_or(""), last_reply_);
    }
    return {};
  }
  if (header.xid == wire::xid::kPing) return {};
  if (!in.ok() || session.in_flight.size() == 0) {
    return connection_failure("the server sent an answer to no question");
  }
  const InFlight request = session.in_flight.pop();
  losses_in_a_row_ = 0;
  if (workload != nullptr) {
    workload->on_reply({.session = index,
                        .tag = request.tag,
                        .error = header.error,
                        .sent = request.sent,
                        .now = last_reply_});
  }
  if (request.tag != kCloseTag) return {};
  hang_up(session);
  if (workload != nullptr && workload->reconnects() && !draining_) return start_connect(index);
  return {};
}

Result<void> LoadDriver::finish_handshake(std::size_t index, std::string_view frame,
                                          Workload* workload) {
  Session& session = sessions_[index];
  wire::JuteReader in(frame);
  const auto response = wire::ConnectResponse::decode(in);
  if (!in.ok() || response.timeout_ms <= 0) return lose(index, "handshake refused", workload);
  session.state = State::kOpen;
  session.last_sent = last_reply_;
  ++open_count_;
  watch_socket(index, EPOLLIN);
  if (workload != nullptr) workload->on_open(index, session.connect_started, last_reply_);
  return {};
}

void LoadDriver::fill(std::size_t index, Workload& workload, std::size_t outstanding) {
  Session& session = sessions_[index];
  if (session.is_closing || session.in_flight.size() >= outstanding) return;
  const auto now = steady_now();
  while (session.in_flight.size() < outstanding) {
    const auto tag = workload.next(index, session.next_xid, session.out);
    if (!tag) return;
    session.next_xid = session.next_xid == INT32_MAX ? 1 : session.next_xid + 1;
    session.in_flight.push({.sent = now, .tag = *tag});
    session.last_sent = now;
    if (*tag == kCloseTag) {
      session.is_closing = true;
      return;
    }
  }
}

Result<void> LoadDriver::flush(std::size_t index, Workload* workload) {
  Session& session = sessions_[index];
  if (session.out.empty() || session.state == State::kClosed) return {};
  const ssize_t sent = ::send(session.socket, session.out.data(), session.out.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    return lose(index, error_text(errno), workload);
  if (sent > 0) session.out.consume(static_cast<std::size_t>(sent));
  watch_socket(index, session.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  return {};
}

}  // namespace drover::load
