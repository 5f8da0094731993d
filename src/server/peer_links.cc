#include "server/peer_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include "net/connection.h"
#include "server/clock.h"

namespace drover::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;
// Buffers larger than this are given back once they are sent.
constexpr std::size_t kOutputBytesKept = 64 * 1024;
// How long a stream that is to be closed may take for its last bytes.
constexpr auto kLastWordsMax = std::chrono::seconds(1);
constexpr auto kListenAgainAfter = std::chrono::milliseconds(500);
constexpr auto kRefusalLogEvery = std::chrono::seconds(1);
constexpr int kBacklog = 128;

std::string_view name_of(zab::Port port) {
  return port == zab::Port::kElection ? "election" : "quorum";
}

}  // namespace

struct PeerLinks::Stream {
  Stream(asio::io_context& context, zab::LinkId id_in)
      : id(id_in), socket(context), timer(context), resolver(context) {}
  Stream(tcp::socket socket_in, asio::io_context& context)
      : socket(std::move(socket_in)), timer(context), resolver(context), accepted(true) {}

  zab::LinkId id;
  tcp::socket socket;
  asio::steady_timer timer;  // of the dial, or of the last words
  tcp::resolver resolver;
  bool accepted = false;
  bool up = false;
  bool silent = true;  // no byte has come yet
  bool waits_to_write = false;
  bool ended = false;
  const std::int64_t since_ms = wall_now().ms;
};

PeerLinks::PeerLinks(asio::io_context& context, PeerLinksOptions options, base::Log& log,
                     Events events)
    : context_(context),
      options_(std::move(options)),
      log_(log),
      events_(std::move(events)),
      listen_again_(context),
      scratch_(kScratchBytes),
      alive_(std::make_shared<bool>(true)) {}

PeerLinks::~PeerLinks() {
  close_all();
}

Result<void> PeerLinks::listen() {
  auto election = net::Acceptor::listen(
      context_,
      {.address = options_.election_address, .port = options_.election_port, .backlog = kBacklog});
  if (!election) return std::unexpected(election.error());
  auto quorum = net::Acceptor::listen(
      context_,
      {.address = options_.quorum_address, .port = options_.quorum_port, .backlog = kBacklog});
  if (!quorum) return std::unexpected(quorum.error());
  election_ = std::move(*election);
  return {};
}

void PeerLinks::start() {
  election_->start([this]() -> asio::io_context& { return context_; },
                   [this](tcp::socket socket) { accept(std::move(socket), zab::Port::kElection); },
                   [this](const std::string& why) {
                     log_.warn("cannot accept a stream on the election port: {}", why);
                   });
}

void PeerLinks::set_listening(bool listening) {
  if (listening_ == listening) return;
  listening_ = listening;
  if (listening) {
    listen_for_learners();
    return;
  }
  listen_again_.cancel();
  if (quorum_) quorum_->close();
  // Its handlers may still be on their way.
  asio::post(context_, [closed = std::shared_ptr<net::Acceptor>(std::move(quorum_))] {});
}

void PeerLinks::listen_for_learners() {
  auto quorum = net::Acceptor::listen(
      context_,
      {.address = options_.quorum_address, .port = options_.quorum_port, .backlog = kBacklog});
  if (!quorum) {
    log_.error("learners cannot reach this server: {}", quorum.error().message);
    listen_again_.expires_after(kListenAgainAfter);
    listen_again_.async_wait([this](error_code aborted) {
      if (!aborted && listening_) listen_for_learners();
    });
    return;
  }
  quorum_ = std::move(*quorum);
  quorum_->start([this]() -> asio::io_context& { return context_; },
                 [this](tcp::socket socket) { accept(std::move(socket), zab::Port::kQuorum); },
                 [this](const std::string& why) {
                   log_.warn("cannot accept a stream on the quorum port: {}", why);
                 });
}

void PeerLinks::accept(tcp::socket socket, zab::Port port) {
  error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return;
  if (!make_room()) {
    const auto time = std::chrono::steady_clock::now();
    if (time - refusal_logged_ >= kRefusalLogEvery) {
      refusal_logged_ = time;
      log_.warn("too many streams on the ports between servers, one from {} refused",
                net::address_text(remote.address()));
    }
    return;
  }
  log_.debug("{} port: a stream from {}:{}", name_of(port), net::address_text(remote.address()),
             remote.port());
  auto stream = std::make_shared<Stream>(std::move(socket), context_);
  stream->id = events_.on_accepted(port);
  streams_.emplace(stream->id, stream);
  connected(stream);
}

PeerLinks::Line PeerLinks::line(zab::LinkId id) const {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return {};
  error_code gone;
  const auto remote = found->second->socket.remote_endpoint(gone);
  if (gone) return {};
  return {
      .remote_address = fmt::format("/{}:{}", net::address_text(remote.address()), remote.port()),
      .since_ms = found->second->since_ms};
}

// Link ids grow, so the first is the oldest.
bool PeerLinks::make_room() {
  const auto accepted =
      std::ranges::count_if(streams_, [](const auto& entry) { return entry.second->accepted; });
  if (static_cast<std::size_t>(accepted) < options_.accepted_max) return true;
  const auto oldest = std::ranges::find_if(streams_, [](const auto& entry) {
    return entry.second->accepted && entry.second->silent && !entry.second->ended;
  });
  if (oldest == streams_.end()) return false;
  end(StreamPtr(oldest->second));
  return true;
}

void PeerLinks::dial(const zab::Dial& dial) {
  auto stream = std::make_shared<Stream>(context_, dial.link);
  streams_.emplace(dial.link, stream);
  log_.debug("dialling the {} port of server {}, {}:{}", name_of(dial.port), dial.to.value,
             dial.host, dial.port_number);
  end_after(stream, std::chrono::milliseconds(options_.dial_timeout_ms));
  error_code no_literal;
  const auto address = asio::ip::make_address(dial.host, no_literal);
  if (!no_literal) {
    connect(stream, {tcp::endpoint(address, dial.port_number)});
    return;
  }
  stream->resolver.async_resolve(dial.host, std::to_string(dial.port_number),
                                 [this, alive = alive_, stream, host = dial.host](
                                     error_code error, const tcp::resolver::results_type& found) {
                                   if (!*alive || stream->ended) return;
                                   if (error || found.empty()) {
                                     log_.warn("the name {} is unknown: {}", host, error.message());
                                     end(stream);
                                     return;
                                   }
                                   std::vector<tcp::endpoint> endpoints;
                                   for (const auto& entry : found)
                                     endpoints.push_back(entry.endpoint());
                                   connect(stream, endpoints);
                                 });
}

void PeerLinks::connect(const StreamPtr& stream, const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(stream->socket, endpoints,
                      [this, alive = alive_, stream](error_code error, const tcp::endpoint&) {
                        if (!*alive || stream->ended) return;
                        if (error) {
                          log_.debug("dial failed: {}", error.message());
                          end(stream);
                          return;
                        }
                        stream->timer.cancel();
                        connected(stream);
                        events_.on_connected(stream->id);
                      });
}

void PeerLinks::connected(const StreamPtr& stream) {
  error_code ignored;  // the other side may be gone already: the first read finds out
  stream->socket.non_blocking(true, ignored);
  stream->socket.set_option(tcp::no_delay(true), ignored);
  if (options_.keep_alive) {
    stream->socket.set_option(asio::socket_base::keep_alive(true), ignored);
  }
  stream->up = true;
  wait_to_read(stream);
}

void PeerLinks::wait_to_read(const StreamPtr& stream) {
  stream->socket.async_wait(tcp::socket::wait_read, [this, alive = alive_, stream](error_code) {
    if (*alive && !stream->ended) read(stream);
  });
}

void PeerLinks::read(const StreamPtr& stream) {
  error_code error;
  const std::size_t bytes = stream->socket.read_some(asio::buffer(scratch_), error);
  if (error && error != asio::error::would_block && error != asio::error::interrupted) {
    end(stream);
    return;
  }
  wait_to_read(stream);
  if (bytes == 0) return;
  stream->silent = false;
  events_.on_bytes(stream->id, {scratch_.data(), bytes});
}

void PeerLinks::flush(zab::Link& link) {
  link.dirty = false;
  const auto found = streams_.find(link.id);
  if (found == streams_.end() || found->second->ended) return;
  const StreamPtr stream = found->second;
  if (!stream->up) {
    if (link.close) end(stream);
    return;
  }
  if (!stream->waits_to_write) write(stream);
  if (link.close && !stream->ended) {
    if (link.output.empty()) {
      end(stream);
    } else {
      end_after(stream, kLastWordsMax);
    }
  }
}

void PeerLinks::write(const StreamPtr& stream) {
  zab::Link& link = *events_.link(stream->id);
  if (link.output.empty()) return;
  while (!link.output.empty()) {
    error_code error;
    const std::size_t sent =
        stream->socket.write_some(asio::buffer(link.output.data(), link.output.size()), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) {
      wait_to_write(stream);
      return;
    }
    if (error) {
      end(stream);
      return;
    }
    link.output.consume(sent);
  }
  link.output.shrink(kOutputBytesKept);
  events_.on_drained(stream->id);
}

void PeerLinks::wait_to_write(const StreamPtr& stream) {
  stream->waits_to_write = true;
  stream->socket.async_wait(tcp::socket::wait_write, [this, alive = alive_, stream](error_code) {
    stream->waits_to_write = false;
    if (!*alive || stream->ended) return;
    write(stream);
    if (!stream->ended && events_.link(stream->id)->close &&
        events_.link(stream->id)->output.empty()) {
      end(stream);
    }
  });
}

void PeerLinks::end_after(const StreamPtr& stream, std::chrono::milliseconds wait) {
  stream->timer.expires_after(wait);
  stream->timer.async_wait([this, alive = alive_, stream](error_code aborted) {
    if (!aborted && *alive && !stream->ended) end(stream);
  });
}

// The core is told by a post: it may be the core that asked.
void PeerLinks::end(const StreamPtr& stream) {
  stream->ended = true;
  error_code ignored;
  stream->timer.cancel();
  stream->resolver.cancel();
  stream->socket.shutdown(tcp::socket::shutdown_both, ignored);
  stream->socket.close(ignored);
  asio::post(context_, [this, alive = alive_, id = stream->id] {
    if (!*alive) return;
    streams_.erase(id);
    events_.on_closed(id);
  });
}

void PeerLinks::close_all() {
  *alive_ = false;
  listening_ = false;
  if (election_) election_->close();
  if (quorum_) quorum_->close();
  listen_again_.cancel();
  for (auto& [id, stream] : streams_) {
    error_code ignored;
    stream->ended = true;
    stream->timer.cancel();
    stream->resolver.cancel();
    stream->socket.shutdown(tcp::socket::shutdown_both, ignored);
    stream->socket.close(ignored);
  }
  streams_.clear();
}

}  // namespace drover::server
