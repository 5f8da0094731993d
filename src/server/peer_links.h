#pragma once
// The TCP streams between servers: listens on the election's port and, unless it follows somebody,
// on the quorum's; dials, reads, writes, closes. What the bytes mean, who may stay and when
// somebody is dialled again is the core's to say (replica::Peer); here only numbers are bounded.
//
// Who follows or observes does not listen on the quorum's port, as in Apache: a learner that was
// told wrong is refused by the kernel.
//
// Threads: those of its io_context, one at a time. Names are resolved on Asio's own thread.

#include <drover/result.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "net/acceptor.h"
#include "zab/link.h"

namespace drover::server {

struct PeerLinksOptions {
  std::string election_address;  // empty: every interface
  std::uint16_t election_port = 0;
  std::string quorum_address;
  std::uint16_t quorum_port = 0;
  std::int64_t dial_timeout_ms = 5000;  // cnxTimeout: name and connection together
  bool keep_alive = false;              // tcpKeepAlive
  // Streams that others opened. Above it the oldest that never said anything makes room.
  std::size_t accepted_max = 256;
};

class PeerLinks {
 public:
  // Where things go; none is called from within a call of PeerLinks but on_drained, from flush().
  struct Events {
    std::function<zab::LinkId(zab::Port)> on_accepted;
    // The core's object, which lives until on_closed has returned.
    std::function<zab::Link*(zab::LinkId)> link;
    std::function<void(zab::LinkId)> on_connected;
    std::function<void(zab::LinkId, std::string_view)> on_bytes;
    std::function<void(zab::LinkId)> on_drained;
    std::function<void(zab::LinkId)> on_closed;  // once for each stream, also one that never was
  };
  PeerLinks(boost::asio::io_context& context, PeerLinksOptions options, base::Log& log,
            Events events);
  ~PeerLinks();

  // Binds the election's port, and looks whether the quorum's could be had.
  Result<void> listen();
  void start();  // accepts from now on
  // On the quorum's port. Tries again in a while when it cannot be had.
  void set_listening(bool listening);

  void dial(const zab::Dial& dial);
  // Sends what the link has, closes it when it wants that.
  void flush(zab::Link& link);
  // Ends everything without a word to anybody.
  void close_all();

  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  struct Line {
    std::string remote_address;  // `/ip:port`, as Java prints it; empty: not connected
    std::int64_t since_ms = 0;   // wall clock
  };
  [[nodiscard]] Line line(zab::LinkId id) const;

 private:
  struct Stream;
  using StreamPtr = std::shared_ptr<Stream>;

  void accept(boost::asio::ip::tcp::socket socket, zab::Port port);
  bool make_room();
  void listen_for_learners();
  void connect(const StreamPtr& stream,
               const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);
  void connected(const StreamPtr& stream);
  void wait_to_read(const StreamPtr& stream);
  void read(const StreamPtr& stream);
  void wait_to_write(const StreamPtr& stream);
  void write(const StreamPtr& stream);
  void end(const StreamPtr& stream);
  void end_after(const StreamPtr& stream, std::chrono::milliseconds wait);

  boost::asio::io_context& context_;
  const PeerLinksOptions options_;
  base::Log& log_;
  Events events_;
  std::unique_ptr<net::Acceptor> election_;
  std::unique_ptr<net::Acceptor> quorum_;  // null unless listening
  bool listening_ = false;
  boost::asio::steady_timer listen_again_;
  std::map<zab::LinkId, StreamPtr> streams_;
  std::vector<char> scratch_;
  std::chrono::steady_clock::time_point refusal_logged_{};
  std::shared_ptr<bool> alive_;  // false for handlers that come after close_all()
};

}  // namespace drover::server
