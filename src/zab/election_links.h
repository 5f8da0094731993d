#pragma once
// Keeps one election stream per peer (QuorumCnxManager): who dials whom, what is sent first, how
// frames are cut, what is repeated after a reconnect. The larger sid always ends up as the dialler.
//
// A voter whose stream broke is dialled until there is a stream again: what was under way may be
// lost. Of a smaller sid that means dialling only to be called back.
//
// Threads: one. The owner of the streams carries out Dial and takes Link::output. What comes from
// a stream takes no more memory than one frame; streams without a first message end after
// handshake_timeout_ms, how many there may be is the owner's to say.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "zab/ensemble_config.h"
#include "zab/link.h"
#include "zab/notification.h"

namespace drover::zab {

struct ElectionLinksOptions {
  std::int64_t handshake_timeout_ms = 10000;  // quorumCnxnTimeoutMs, else syncLimit ticks
  std::int64_t connect_timeout_ms = 5000;     // cnxTimeout
  // Of a peer without a stream while something waits for it; doubles from min to max.
  std::int64_t redial_ms_min = 100;
  std::int64_t redial_ms_max = 5000;
};

struct ElectionLinksEffects {
  std::vector<Dial> dials;   // link ids are already in the table
  std::vector<Link*> dirty;  // have output, or are to be closed; live until their on_closed
  struct Received {
    ServerId from;
    std::string frame;
  };
  std::vector<Received> received;
  struct Reachable {
    ServerId sid;
    bool reachable = false;
  };
  std::vector<Reachable> reachable;  // changes
  void clear();
};

class ElectionLinks {
 public:
  // `next_link` is the next free number of all streams of this server, election and quorum alike.
  // `self` is in `config`, which must outlive this, as must `log`.
  ElectionLinks(ServerId self, const EnsembleConfig& config, ElectionLinksOptions options,
                std::uint64_t& next_link, base::Log& log);

  // The newest notification replaces one that was not sent yet; dials when there is no stream.
  // To those who are in the configuration only.
  void send(ServerId to, const Notification& notification, base::Instant now,
            ElectionLinksEffects& effects);
  // Dials every voter without a stream.
  void connect_all(base::Instant now, ElectionLinksEffects& effects);

  [[nodiscard]] Link* find(LinkId link);  // nullptr: not one of ours, or freed

  LinkId on_accepted(base::Instant now);  // somebody dialled us
  void on_connected(LinkId link, base::Instant now, ElectionLinksEffects& effects);
  void on_bytes(LinkId link, std::string_view bytes, base::Instant now,
                ElectionLinksEffects& effects);
  // All of Link::output has been taken: what waited for that goes into it.
  void on_drained(LinkId link, base::Instant now, ElectionLinksEffects& effects);
  // Gone, or the dial failed; also of a link that asked for its end. Frees the link.
  void on_closed(LinkId link, base::Instant now, ElectionLinksEffects& effects);
  void on_timer(base::Instant now, ElectionLinksEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

 private:
  enum class Stage : std::uint8_t {
    kDialling,
    kHandshake,  // accepted, the first message is not complete
    kReady,      // carries notifications
    kClosing     // nothing counts any more
  };
  struct Stream {
    Link link;
    Stage stage = Stage::kHandshake;
    ServerId sid;            // unknown in kHandshake
    base::ByteBuffer input;  // Invariant: less than a frame after each event
    base::Instant deadline;  // of kDialling and kHandshake
    bool announced = false;  // dialled where the peer said, not where the configuration says
  };
  struct Peer {
    const Member* member = nullptr;
    std::optional<LinkId> ready;    // the stream, kReady
    std::optional<LinkId> dialled;  // one that may become it, kDialling
    std::string last;               // the newest frame; empty: never any
    bool waiting = false;           // it was not sent, or not on this stream
    std::optional<bool> reachable;  // as last told
    std::int64_t redial_ms = 0;     // the last pause; 0 after something was heard
    std::optional<base::Instant> redial_at;
    std::string odd_address;  // that it gave and is not the configured one, as last warned of
  };

  Stream& open(Stage stage, base::Instant deadline);
  Stream* find_stream(LinkId link);
  void dial(Peer& peer, const Address& to, base::Instant now, ElectionLinksEffects& effects);
  void redial_later(Peer& peer, std::int64_t ms_min, base::Instant now);
  void make_ready(Peer& peer, Stream& stream, ElectionLinksEffects& effects);
  void flush(Peer& peer, ElectionLinksEffects& effects);
  void look_at_address(Peer& peer, const InitialMessage& message);
  void end(Stream& stream, ElectionLinksEffects& effects);
  void refuse(Stream& stream, std::string_view why, base::Instant now,
              ElectionLinksEffects& effects);
  void end_ready(Peer& peer, ElectionLinksEffects& effects);
  void lose(Stream& stream, base::Instant now, ElectionLinksEffects& effects);
  void tell_reachable(Peer& peer, bool reachable, ElectionLinksEffects& effects);
  static void mark(Link& link, ElectionLinksEffects& effects);

  void read_first_message(Stream& stream, base::Instant now, ElectionLinksEffects& effects);
  void read_frames(Stream& stream, base::Instant now, ElectionLinksEffects& effects);

  const ServerId self_;
  const EnsembleConfig& config_;
  const ElectionLinksOptions options_;
  std::uint64_t& next_link_;
  base::Log& log_;
  std::map<LinkId, std::unique_ptr<Stream>> streams_;
  std::map<ServerId, Peer> peers_;  // every other member
};

}  // namespace drover::zab
