#include "server/reactor.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "server/clock.h"

namespace drover::server {

namespace asio = boost::asio;
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;
// An output buffer larger than this is given back once it is sent.
constexpr std::size_t kOutputBytesKept = 4096;

}  // namespace

Reactor::Reactor(ReactorOptions options, SharedTree& shared, const txn::AuthOptions& auth,
                 ConnectionLimits& limits, base::Log& log, Forward forward, Drained drained,
                 AskStatus ask_status)
    : options_(std::move(options)),
      shared_(shared),
      limits_(limits),
      log_(log),
      forward_(std::move(forward)),
      drained_(std::move(drained)),
      ask_status_(std::move(ask_status)),
      work_(asio::make_work_guard(context_)),
      lane_(options_.lane, shared.ungated(), auth),
      deadline_(context_,
                [this] {
                  lane_.on_timer(now());
                  after_lane();
                }),
      readiness_(
          context_,
          [this](const net::Ready& ready) {
            forwards_later_ = true;
            on_ready(ready);
          },
          [this] { forward_outbox(); }),
      scratch_(kScratchBytes) {}

Reactor::~Reactor() = default;

void Reactor::run() {
  context_.run();
}

void Reactor::stop() {
  context_.stop();
}

void Reactor::adopt(asio::ip::tcp::socket socket, std::string remote_address,
                    std::uint16_t remote_port) {
  asio::post(context_,
             [this, socket = std::move(socket), address = std::move(remote_address),
              remote_port]() mutable { open(std::move(socket), std::move(address), remote_port); });
}

void Reactor::open(asio::ip::tcp::socket socket, std::string remote_address,
                   std::uint16_t remote_port) {
  auto client = std::make_shared<Client>(std::move(socket), options_.tcp_keep_alive,
                                         options_.lane.frame_size_max);
  client->lane = &lane_.open(std::move(remote_address), remote_port, now());
  client->lane->transport = client.get();
  client->lane->counters.established_ms = wall_now().ms;
  clients_.emplace(client->lane->id, client);
  ++probe_.connections_accepted;
  if (!readiness_.add(client->net.descriptor(), client->lane->id)) {
    log_.warn("cannot wait for /{}:{}: {}", client->lane->remote_address, client->lane->remote_port,
              std::generic_category().message(errno));
    close(client, false);
  }
  after_lane();
}

void Reactor::on_ready(const net::Ready& ready) {
  const auto found = clients_.find(ready.key);
  if (found == clients_.end()) return;  // closed meanwhile
  const ClientPtr client = found->second;
  client->ended = client->ended || ready.ended;
  if (ready.readable) {
    client->unread = true;
    if (!client->paused && !reading_stopped_) read(client);
  }
  if (ready.writable && client->waits_to_write && client->alive()) {
    client->waits_to_write = false;
    flush(client);
    after_lane();
  }
}

void Reactor::read(const ClientPtr& client) {
  const std::span<char> room = client->frames.room(scratch_);
  const auto result = client->net.read(room);
  switch (result.io) {
    case net::Connection::Io::kWouldBlock:
      client->unread = false;
      return;
    case net::Connection::Io::kClosed:
      if (client->lane->session.value != 0) ++probe_.connections_dropped;
      close(client, false);
      after_lane();
      return;
    case net::Connection::Io::kDone:
      // Of a stream less than asked for is all there is; the next byte makes an edge (epoll(7)).
      client->unread = client->ended || result.bytes == room.size();
      probe_.bytes_received += static_cast<std::int64_t>(result.bytes);
      client->frames.arrived(result.bytes);
      handle_input(client);
      after_lane();
      return;
  }
}

// After the others have had their turn.
void Reactor::read_rest_soon(const ClientPtr& client) {
  if (!client->unread || client->paused) return;
  asio::post(context_, [this, client] {
    if (client->alive() && client->unread && !client->paused && !reading_stopped_) read(client);
  });
}

void Reactor::handle_input(const ClientPtr& client) {
  if (!client->first_word_seen && !take_word(client)) {
    client->frames.settle();
    read_rest_soon(client);
    return;
  }
  bool understood = true;
  bool drained = false;
  {
    const ReadHold hold(shared_.gate, index());
    const base::Instant time = now();
    drained = drain_inbox(time);
    understood = cut_frames(*client, time);
    shared_.watched[index()] = lane_.wants_changes() ? 1 : 0;
  }
  if (drained) drained_();
  client->frames.settle();
  if (!understood) {
    // What came before the bad length has been answered; nothing after it can be.
    flush(client);
    if (client->alive()) close(client, true);
    return;
  }
  read_rest_soon(client);
}

// True: the input is frames. False: fewer than four bytes so far, or a four-letter word, which is
// being answered.
bool Reactor::take_word(const ClientPtr& client) {
  constexpr std::size_t kWordBytes = 4;
  const std::string_view input = client->frames.unread();
  if (input.size() < kWordBytes) return false;
  const auto word = admin::word_of(input.substr(0, kWordBytes));
  std::uint64_t mask = 0;
  if (word == admin::Word::stmk) {
    if (input.size() < kWordBytes + admin::kTraceMaskBytes) return false;
    for (const char byte : input.substr(kWordBytes, admin::kTraceMaskBytes)) {
      mask = mask << 8 | static_cast<unsigned char>(byte);
    }
  }
  client->first_word_seen = true;
  if (!word) return true;
  ++probe_.words_received;
  ++client->lane->counters.received;
  client->answering_word = client->paused = true;
  client->frames.clear();
  if (!options_.four_letter_words.allows(*word)) {
    answer_word(client, admin::not_whitelisted(*word));
  } else {
    log_.debug("Processing {} command from /{}:{}", admin::name_of(*word),
               client->lane->remote_address, client->lane->remote_port);
    ask_status_(*this, client, *word, mask);
  }
  return false;
}

void Reactor::answer_word(const std::weak_ptr<Client>& weak, std::string_view text) {
  const ClientPtr client = weak.lock();
  if (!client || !client->alive()) return;
  client->lane->output.append(text);
  client->lane->close_when_flushed = true;
  flush(client);
  after_lane();
}

bool Reactor::cut_frames(Client& client, base::Instant time) {
  const lane::Connection& state = *client.lane;
  std::string_view payload;
  while (!state.reading_paused && !state.close_now && !state.close_when_flushed) {
    switch (client.frames.next(payload)) {
      case net::FrameReader::Cut::kIncomplete:
        return true;
      case net::FrameReader::Cut::kBadLength:
        return false;
      case net::FrameReader::Cut::kFrame:
        lane_.on_frame(*client.lane, payload, time);
        break;
    }
  }
  client.paused = true;
  return true;
}

void Reactor::wake() {
  if (wake_posted_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(context_, [this] {
    wake_posted_.store(false, std::memory_order_release);
    take_inbox();
    after_lane();
  });
}

void Reactor::take_inbox() {
  bool drained = false;
  {
    const ReadHold hold(shared_.gate, index());
    drained = drain_inbox(now());
    shared_.watched[index()] = lane_.wants_changes() ? 1 : 0;
  }
  if (drained) drained_();
}

bool Reactor::drain_inbox(base::Instant time) {
  txn::Deliveries& inbox = shared_.inboxes[index()];
  if (inbox.empty()) return false;
  lane_.on_deliveries(inbox, time);
  inbox.clear();
  return true;
}

void Reactor::after_lane() {
  while (!lane_.dirty().empty()) {
    dirty_.clear();
    dirty_.swap(lane_.dirty());
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (dirty_[i] == nullptr) continue;
      const auto found = clients_.find(dirty_[i]->id);
      if (found != clients_.end()) flush(ClientPtr(found->second));
    }
    dirty_.clear();
    auto resumed = std::exchange(resumed_, {});
    for (const ClientPtr& client : resumed) {
      if (client->alive() && !client->paused && !reading_stopped_) handle_input(client);
    }
  }
  forward_soon();
  if (const auto next = lane_.next_deadline()) deadline_.at(time_point_of(*next));
}

// What was not read in a wake-up of connections, which forwards at its end, waits for whatever else
// is already due, so that it all leaves as one batch.
void Reactor::forward_soon() {
  if (forwards_later_ || lane_.outbox().empty()) return;
  forwards_later_ = true;
  asio::post(context_, [this] { forward_outbox(); });
}

void Reactor::forward_outbox() {
  forwards_later_ = false;
  txn::RequestBatch& outbox = lane_.outbox();
  if (!outbox.empty()) forward_(index(), outbox);
}

void Reactor::flush(const ClientPtr& client) {
  lane::Connection& state = *client->lane;
  if (state.close_now) {
    close(client, false);
    return;
  }
  if (!state.output.empty() && !client->waits_to_write) {
    switch (client->net.write(state.output)) {
      case net::Connection::Io::kClosed:
        close(client, false);
        return;
      case net::Connection::Io::kWouldBlock:
        client->waits_to_write = true;
        break;
      case net::Connection::Io::kDone:
        state.output.shrink(kOutputBytesKept);
        lane_.on_flushed(state);
        break;
    }
  }
  if (state.close_when_flushed && state.output.empty()) {
    close(client, true);
    return;
  }
  const bool pause = state.reading_paused || state.close_when_flushed || client->answering_word;
  if (client->paused && !pause) resumed_.push_back(client);
  client->paused = pause;
}

void Reactor::close(const ClientPtr& client, bool after_writing) {
  lane::Connection& state = *client->lane;
  // A connection later in the list that is being worked through may not outlive this one's close.
  for (lane::Connection*& other : dirty_) {
    if (other == &state) other = nullptr;
  }
  clients_.erase(state.id);
  limits_.give_back(state.remote_address);
  client->lane = nullptr;
  lane_.closed(state);
  if (after_writing) {
    client->net.close(scratch_);
  } else {
    client->net.close({});
  }
}

void Reactor::stop_reading() {
  reading_stopped_ = true;
}

bool Reactor::has_unsent() const {
  for (const auto& [id, client] : clients_) {
    if (!client->lane->output.empty()) return true;
  }
  return false;
}

std::int64_t Reactor::shed(std::int64_t percent) {
  const auto all = static_cast<std::int64_t>(clients_.size());
  const std::int64_t wanted = (all * percent + 99) / 100;
  std::vector<ClientPtr> chosen;
  for (const auto& [id, client] : clients_) {
    if (static_cast<std::int64_t>(chosen.size()) == wanted) break;
    chosen.push_back(client);
  }
  for (const ClientPtr& client : chosen) close(client, true);
  after_lane();
  return wanted;
}

void Reactor::close_all() {
  while (!clients_.empty()) close(ClientPtr(clients_.begin()->second), true);
  deadline_.cancel();
  lane_.dirty().clear();
  forward_outbox();
}

}  // namespace drover::server
