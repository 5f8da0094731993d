#pragma once
// Keeps one election stream per peer (QuorumCnxManager): who dials whom, what is sent first, how
// frames are cut, what is repeated after a reconnect. The larger sid always ends up as the dialler.
//
// Threads: one. The owner of the streams carries out Dial and takes Link::output.

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
  std::int64_t redial_ms_min =
      100;  // of a peer that could not be reached while something waits for it
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
  // `next_link` numbers all streams of this server, election and quorum alike.
  ElectionLinks(ServerId self, const EnsembleConfig& config, ElectionLinksOptions options,
                std::uint64_t& next_link, base::Log& log);

  // The newest notification replaces one that was not sent yet; dials when there is no stream.
  void send(ServerId to, const Notification& notification, base::Instant now,
            ElectionLinksEffects& effects);
  // Dials every voter without a stream.
  void connect_all(base::Instant now, ElectionLinksEffects& effects);

  LinkId on_accepted(base::Instant now);  // somebody dialled us
  void on_connected(LinkId link, base::Instant now, ElectionLinksEffects& effects);
  void on_bytes(LinkId link, std::string_view bytes, base::Instant now,
                ElectionLinksEffects& effects);
  // Gone, or the dial failed. Frees the link.
  void on_closed(LinkId link, base::Instant now, ElectionLinksEffects& effects);
  void on_timer(base::Instant now, ElectionLinksEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

 private:
};

}  // namespace drover::zab
