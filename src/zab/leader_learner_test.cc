// A leader and its learners, the real ones of this room, among simulated streams and disks. Goal:
// what one leadership commits, every later one has, and everybody delivers the same. Method:
// rounds; in each the best server of a random majority leads (the election is left out), packets
// and disk writes take place in random order, servers crash and lose what was not yet durable. The
// seed of a failure is printed.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "wire/jute_writer.h"
#include "zab/leader.h"
#include "zab/learner.h"
#include "zab/testing.h"

namespace drover::zab {
namespace {

constexpr std::int32_t kLengthMax = 1 << 20;

struct Txn {
  Zxid zxid;
  std::string bytes;
  friend bool operator==(const Txn&, const Txn&) = default;
};

// What a disk will have done, in this order, and then reported.
struct DiskWrite {
  enum class Kind : std::uint8_t { kTxn, kAcceptedEpoch, kCurrentEpoch, kSnapshot };
  Kind kind = Kind::kTxn;
  Txn txn{};
  Epoch epoch = 0;
  std::vector<Txn> snapshot{};
};

struct Server {
  ServerId sid;
  // Durable:
  Epoch accepted = 0;
  Epoch current = 0;
  std::vector<Txn> disk;
  // Not:
  std::deque<DiskWrite> writes;
  std::vector<Txn> tree;    // delivered, in order
  std::deque<Txn> pending;  // received, not committed
  ProposalLog proposals{{.txns_min = 2, .txns_max = 6}};
  LeaderEffects leader_effects;
  LearnerEffects learner_effects;
  std::unique_ptr<Leader> leader;
  std::unique_ptr<Learner> learner;
  std::unique_ptr<Link> own_end;  // of the stream to the leader
  std::unique_ptr<Link> leaders_end;

  [[nodiscard]] History history() const {
    return {accepted, current, disk.empty() ? Zxid(0) : disk.back().zxid};
  }
};

// Learners read the header; what follows makes it unique.
std::string txn_bytes(Zxid zxid, std::uint64_t unique) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  wire::TxnHeader{.session = wire::SessionId(1),
                  .cxid = 0,
                  .zxid = zxid,
                  .time = {},
                  .type = wire::OpCode::kDelete}
      .encode(out);
  out.write_string(std::to_string(unique));
  return std::string(bytes.view());
}

class World {
 public:
  World(std::uint64_t seed, int servers)
      : prng_(seed),
        config_(testing::ensemble_of(servers)),
        servers_(static_cast<std::size_t>(servers)) {
    for (int i = 0; i < servers; ++i) {
      servers_[static_cast<std::size_t>(i)].sid = ServerId(i + 1);
    }
  }

  void round() {
    elect();
    const std::uint64_t steps = 50 + prng_.below(1200);
    for (std::uint64_t i = 0; i < steps && lead_->leader; ++i) step();
    for (Server& server : servers_) end_role(server, prng_.chance(1, 2));
  }
  // Nothing fails any more: everybody ends up with the same.
  void last_round() {
    elect();
    faults_ = false;
    for (int i = 0; i < 5000; ++i) step();
    ASSERT_TRUE(lead_->leader && lead_->leader->established());
    while (!idle()) step();
    for (const Server& server : servers_) {
      ASSERT_EQ(server.tree, committed_) << server.sid.value;
      ASSERT_EQ(server.current, lead_->current);
    }
  }
  [[nodiscard]] std::size_t committed() const { return committed_.size(); }
  [[nodiscard]] int snapshots() const { return snapshots_; }
  [[nodiscard]] int truncations() const { return truncations_; }
  [[nodiscard]] int diffs() const { return diffs_; }

 private:
  // ---- roles
  void elect() {
    std::vector<Server*> order;
    for (Server& server : servers_) order.push_back(&server);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[prng_.below(i)]);
    order.resize(servers_.size() / 2 + 1);
    lead_ = *std::ranges::max_element(order, {}, [](const Server* server) {
      return std::tuple(server->current, server->history().last_zxid, server->sid);
    });
    begin_role(*lead_);
    lead_->leader = std::make_unique<Leader>(lead_->sid, config_, LeaderOptions{}, lead_->history(),
                                             lead_->proposals, log_, now_, lead_->leader_effects);
    for (Server* server : order) {
      if (server != lead_) follow(*server);
    }
    carry_out(*lead_);
  }
  void begin_role(Server& server) {
    server.tree = server.disk;  // the tree is brought up to the log
    server.pending.clear();
    server.writes.clear();
    if (server.proposals.last() == server.history().last_zxid) {
      server.proposals.settle();
    } else {
      server.proposals.reset(server.history().last_zxid);
    }
    server.leader_effects.clear();
    server.learner_effects.clear();
  }
  void follow(Server& server) {
    begin_role(server);
    server.own_end = std::make_unique<Link>();
    server.own_end->id = LinkId(++last_link_);
    LearnerOptions options;
    options.silence_ms_max = 0;
    server.learner =
        std::make_unique<Learner>(server.sid, config_, options, lead_->sid, server.history(),
                                  *server.own_end, log_, now_, server.learner_effects);
    carry_out(server);
  }
  void end_role(Server& server, bool crash) {
    if (server.leaders_end && lead_->leader) {
      lead_->leader->on_closed(server.leaders_end->id, now_, lead_->leader_effects);
      std::erase(lead_->leader_effects.dirty, server.leaders_end.get());
    }
    server.leaders_end.reset();
    // A crash loses what is not durable, but for a part of it; else it all gets there.
    const std::size_t kept = crash ? prng_.below(server.writes.size() + 1) : server.writes.size();
    for (std::size_t i = 0; i < kept; ++i) write(server, server.writes[i]);
    server.writes.clear();
    if (crash) server.proposals.reset(Zxid(0));
    server.leader.reset();
    server.learner.reset();
    server.own_end.reset();
    if (&server != lead_ && lead_->leader) carry_out(*lead_);
  }

  // ---- what happens
  void step() {
    now_ = now_ + std::chrono::milliseconds(2);
    Server& server = servers_[prng_.below(servers_.size())];
    switch (prng_.below(faults_ ? 9 : 8)) {
      case 0:
      case 1:
        to_learner(server);
        break;
      case 2:
      case 3:
        to_leader(server);
        break;
      case 4:
      case 5:
        disk_reports(server);
        break;
      case 6:
        if (&server != lead_ && !server.learner && lead_->leader) follow(server);
        timers(server);
        break;
      case 7:
        if (faults_) propose();
        break;
      default:
        if (&server != lead_ && prng_.chance(1, 8)) end_role(server, prng_.chance(1, 2));
    }
  }
  void propose() {
    if (!lead_->leader || !lead_->leader->established()) return;
    const Zxid zxid = lead_->leader->last_proposed().next();
    const Txn txn{zxid, txn_bytes(zxid, prng_.next())};
    lead_->leader->propose({txn.zxid, txn.bytes}, now_, lead_->leader_effects);
    lead_->pending.push_back(txn);
    lead_->writes.push_back({.kind = DiskWrite::Kind::kTxn, .txn = txn});
    carry_out(*lead_);
  }
  void timers(Server& server) {
    if (server.leader) server.leader->on_timer(now_, server.leader_effects);
    if (server.learner) server.learner->on_timer(now_, server.learner_effects);
    carry_out(server);
  }
  void to_learner(Server& server) {
    if (!server.learner || !server.leaders_end) return;
    base::ByteBuffer& stream = server.leaders_end->output;
    const auto decoded = decode_packet(stream.view(), kLengthMax);
    ASSERT_TRUE(decoded);
    if (!*decoded) return;
    const PacketType type = (*decoded)->packet.type;
    snapshots_ += type == PacketType::kSnap;
    truncations_ += type == PacketType::kTrunc;
    diffs_ += type == PacketType::kDiff;
    server.learner->on_packet((*decoded)->packet, now_, server.learner_effects);
    carry_out(server, (*decoded)->size);
  }
  void to_leader(Server& server) {
    if (!lead_->leader || !server.leaders_end || !server.own_end) return;
    base::ByteBuffer& stream = server.own_end->output;
    const auto decoded = decode_packet(stream.view(), kLengthMax);
    ASSERT_TRUE(decoded);
    if (!*decoded) return;
    lead_->leader->on_packet(*server.leaders_end, (*decoded)->packet, now_, lead_->leader_effects);
    stream.consume((*decoded)->size);
    carry_out(*lead_);
  }

  // ---- disks
  static void write(Server& server, const DiskWrite& what) {
    switch (what.kind) {
      case DiskWrite::Kind::kTxn:
        server.disk.push_back(what.txn);
        break;
      case DiskWrite::Kind::kAcceptedEpoch:
        server.accepted = what.epoch;
        break;
      case DiskWrite::Kind::kCurrentEpoch:
        server.current = what.epoch;
        break;
      case DiskWrite::Kind::kSnapshot:
        server.disk = what.snapshot;
        break;
    }
    ASSERT_LE(server.current, server.accepted);
    if (!server.disk.empty()) {
      ASSERT_LE(server.disk.back().zxid.epoch(), server.accepted);
    }
  }
  void disk_reports(Server& server) {
    if (server.writes.empty()) return;
    const DiskWrite done = std::move(server.writes.front());
    server.writes.pop_front();
    write(server, done);
    const auto tell = [&](auto& role, auto& effects) {
      switch (done.kind) {
        case DiskWrite::Kind::kTxn:
          role.on_persisted(done.txn.zxid, now_, effects);
          break;
        case DiskWrite::Kind::kAcceptedEpoch:
          role.on_accepted_epoch_saved(now_, effects);
          break;
        case DiskWrite::Kind::kCurrentEpoch:
          role.on_current_epoch_saved(now_, effects);
          break;
        case DiskWrite::Kind::kSnapshot:
          break;
      }
    };
    if (server.leader) tell(*server.leader, server.leader_effects);
    if (server.learner) tell(*server.learner, server.learner_effects);
    if (server.learner && done.kind == DiskWrite::Kind::kSnapshot) {
      server.learner->on_snapshot_installed(now_, server.learner_effects);
    }
    carry_out(server);
  }

  // ---- effects. `taken`: bytes of the leader's stream that the effects still look at.
  void carry_out(Server& server, std::size_t taken = 0) {
    if (server.leader) carry_out_leader(server);
    if (server.learner) carry_out_learner(server, taken);
  }
  void carry_out_leader(Server& server) {
    const LeaderEffects effects = std::exchange(server.leader_effects, {});
    for (Link* const link : effects.dirty) link->dirty = false;
    if (effects.save_accepted_epoch) {
      server.writes.push_back(
          {.kind = DiskWrite::Kind::kAcceptedEpoch, .epoch = *effects.save_accepted_epoch});
    }
    if (effects.save_current_epoch) {
      server.writes.push_back(
          {.kind = DiskWrite::Kind::kCurrentEpoch, .epoch = *effects.save_current_epoch});
    }
    if (effects.established) {
      ASSERT_TRUE(epochs_.insert(*effects.established).second) << "two leaders of one epoch";
      take_as_committed(server.tree);
    }
    if (effects.committed) {
      deliver(server, *effects.committed);
      take_as_committed(server.tree);
      ASSERT_GE(durable_at(*effects.committed), servers_.size() / 2 + 1);
    }
    for (const auto& snapshot : effects.snapshots) {
      send_snapshot(server, *snapshot.link);
      server.leader->on_snapshot_sent(snapshot.link->id, now_, server.leader_effects);
    }
    const bool over = effects.step_down.has_value();
    for (Server& other : servers_) {
      if (other.leaders_end && other.leaders_end->close && !over) {
        other.leaders_end.reset();
        if (other.learner) other.learner->on_closed(now_, other.learner_effects);
        if (other.learner) carry_out(other);
      }
    }
    if (over) server.leader.reset();
    if (server.leader && !server.leader_effects.dirty.empty()) carry_out_leader(server);
  }
  void carry_out_learner(Server& server, std::size_t taken) {
    LearnerEffects effects = std::exchange(server.learner_effects, {});
    for (Link* const link : effects.dirty) link->dirty = false;
    for (const LearnerEffects::Txn& txn : effects.txns) {
      const Txn copy{txn.txn.zxid, std::string(txn.txn.bytes)};
      server.pending.push_back(copy);
      server.proposals.append({copy.zxid, copy.bytes});
      if (txn.durable) server.writes.push_back({.kind = DiskWrite::Kind::kTxn, .txn = copy});
    }
    if (server.leaders_end) server.leaders_end->output.consume(taken);
    if (effects.save_accepted_epoch) {
      server.writes.push_back(
          {.kind = DiskWrite::Kind::kAcceptedEpoch, .epoch = *effects.save_accepted_epoch});
    }
    if (effects.dial) connect(server);
    if (effects.truncate) {
      ASSERT_TRUE(server.writes.empty());
      std::erase_if(server.disk, [&](const Txn& txn) { return txn.zxid > *effects.truncate; });
      server.tree = server.disk;
      server.proposals.reset(server.history().last_zxid);
      server.learner->on_truncated(true, now_, server.learner_effects);
    }
    if (effects.receive_snapshot) {
      receive_snapshot(server);
      server.proposals.reset(*effects.receive_snapshot);
      server.learner->on_snapshot_received(now_, server.learner_effects);
    }
    if (effects.committed) {
      deliver(server, *effects.committed);
      server.proposals.commit(*effects.committed);
    }
    if (effects.install_snapshot) {
      server.writes.push_back({.kind = DiskWrite::Kind::kSnapshot, .snapshot = server.tree});
    }
    if (effects.save_current_epoch) {
      server.writes.push_back(
          {.kind = DiskWrite::Kind::kCurrentEpoch, .epoch = *effects.save_current_epoch});
    }
    if (effects.serving) check_prefix(server);
    if (effects.leave) return end_role(server, false);
    if (wants_more(server.learner_effects)) carry_out_learner(server, 0);
  }
  static bool wants_more(const LearnerEffects& effects) {
    return effects.dial || effects.save_accepted_epoch || effects.save_current_epoch ||
           effects.truncate || effects.receive_snapshot || !effects.txns.empty() ||
           effects.committed || effects.install_snapshot || effects.serving || effects.leave;
  }
  void connect(Server& server) {
    if (!lead_->leader) return server.learner->on_closed(now_, server.learner_effects);
    server.leaders_end = std::make_unique<Link>();
    server.leaders_end->id = LinkId(++last_link_);
    lead_->leader->on_accepted(*server.leaders_end, now_);
    server.learner->on_connected(now_, server.learner_effects);
  }

  static void send_snapshot(const Server& server, Link& link) {
    wire::JuteWriter out(link.output);
    out.write_int(static_cast<std::int32_t>(server.tree.size()));
    for (const Txn& txn : server.tree) {
      out.write_long(txn.zxid.value);
      out.write_string(txn.bytes);
    }
  }
  static void receive_snapshot(Server& server) {
    base::ByteBuffer& stream = server.leaders_end->output;
    wire::JuteReader in(stream.view());
    server.tree.resize(static_cast<std::size_t>(in.read_int()));
    for (Txn& txn : server.tree) {
      txn.zxid = Zxid(in.read_long());
      txn.bytes = std::string(in.read_string());
    }
    ASSERT_TRUE(in.ok());
    stream.consume(stream.size() - in.remaining());
    server.pending.clear();
  }

  // ---- what must hold
  void deliver(Server& server, Zxid up_to) {
    while (!server.pending.empty() && server.pending.front().zxid <= up_to) {
      server.tree.push_back(std::move(server.pending.front()));
      server.pending.pop_front();
    }
    if (server.learner && server.learner->serving()) check_prefix(server);
  }
  void take_as_committed(const std::vector<Txn>& history) {
    ASSERT_LE(committed_.size(), history.size()) << "the leader lacks what was committed";
    ASSERT_TRUE(std::equal(committed_.begin(), committed_.end(), history.begin()));
    committed_ = history;
  }
  void check_prefix(const Server& server) {
    ASSERT_LE(server.tree.size(), committed_.size()) << server.sid.value;
    ASSERT_TRUE(std::equal(server.tree.begin(), server.tree.end(), committed_.begin()));
  }
  [[nodiscard]] std::size_t durable_at(Zxid zxid) const {
    return static_cast<std::size_t>(std::ranges::count_if(servers_, [&](const Server& server) {
      return std::ranges::any_of(server.disk, [&](const Txn& txn) { return txn.zxid == zxid; });
    }));
  }
  [[nodiscard]] bool idle() const {
    return std::ranges::all_of(servers_, [this](const Server& server) {
      return server.writes.empty() &&
             (&server == lead_ || (server.learner && server.learner->serving() &&
                                   server.tree.size() == committed_.size()));
    });
  }

  base::Prng prng_;
  base::NullLog log_;
  EnsembleConfig config_;
  std::vector<Server> servers_;
  Server* lead_ = nullptr;
  base::Instant now_ = base::Instant::from_ms(1000);
  std::uint64_t last_link_ = 0;
  bool faults_ = true;
  std::vector<Txn> committed_;  // by anybody, ever
  std::set<Epoch> epochs_;
  int snapshots_ = 0;
  int truncations_ = 0;
  int diffs_ = 0;
};

void run(int servers) {
  std::size_t committed = 0;
  int snapshots = 0;
  int truncations = 0;
  int diffs = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed, servers);
    for (int round = 0; round < 12 && !::testing::Test::HasFatalFailure(); ++round) world.round();
    if (!::testing::Test::HasFatalFailure()) world.last_round();
    if (::testing::Test::HasFatalFailure()) return;
    committed += world.committed();
    snapshots += world.snapshots();
    truncations += world.truncations();
    diffs += world.diffs();
  }
  // Otherwise it looked at nothing.
  EXPECT_GT(committed, 5000u);
  EXPECT_GT(snapshots, 50);
  EXPECT_GT(truncations, 50);
  EXPECT_GT(diffs, 500);
}

TEST(LeaderLearnerTest, NothingCommittedIsLostWithThreeServers) {
  run(3);
}

TEST(LeaderLearnerTest, NothingCommittedIsLostWithFiveServers) {
  run(5);
}

}  // namespace
}  // namespace drover::zab
