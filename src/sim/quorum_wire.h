#pragma once
// Listens to what leader and learners say to each other: cuts the bytes of each quorum stream into
// packets, skips the snapshots, and says to the checkers what they mean. Knows of each link how far
// its conversation is.

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "sim/durability_checker.h"
#include "sim/network.h"
#include "sim/owner_checker.h"
#include "sim/verdict.h"
#include "storage/snapshot_stream.h"
#include "zab/quorum_packet.h"

namespace drover::sim {

class QuorumWire {
 public:
  QuorumWire(Verdict& verdict, DurabilityChecker& durability, OwnerChecker& owners)
      : verdict_(verdict), durability_(durability), owners_(owners) {}
  ~QuorumWire();

  // `dialled`: by the sender, which is then the learner.
  void on_sent(StreamId stream, zab::ServerId sender, bool dialled, std::string_view bytes);

 private:
  struct Link {
    StreamId stream = 0;
    std::string from_leader, from_learner;  // not yet understood
    std::unique_ptr<storage::SnapshotStreamParser> snapshot;
    zab::ServerId learner;
    zab::Epoch epoch = 0;
    wire::Zxid last;  // what the learner will have when it has taken all this
    bool new_leader_sent = false;
    bool new_leader_acked = false;
    std::deque<wire::Zxid> to_ack;   // proposed behind NEWLEADER
    wire::Zxid proposed, committed;  // behind NEWLEADER
  };
  void listen(Link& link, zab::ServerId sender, bool learner, std::string& input);
  void from_leader(Link& link, zab::ServerId leader, const zab::QuorumPacket& packet);
  void from_learner(Link& link, const zab::QuorumPacket& packet);
  void ack(Link& link, wire::Zxid zxid);

  Verdict& verdict_;
  DurabilityChecker& durability_;
  OwnerChecker& owners_;
  std::map<StreamId, Link> links_;
};

}  // namespace drover::sim
