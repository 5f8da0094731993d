#pragma once
// Who holds which lock, and what the locks protect: no two may hold one as long as nobody stands
// still, and what is protected refuses who comes late.

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "client_sim/process.h"
#include "sim/verdict.h"
#include "tree/tree.h"

namespace drover::client_sim {

struct Lock {
  std::string path;
  std::string lock_name;  // in front of a contender's number; empty: the order is not looked at
  int holders_max = 1;
};

struct Hold {
  const Process* process = nullptr;
  base::Instant asked_at;  // when it was asked for
  std::string node;
  std::int64_t fencing_token = 0;
  std::stop_token lost;
  bool is_shared = false;
};

class LockChecker {
 public:
  using HoldId = std::uint64_t;

  explicit LockChecker(sim::Verdict& verdict) : verdict_(verdict) {}

  // `tree`: not older than what the holder has seen, or null.
  HoldId on_acquired(const Lock& lock, Hold hold, const tree::Tree* tree);
  // Before it is given back.
  void on_released(HoldId id) { holds_.erase(id); }
  void on_killed(const Process& process);
  // The holder changes what the lock protects. False: refused, somebody came before.
  bool write(HoldId id);

  [[nodiscard]] std::int64_t acquired() const { return acquired_; }
  [[nodiscard]] std::int64_t refused() const { return refused_; }

 private:
  struct Held {
    Lock lock;
    Hold hold;
  };
  [[nodiscard]] static bool is_sure(const Hold& hold);
  void check_alone(const Lock& lock, const Hold& hold);
  void check_tree(const Lock& lock, const Hold& hold, const tree::Tree& tree);

  sim::Verdict& verdict_;
  std::map<HoldId, Held> holds_;
  std::map<std::string, std::int64_t> newest_token_;  // that wrote, by the lock's path
  HoldId last_ = 0;
  std::int64_t acquired_ = 0;
  std::int64_t refused_ = 0;
};

}  // namespace drover::client_sim
