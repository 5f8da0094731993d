#include "sim/network.h"

#include <algorithm>

namespace drover::sim {

namespace {
constexpr std::int64_t kRetransmitUs = 200'000;
}

Network::Network(const Scenario& scenario, Schedule& schedule, base::Prng& prng)
    : scenario_(scenario), schedule_(schedule), prng_(prng) {}

std::int64_t Network::latency_us() {
  const auto spread =
      static_cast<std::uint64_t>(scenario_.latency_us_max - scenario_.latency_us_min + 1);
  std::int64_t us = scenario_.latency_us_min + static_cast<std::int64_t>(prng_.below(spread));
  while (faults_ && scenario_.loss_per_mille > 0 && prng_.chance(scenario_.loss_per_mille, 1000)) {
    us += kRetransmitUs;
  }
  return us;
}

StreamId Network::dial(HostId from, HostId to, int port, std::int64_t timeout_ms) {
  const StreamId id = next_++;
  auto stream = std::make_shared<Stream>();
  stream->sides[0].host = from;
  stream->sides[0].known = true;
  stream->sides[1].host = to;
  stream->port = port;
  streams_[id] = stream;
  const auto fail = [this, id] {
    if (streams_.count(id) != 0) end(id, 0, true);
    streams_.erase(id);
  };
  if (silent_.count(to) != 0 || is_cut(from, to) || is_cut(to, from)) {
    schedule_.after_us(timeout_ms * 1000, fail);
    return id;
  }
  schedule_.after_us(latency_us(), [this, id, stream, fail] {
    if (streams_.count(id) == 0) return;
    const HostId host = stream->sides[1].host;
    // What the other side says at once must not overtake the word that it is there.
    const base::Instant heard = schedule_.now() + std::chrono::microseconds(latency_us());
    stream->sides[0].last_arrival = heard;
    if (!stream->sides[0].open || !is_up(host) || !hosts_[host]->on_accept(id, stream->port)) {
      schedule_.at(heard, fail);
      return;
    }
    if (streams_.count(id) == 0) return;
    stream->sides[1].known = true;
    stream->established = true;
    schedule_.at(heard, [this, id, stream] {
      if (streams_.count(id) == 0 || !stream->sides[0].open) return;
      if (is_up(stream->sides[0].host)) hosts_[stream->sides[0].host]->on_connected(id);
    });
  });
  return id;
}

void Network::send(StreamId id, HostId from, std::string bytes) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  const int side = side_of(stream, from);
  if (!stream.sides[side].open) return;
  if (faults_ && scenario_.reset_per_million > 0 &&
      prng_.chance(scenario_.reset_per_million, 1'000'000)) {
    return break_stream(id);
  }
  if (faults_ && scenario_.tear_per_million > 0) {
    // What is large is torn more easily: it travels in more packets.
    const auto packets = 1 + bytes.size() / 64;
    if (prng_.chance(scenario_.tear_per_million * packets, 1'000'000)) {
      return tear(id, 1 - side, std::move(bytes));
    }
  }
  transmit(id, 1 - side, {.bytes = std::move(bytes)});
}

// A part arrives, then the stream breaks.
void Network::tear(StreamId id, int to, std::string bytes) {
  bytes.resize(prng_.below(bytes.size() + 1));
  if (!bytes.empty()) transmit(id, to, {.bytes = std::move(bytes)});
  const base::Instant arrival = streams_[id]->sides[to].last_arrival;
  schedule_.at(arrival + std::chrono::nanoseconds(1), [this, id] { break_stream(id); });
}

void Network::close(StreamId id, HostId from) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr stream = found->second;
  const int side = side_of(*stream, from);
  if (!stream->sides[side].open) return;
  stream->sides[side].open = false;
  transmit(id, 1 - side, {.bytes = {}, .end = true});
}

void Network::transmit(StreamId id, int to, Message message) {
  Stream& stream = *streams_[id];
  Side& side = stream.sides[to];
  const HostId from = stream.sides[1 - to].host;
  const bool lost = is_cut(from, side.host);
  if ((lost || is_cut(side.host, from)) && !side.giving_up) give_up_in_time(id, to);
  if (lost || !side.held.empty()) {
    side.held.push_back(std::move(message));
    return;
  }
  if (silent_.count(side.host) != 0) return;  // nobody is there to answer
  side.last_arrival = std::max(side.last_arrival + std::chrono::nanoseconds(1),
                               schedule_.now() + std::chrono::microseconds(latency_us()));
  schedule_.at(side.last_arrival,
               [this, id, to, message = std::move(message)] { arrive(id, to, message); });
}

// Without acknowledgements TCP sends again and again, and in the end breaks the stream.
void Network::give_up_in_time(StreamId id, int to) {
  streams_[id]->sides[to].giving_up = true;
  const auto patience_ms = 2000 + static_cast<std::int64_t>(prng_.below(28'000));
  schedule_.after_us(patience_ms * 1000, [this, id, to] {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    Stream& stream = *found->second;
    stream.sides[to].giving_up = false;
    const HostId here = stream.sides[to].host;
    const HostId there = stream.sides[1 - to].host;
    if (is_cut(here, there) || is_cut(there, here)) break_stream(id);
  });
}

void Network::arrive(StreamId id, int to, const Message& message) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Side& side = found->second->sides[to];
  if (!side.open || !is_up(side.host)) return;
  if (message.end || message.reset) {
    end(id, to, true);
    streams_.erase(id);
    return;
  }
  hosts_[side.host]->on_bytes(id, message.bytes);
}

void Network::release(StreamId id, int to) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Side& side = found->second->sides[to];
  std::vector<Message> held = std::move(side.held);
  side.held.clear();
  for (Message& message : held) transmit(id, to, std::move(message));
}

// Both sides hear of it, as soon as they can.
void Network::break_stream(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr stream = found->second;
  streams_.erase(found);
  for (Side& side : stream->sides) {
    if (!side.open || !side.known) continue;
    side.open = false;
    const HostId host = side.host;
    schedule_.after_us(latency_us(), [this, host, id] {
      if (is_up(host)) hosts_[host]->on_closed(id);
    });
  }
}

void Network::end(StreamId id, int side_index, bool tell) {
  Side& side = streams_[id]->sides[side_index];
  if (!side.open) return;
  side.open = false;
  if (tell && side.known && is_up(side.host)) hosts_[side.host]->on_closed(id);
}

void Network::host_down(HostId host, bool silent) {
  down_.insert(host);
  if (silent) silent_.insert(host);
  std::vector<StreamId> ended;
  for (auto& [id, stream] : streams_) {
    if (stream->sides[0].host != host && stream->sides[1].host != host) continue;
    stream->sides[side_of(*stream, host)].open = false;
    if (!silent) ended.push_back(id);
  }
  for (const StreamId id : ended) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    const int other = 1 - side_of(*found->second, host);
    if (found->second->sides[other].known) transmit(id, other, {.bytes = {}, .reset = true});
  }
}

// Who still believes in an old stream is told now.
void Network::host_up(HostId host) {
  down_.erase(host);
  if (silent_.erase(host) == 0) return;
  std::vector<std::pair<StreamId, int>> old;
  for (auto& [id, stream] : streams_) {
    for (int side = 0; side < 2; ++side) {
      if (stream->sides[side].host == host && !stream->sides[side].open) {
        old.emplace_back(id, 1 - side);
      }
    }
  }
  for (const auto& [id, other] : old) transmit(id, other, {.bytes = {}, .reset = true});
}

void Network::heal(HostId from, HostId to) {
  cuts_.erase({from, to});
  std::vector<std::pair<StreamId, int>> waiting;
  for (auto& [id, stream] : streams_) {
    for (int side = 0; side < 2; ++side) {
      const HostId here = stream->sides[side].host;
      const HostId there = stream->sides[1 - side].host;
      if (stream->sides[side].held.empty() || is_cut(there, here)) continue;
      waiting.emplace_back(id, side);
    }
  }
  for (const auto& [id, side] : waiting) release(id, side);
}

void Network::heal_all() {
  const auto cuts = cuts_;
  for (const auto& [from, to] : cuts) heal(from, to);
}

}  // namespace drover::sim
