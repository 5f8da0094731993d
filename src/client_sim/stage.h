#pragma once
// What the workers of a run share: the world they are in, who complains, and how far the run is.

#include <drover/cache.h>
#include <drover/client.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client_sim/lock_checker.h"
#include "client_sim/process.h"
#include "sim/ensemble.h"

namespace drover::client_sim {

// What followers have last seen, by path: a zxid (mzxid, or pzxid of a listing), 0 for no znode.
using Seen = std::map<std::string, std::int64_t>;

// One process and who works in it.
struct Actor {
  std::unique_ptr<Process> process;
  std::optional<Client> client;     // tries again, as most users' do
  std::optional<Client> impatient;  // never tries again
  std::vector<Subscription> subscriptions;
  int working = 0;     // coroutines that end once Stage::is_ending()
  int following = 0;   // and those that go on until Stage::is_over()
  int closing = 0;     // clients whose close is not answered
  int unanswered = 0;  // requests with callbacks
  Seen one_shots;
  Seen listings;
  std::optional<Seen> stream;  // once it was read as a whole
  std::shared_ptr<Cache> cache;
};

// What became of increments of one counter.
struct Counted {
  std::int64_t acknowledged = 0;
  std::int64_t unknown = 0;
};

class Stage {
 public:
  explicit Stage(sim::Ensemble& ensemble) : ensemble_(ensemble), locks_(ensemble.observer()) {}

  [[nodiscard]] sim::Ensemble& ensemble() { return ensemble_; }
  [[nodiscard]] LockChecker& locks() { return locks_; }
  [[nodiscard]] base::Instant now() { return ensemble_.schedule().now(); }
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return ensemble_.prng().below(bound); }
  [[nodiscard]] bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return ensemble_.prng().chance(numerator, denominator);
  }
  // From 0 to under `bound`.
  [[nodiscard]] std::chrono::milliseconds ms_below(std::uint64_t bound) {
    return std::chrono::milliseconds(below(bound));
  }

  // Everything is healed: succeed once more, then end.
  [[nodiscard]] bool is_ending() const { return is_ending_; }
  void begin_end() { is_ending_ = true; }
  // Nothing changes any more: followers end.
  [[nodiscard]] bool is_over() const { return is_over_; }
  void be_over() { is_over_ = true; }

  void fail(std::string checker, std::string what) {
    ensemble_.observer().fail(std::move(checker), std::move(what));
  }
  // Something happened; part of the run's fingerprint, and of what is printed.
  void note(const Actor& actor, std::string_view what);
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  [[nodiscard]] std::int64_t notes() const { return notes_; }

  std::map<std::string, Counted> counted;
  std::int64_t answered = 0;  // requests with callbacks

 private:
  sim::Ensemble& ensemble_;
  LockChecker locks_;
  bool is_ending_ = false;
  bool is_over_ = false;
  std::uint64_t fingerprint_ = 14695981039346656037ULL;
  std::int64_t notes_ = 0;
};

}  // namespace drover::client_sim
