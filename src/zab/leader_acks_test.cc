// Acks of outstanding proposals. Goal: what is committed is what a quorum has acked, without gaps.
// Method: random acks against a model that keeps a set per proposal.

#include "zab/leader_acks.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/prng.h"
#include "zab/testing.h"

namespace drover::zab {
namespace {

class Model {
 public:
  void propose(Zxid zxid) { acks_[zxid]; }
  void ack(Zxid after, Zxid up_to, int voter) {
    for (auto& [zxid, voters] : acks_) {
      if (zxid > after && zxid <= up_to) voters.insert(voter);
    }
  }
  void withdraw(int voter) {
    for (auto& [zxid, voters] : acks_) voters.erase(voter);
  }
  std::int64_t take_committed() {
    std::int64_t taken = 0;
    for (; !acks_.empty() && acks_.begin()->second.size() >= 3; ++taken) {
      acks_.erase(acks_.begin());
    }
    return taken;
  }
  [[nodiscard]] std::size_t size() const { return acks_.size(); }

 private:
  std::map<Zxid, std::set<int>> acks_;
};

TEST(LeaderAcksTest, AgreesWithASetPerProposal) {
  const EnsembleConfig config = testing::ensemble_of(5);
  const Quorum quorum(config);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    base::Prng prng(seed);
    LeaderAcks acks;
    Model model;
    acks.start(Zxid::of(7, 1));
    Zxid last = Zxid::of(7, 0);
    for (int step = 0; step < 3000; ++step) {
      const int voter = static_cast<int>(prng.below(5));
      const auto some = [&] {
        return Zxid(last.value + 20 - static_cast<std::int64_t>(prng.below(200)));
      };
      switch (prng.below(20)) {
        case 0:
          acks.withdraw(std::uint64_t{1} << voter);
          model.withdraw(voter);
          break;
        case 1:
        case 2:
        case 3:
        case 4: {
          const Zxid after = some();
          const Zxid up_to = some();
          acks.ack(after, up_to, std::uint64_t{1} << voter);
          model.ack(after, up_to, voter);
          ASSERT_EQ(acks.take_committed(quorum), model.take_committed());
          break;
        }
        default:
          last = last.next();
          acks.propose();
          model.propose(last);
      }
      ASSERT_EQ(static_cast<std::size_t>(acks.size()), model.size());
      ASSERT_EQ(acks.first().value + acks.size(), last.value + 1);
    }
  }
}

}  // namespace
}  // namespace drover::zab
