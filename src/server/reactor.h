#pragma once
// A reactor: one thread, one io_context, one lane, and the connections it owns from accept to
// close.
//
// A wake-up goes, for each connection that became readable: read once; under the lane's own slot of
// the gate drain the inbox, then hand in the frames that came; let go; one write per connection
// that has something to say. Then all their requests move on to the replica together. Events and
// answers of a commit are in the inbox before the writer lets go of the tree, so no read can see a
// change whose event is not yet queued.
//
// Threads: everything but the calls marked [any thread] runs on the reactor's own.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "admin/status_view.h"
#include "admin/words.h"
#include "base/log.h"
#include "lane/lane.h"
#include "net/deadline.h"
#include "net/readiness.h"
#include "server/client.h"
#include "server/connection_limits.h"
#include "server/shared_tree.h"

namespace drover::server {

struct ReactorOptions {
  lane::LaneOptions lane;
  bool tcp_keep_alive = false;
  admin::Whitelist four_letter_words{""};
};

// Plain counters, the reactor's thread only.
struct ReactorProbe {
  std::int64_t bytes_received = 0;
  std::int64_t connections_accepted = 0;
  std::int64_t connections_dropped = 0;  // ended by the client
  std::int64_t words_received = 0;  // four-letter words: each is a packet received, and one sent
};

class Reactor {
 public:
  // Where requests go; may swap the batch. Called on the reactor's thread.
  using Forward = std::function<void(std::uint32_t lane, txn::RequestBatch& batch)>;
  // An inbox was emptied. Called on the reactor's thread, holding nothing.
  using Drained = std::function<void()>;
  // Answers a four-letter word some time later, through Reactor::answer_word on this reactor's
  // thread.
  using AskStatus = std::function<void(Reactor& reactor, std::weak_ptr<Client> client,
                                       admin::Word word, std::uint64_t new_trace_mask)>;

  // All referenced must outlive the reactor.
  Reactor(ReactorOptions options, SharedTree& shared, const txn::AuthOptions& auth,
          ConnectionLimits& limits, base::Log& log, Forward forward, Drained drained,
          AskStatus ask_status);
  ~Reactor();

  [[nodiscard]] boost::asio::io_context& context() { return context_; }  // [any thread] to post to
  [[nodiscard]] std::uint32_t index() const { return options_.lane.index; }

  void run();   // until stop()
  void stop();  // [any thread]

  // [any thread] A new connection, already counted in the limits.
  void adopt(boost::asio::ip::tcp::socket socket, std::string remote_address,
             std::uint16_t remote_port);
  // [any thread] The writer has put something into the inbox.
  void wake();
  // Takes what is in the inbox, at once; what follows from it waits for after_lane().
  void take_inbox();
  // Whatever the lane was told, this is what follows: bytes leave, connections that may go on do,
  // requests move to the replica.
  void after_lane();

  void answer_word(const std::weak_ptr<Client>& client, std::string_view text);
  // No more requests are read; what is answered is still sent (shutdown).
  void stop_reading();
  [[nodiscard]] bool has_unsent() const;
  void close_all();
  // Closes so many in a hundred of the connections; answers how many.
  std::int64_t shed(std::int64_t percent);

  [[nodiscard]] lane::Lane& lane() { return lane_; }
  [[nodiscard]] ReactorProbe& probe() { return probe_; }
  [[nodiscard]] std::size_t clients_count() const { return clients_.size(); }
  template <typename Visit>
  void for_each_client(Visit visit) {
    for (const auto& [id, client] : clients_) visit(*client);
  }
  // The same for who looks at some at a time: until `more()` is false. Answers where to go on,
  // nullopt at the end. When clients came meanwhile some may be visited twice.
  struct Place {
    std::size_t place = 0, places = 0;
  };
  template <typename Visit, typename More>
  std::optional<Place> for_some_clients(Place from, Visit visit, More more) {
    std::size_t place = from.places == clients_.bucket_count() ? from.place : 0;
    for (; place < clients_.bucket_count(); ++place) {
      if (!more()) return Place{place, clients_.bucket_count()};
      for (auto at = clients_.begin(place); at != clients_.end(place); ++at) visit(*at->second);
    }
    return std::nullopt;
  }

 private:
  using ClientPtr = std::shared_ptr<Client>;

  void open(boost::asio::ip::tcp::socket socket, std::string remote_address,
            std::uint16_t remote_port);
  void on_ready(const net::Ready& ready);
  void read(const ClientPtr& client);
  void read_rest_soon(const ClientPtr& client);
  void handle_input(const ClientPtr& client);
  bool cut_frames(Client& client, base::Instant now);
  bool take_word(const ClientPtr& client);
  bool drain_inbox(base::Instant now);
  void forward_soon();
  void forward_outbox();
  void flush(const ClientPtr& client);
  void close(const ClientPtr& client, bool after_writing);

  ReactorOptions options_;
  SharedTree& shared_;
  ConnectionLimits& limits_;
  base::Log& log_;
  Forward forward_;
  Drained drained_;
  AskStatus ask_status_;

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  lane::Lane lane_;
  net::Deadline deadline_;
  net::Readiness readiness_;
  std::unordered_map<std::uint64_t, ClientPtr> clients_;  // by lane::Connection::id
  std::vector<char> scratch_;             // every read of this reactor goes here first
  std::vector<lane::Connection*> dirty_;  // being worked through
  std::vector<ClientPtr> resumed_;        // may be read again
  std::atomic<bool> wake_posted_{false};
  bool forwards_later_ = false;  // somebody will call forward_outbox()
  bool reading_stopped_ = false;
  ReactorProbe probe_;
};

}  // namespace drover::server
