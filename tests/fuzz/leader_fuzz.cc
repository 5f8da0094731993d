// A leader of three, and learners that send whatever they like, among disks, timers and proposals
// that behave. What others send ends their link at worst; commits go forward, never beyond what was
// proposed, never without somebody's ack.

#include <array>
#include <memory>

#include "fuzz_support.h"
#include "zab/leader.h"
#include "zab/testing.h"

namespace {

using namespace drover;
using namespace drover::zab;

constexpr int kStepsMax = 400;
constexpr std::int32_t kLengthMax = 4096;

class World {
 public:
  World() {
    proposals_.append({Zxid::of(1, 1), "one"});
    proposals_.append({Zxid::of(1, 2), "two"});
    proposals_.settle();
    leader_ = std::make_unique<Leader>(ServerId(1), config_, LeaderOptions{}, kHistory, proposals_,
                                       log_, now_, effects_);
    settle();
  }

  void step(fuzz::Input& input) {
    const std::uint8_t kind = input.byte();
    const std::size_t slot = kind / 8 % links_.size();
    switch (kind % 8) {
      case 0:
        connect(slot);
        break;
      case 1:
        lose(slot);
        break;
      case 2:
        now_ = now_ + std::chrono::milliseconds(input.byte() * 10);
        leader_->on_timer(now_, effects_);
        break;
      case 3:
        propose(input.byte() % 4 == 0);
        break;
      case 4:
        well_behaved(slot, input.byte());
        break;
      default:
        whatever(slot, input.bytes());
    }
    settle();
  }

  [[nodiscard]] bool over() const { return over_; }

 private:
  static constexpr History kHistory{1, 1, Zxid::of(1, 2)};

  void connect(std::size_t slot) {
    lose(slot);
    links_[slot] = std::make_unique<Link>();
    links_[slot]->id = LinkId(++last_link_);
    leader_->on_accepted(*links_[slot], now_);
  }
  void lose(std::size_t slot) {
    if (!links_[slot]) return;
    leader_->on_closed(links_[slot]->id, now_, effects_);
    forget_dirty(links_[slot].get());
    links_[slot].reset();
  }
  void forget_dirty(Link* link) {
    std::erase(effects_.dirty, link);
    std::erase_if(effects_.snapshots, [link](const auto& sent) { return sent.link == link; });
  }
  void propose(bool slow_disk) {
    if (!leader_->established()) return;
    const Zxid zxid = leader_->last_proposed().next();
    leader_->propose({zxid, "a txn"}, now_, effects_);
    if (!slow_disk) leader_->on_persisted(zxid, now_, effects_);
  }
  // The packets that a learner would send, so that the fuzzer gets past discovery.
  void well_behaved(std::size_t slot, std::uint8_t what) {
    if (!links_[slot]) return;
    base::ByteBuffer data;
    wire::JuteWriter out(data);
    const Zxid start = Zxid::of(leader_->epoch(), 0);
    switch (what % 4) {
      case 0:
        LearnerInfo{ServerId(static_cast<std::int64_t>(slot) + 2)}.encode(data);
        return say(slot, {PacketType::kFollowerInfo, Zxid::of(1, 0), data.view(), std::nullopt});
      case 1:
        out.write_int(1);
        return say(slot,
                   {PacketType::kAckEpoch, Zxid::of(1, what / 4 % 4), data.view(), std::nullopt});
      case 2:
        return say(slot, {PacketType::kAck, start, std::nullopt, std::nullopt});
      default:
        acked_ = true;
        return say(slot, {PacketType::kAck, Zxid(start.value + what / 4), std::nullopt, {}});
    }
  }
  void whatever(std::size_t slot, std::string_view bytes) {
    const auto decoded = decode_packet(bytes, kLengthMax);
    if (!links_[slot] || !decoded || !*decoded) return;
    acked_ = acked_ || (*decoded)->packet.type == PacketType::kAck;
    say(slot, (*decoded)->packet);
  }
  void say(std::size_t slot, const QuorumPacket& packet) {
    leader_->on_packet(*links_[slot], packet, now_, effects_);
  }

  // Carries out what the leader wants until it wants nothing more.
  void settle() {
    while (true) {
      const LeaderEffects effects = std::exchange(effects_, {});
      for (Link* const link : effects.dirty) {
        fuzz::require(link->dirty && (link->close || !link->output.empty()),
                      "who is dirty has something to send");
        link->dirty = false;
        whole_packets(link->output);
      }
      if (effects.step_down) over_ = true;
      if (effects.committed) {
        fuzz::require(*effects.committed > committed_, "commits go forward");
        fuzz::require(*effects.committed <= leader_->last_proposed(), "only what was proposed");
        fuzz::require(acked_, "not without anybody's ack");
        committed_ = *effects.committed;
      }
      if (effects.save_accepted_epoch) leader_->on_accepted_epoch_saved(now_, effects_);
      if (effects.save_current_epoch) leader_->on_current_epoch_saved(now_, effects_);
      for (const auto& snapshot : effects.snapshots) {
        leader_->on_snapshot_sent(snapshot.link->id, now_, effects_);
      }
      if (effects_.dirty.empty() && !effects_.save_current_epoch && !effects_.save_accepted_epoch) {
        break;
      }
    }
    if (!over_)
      fuzz::require(leader_->next_deadline() != std::nullopt || !has_links(), "time goes on");
  }
  [[nodiscard]] bool has_links() const { return !leader_->learners().empty(); }
  static void whole_packets(base::ByteBuffer& out) {
    while (!out.empty()) {
      const auto decoded = decode_packet(out.view(), 1 << 20);
      fuzz::require(decoded && *decoded, "whole packets come out");
      out.consume((*decoded)->size);
    }
  }

  EnsembleConfig config_ = zab::testing::ensemble_of(3);
  ProposalLog proposals_;
  base::NullLog log_;
  LeaderEffects effects_;
  base::Instant now_ = base::Instant::from_ms(1000);
  std::array<std::unique_ptr<Link>, 4> links_;
  std::uint64_t last_link_ = 0;
  Zxid committed_;
  bool acked_ = false;
  bool over_ = false;
  std::unique_ptr<Leader> leader_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  fuzz::Input input(data, size);
  World world;
  for (int i = 0; i < kStepsMax && !input.empty() && !world.over(); ++i) world.step(input);
  return 0;
}
