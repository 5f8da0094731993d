#include "zab/election_links.h"

#include <algorithm>

#include "base/assert.h"
#include "wire/jute_reader.h"
#include "wire/jute_writer.h"

namespace drover::zab {

namespace {

base::Instant after_ms(base::Instant now, std::int64_t ms) {
  return now + std::chrono::milliseconds(ms);
}

// Dialled to be called back: the other side gets the time of a dial before we ask again.
constexpr int kCallBackRedials = 4;

}  // namespace

void ElectionLinksEffects::clear() {
  dials.clear();
  dirty.clear();
  received.clear();
  reachable.clear();
}

ElectionLinks::ElectionLinks(ServerId self, const EnsembleConfig& config,
                             ElectionLinksOptions options, std::uint64_t& next_link, base::Log& log)
    : self_(self), config_(config), options_(options), next_link_(next_link), log_(log) {
  DROVER_ASSERT(config.find(self) != nullptr, "a server is in its own configuration");
  for (const auto& [sid, member] : config.members) {
    if (sid != self) peers_[sid].member = &member;
  }
}

// ---- what is sent

void ElectionLinks::send(ServerId to, const Notification& notification, base::Instant now,
                         ElectionLinksEffects& effects) {
  const auto at = peers_.find(to);
  if (at == peers_.end()) return;
  Peer& peer = at->second;
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  out.write_int(0);
  notification.encode(bytes);
  wire::store_big_endian(bytes.data(), static_cast<std::int32_t>(bytes.size() - 4));
  peer.last = bytes.view();
  peer.waiting = true;
  if (peer.ready) return flush(peer, effects);
  if (!peer.dialled && !peer.redial_at) dial(peer, peer.member->election, now, effects);
}

void ElectionLinks::connect_all(base::Instant now, ElectionLinksEffects& effects) {
  for (auto& [sid, peer] : peers_) {
    if (peer.member->observer || peer.ready || peer.dialled) continue;
    dial(peer, peer.member->election, now, effects);
  }
}

void ElectionLinks::on_drained(LinkId link, base::Instant, ElectionLinksEffects& effects) {
  const Stream* stream = find_stream(link);
  if (stream != nullptr && stream->stage == Stage::kReady) flush(peers_.at(stream->sid), effects);
}

// One frame at a time, so that a peer that does not read gets the newest when it reads again.
void ElectionLinks::flush(Peer& peer, ElectionLinksEffects& effects) {
  Link& link = find_stream(*peer.ready)->link;
  if (!peer.waiting || !link.output.empty()) return;
  link.output.append(peer.last);
  peer.waiting = false;
  mark(link, effects);
}

// ---- streams begin

Link* ElectionLinks::find(LinkId link) {
  Stream* stream = find_stream(link);
  return stream == nullptr ? nullptr : &stream->link;
}

ElectionLinks::Stream* ElectionLinks::find_stream(LinkId link) {
  const auto at = streams_.find(link);
  return at == streams_.end() ? nullptr : at->second.get();
}

ElectionLinks::Stream& ElectionLinks::open(Stage stage, base::Instant deadline) {
  auto stream = std::make_unique<Stream>();
  stream->link.id = LinkId(next_link_++);
  stream->link.port = Port::kElection;
  stream->stage = stage;
  stream->deadline = deadline;
  return *streams_.emplace(stream->link.id, std::move(stream)).first->second;
}

LinkId ElectionLinks::on_accepted(base::Instant now) {
  Stream& stream = open(Stage::kHandshake, after_ms(now, options_.handshake_timeout_ms));
  stream.link.up = true;
  return stream.link.id;
}

void ElectionLinks::dial(Peer& peer, const Address& to, base::Instant now,
                         ElectionLinksEffects& effects) {
  Stream& stream = open(Stage::kDialling, after_ms(now, options_.connect_timeout_ms));
  stream.sid = peer.member->sid;
  stream.link.dialled = true;
  stream.announced = to != peer.member->election;
  peer.dialled = stream.link.id;
  peer.redial_at.reset();
  effects.dials.push_back({stream.link.id, Port::kElection, stream.sid, to.host, to.port});
}

void ElectionLinks::redial_later(Peer& peer, std::int64_t ms_min, base::Instant now) {
  peer.redial_ms = std::clamp(2 * peer.redial_ms, options_.redial_ms_min, options_.redial_ms_max);
  peer.redial_at = after_ms(now, std::max(peer.redial_ms, ms_min));
}

void ElectionLinks::on_connected(LinkId link, base::Instant now, ElectionLinksEffects& effects) {
  Stream* stream = find_stream(link);
  if (stream == nullptr || stream->stage != Stage::kDialling) return;
  Peer& peer = peers_.at(stream->sid);
  peer.dialled.reset();
  stream->link.up = true;
  const Address& ours = config_.find(self_)->election;
  InitialMessage::encode(self_, ours.host, ours.port, stream->link.output);
  mark(stream->link, effects);
  if (stream->sid < self_) return make_ready(peer, *stream, effects);
  // Only to be called back.
  stream->stage = Stage::kClosing;
  stream->link.close = true;
  redial_later(peer, kCallBackRedials * options_.redial_ms_min, now);
}

void ElectionLinks::make_ready(Peer& peer, Stream& stream, ElectionLinksEffects& effects) {
  stream.stage = Stage::kReady;
  peer.ready = stream.link.id;
  peer.redial_at.reset();
  log_.info("sid={} election stream with sid={} up", self_.value, stream.sid.value);
  // What was sent last may have gone to a stream that nobody read.
  if (!peer.last.empty()) peer.waiting = true;
  if (stream.link.dialled) {
    // The first message is in the output already: one write for both.
    if (peer.waiting) stream.link.output.append(peer.last);
    peer.waiting = false;
  }
  flush(peer, effects);
  tell_reachable(peer, true, effects);
}

// ---- what is received

void ElectionLinks::on_bytes(LinkId link, std::string_view bytes, base::Instant now,
                             ElectionLinksEffects& effects) {
  Stream* stream = find_stream(link);
  if (stream == nullptr) return;
  if (stream->stage != Stage::kHandshake && stream->stage != Stage::kReady) return;
  stream->input.append(bytes);
  if (stream->stage == Stage::kHandshake) read_first_message(*stream, now, effects);
  if (stream->stage == Stage::kReady) read_frames(*stream, now, effects);
}

void ElectionLinks::read_first_message(Stream& stream, base::Instant now,
                                       ElectionLinksEffects& effects) {
  const auto decoded = InitialMessage::decode(stream.input.view());
  if (!decoded) return refuse(stream, decoded.error().message, now, effects);
  if (!*decoded) return;
  const InitialMessage& message = (*decoded)->message;
  if (!message.known) return refuse(stream, "an observer without a sid", now, effects);
  if (message.sid == self_) {
    return refuse(stream, fmt::format("it says to be sid {}, as we are", self_.value), now,
                  effects);
  }
  const auto at = peers_.find(message.sid);
  if (at == peers_.end()) {
    return refuse(stream, fmt::format("sid {} is in no configuration", message.sid.value), now,
                  effects);
  }
  Peer& peer = at->second;
  stream.sid = message.sid;
  stream.input.consume((*decoded)->size);
  look_at_address(peer, message);

  end_ready(peer, effects);  // whoever dials has no stream with us, whatever we believe
  if (message.sid < self_) {
    end(stream, effects);
    if (peer.dialled) return;
    if (message.host.empty()) return dial(peer, peer.member->election, now, effects);
    return dial(peer, {message.host, message.port}, now, effects);
  }
  if (peer.dialled) end(*find_stream(*peer.dialled), effects);
  peer.dialled.reset();
  make_ready(peer, stream, effects);
}

// A copied myid shows here first. Names may be written in many ways, so only what cannot be the
// same is worth a word.
void ElectionLinks::look_at_address(Peer& peer, const InitialMessage& message) {
  const Address& known = peer.member->election;
  const auto is_literal = [](std::string_view host) {
    return host.find_first_not_of("0123456789.") == std::string_view::npos;
  };
  const bool other_host =
      is_literal(message.host) && is_literal(known.host) && message.host != known.host;
  if (message.host.empty() || (message.port == known.port && !other_host)) return;
  const std::string said = Address{message.host, message.port}.text();
  if (said == peer.odd_address) return;
  peer.odd_address = said;
  log_.warn(
      "sid={} a server says that it is sid={} with election address {}, configured is {}: two "
      "servers with one number (a copied myid or data directory), or another ensemble's",
      self_.value, message.sid.value, said, known.text());
}

void ElectionLinks::read_frames(Stream& stream, base::Instant now, ElectionLinksEffects& effects) {
  while (true) {
    wire::JuteReader in(stream.input.view());
    const auto length = in.read_int();
    if (!in.ok()) return;
    if (length < 1 || length > kNotificationFrameMax) {
      return refuse(stream,
                    fmt::format("a frame of {} bytes, not of 1..{}", length, kNotificationFrameMax),
                    now, effects);
    }
    const auto size = static_cast<std::size_t>(length);
    if (in.remaining() < size) return;
    effects.received.push_back({stream.sid, std::string(in.rest().substr(0, size))});
    stream.input.consume(4 + size);
    peers_.at(stream.sid).redial_ms = 0;
  }
}

// ---- streams end

// At once: what is still to be sent is not sent.
void ElectionLinks::end(Stream& stream, ElectionLinksEffects& effects) {
  stream.stage = Stage::kClosing;
  stream.input = base::ByteBuffer();
  stream.link.output.clear();
  stream.link.close = true;
  mark(stream.link, effects);
}

void ElectionLinks::refuse(Stream& stream, std::string_view why, base::Instant now,
                           ElectionLinksEffects& effects) {
  const auto peer = stream.stage == Stage::kReady ? fmt::format("with sid={}", stream.sid.value)
                                                  : std::string("of an unknown peer");
  log_.warn("sid={} election stream {} {} closed: {}", self_.value, stream.link.id.value, peer,
            why);
  lose(stream, now, effects);
  end(stream, effects);
}

void ElectionLinks::end_ready(Peer& peer, ElectionLinksEffects& effects) {
  if (!peer.ready) return;
  end(*find_stream(*peer.ready), effects);
  peer.ready.reset();
  peer.waiting = !peer.last.empty();
}

void ElectionLinks::on_closed(LinkId link, base::Instant now, ElectionLinksEffects& effects) {
  const auto at = streams_.find(link);
  if (at == streams_.end()) return;
  lose(*at->second, now, effects);
  std::erase(effects.dirty, &at->second->link);
  streams_.erase(at);
}

// The stream, or the dial, is no more and it was not us who ended it.
void ElectionLinks::lose(Stream& stream, base::Instant now, ElectionLinksEffects& effects) {
  const auto stage = std::exchange(stream.stage, Stage::kClosing);
  if (stage != Stage::kDialling && stage != Stage::kReady) return;
  Peer& peer = peers_.at(stream.sid);
  if (stage == Stage::kDialling) {
    peer.dialled.reset();
    if (stream.announced) return dial(peer, peer.member->election, now, effects);
    if (peer.reachable != false) {
      log_.info("sid={} cannot reach sid={} for elections", self_.value, stream.sid.value);
    }
  } else {
    peer.ready.reset();
    log_.info("sid={} election stream with sid={} down", self_.value, stream.sid.value);
    peer.waiting = !peer.last.empty();
  }
  // Who does not vote is only answered, and asks again.
  if (peer.member->observer) peer.waiting = false;
  tell_reachable(peer, false, effects);
  const bool called_back = stream.sid > self_;
  if (peer.waiting) {
    redial_later(peer, called_back ? kCallBackRedials * options_.redial_ms_min : 0, now);
  }
}

void ElectionLinks::tell_reachable(Peer& peer, bool reachable, ElectionLinksEffects& effects) {
  if (peer.reachable == reachable) return;
  peer.reachable = reachable;
  effects.reachable.push_back({peer.member->sid, reachable});
}

void ElectionLinks::mark(Link& link, ElectionLinksEffects& effects) {
  if (link.dirty) return;
  link.dirty = true;
  effects.dirty.push_back(&link);
}

// ---- time

void ElectionLinks::on_timer(base::Instant now, ElectionLinksEffects& effects) {
  for (auto& [id, stream] : streams_) {
    if (stream->stage == Stage::kDialling && now >= stream->deadline) {
      lose(*stream, now, effects);
      end(*stream, effects);
    } else if (stream->stage == Stage::kHandshake && now >= stream->deadline) {
      refuse(*stream, fmt::format("no first message within {} ms", options_.handshake_timeout_ms),
             now, effects);
    }
  }
  for (auto& [sid, peer] : peers_) {
    if (!peer.redial_at || now < *peer.redial_at) continue;
    peer.redial_at.reset();
    if (peer.waiting && !peer.ready && !peer.dialled) {
      dial(peer, peer.member->election, now, effects);
    }
  }
}

std::optional<base::Instant> ElectionLinks::next_deadline() const {
  std::optional<base::Instant> first;
  const auto consider = [&](base::Instant at) {
    if (!first || at < *first) first = at;
  };
  for (const auto& [id, stream] : streams_) {
    if (stream->stage == Stage::kDialling || stream->stage == Stage::kHandshake) {
      consider(stream->deadline);
    }
  }
  for (const auto& [sid, peer] : peers_) {
    if (peer.redial_at) consider(*peer.redial_at);
  }
  return first;
}

}  // namespace drover::zab
