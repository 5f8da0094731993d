#pragma once
// A walk over a subtree that never holds the tree for long: slices of at most 300 µs on the admin
// thread, a rest after each. What is created meanwhile may be missed; everything that is there from
// begin to end is visited once, parents before children.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/clock.h"
#include "server/console_lane.h"
#include "tree/tree.h"

namespace drover::server {

class ConsoleWalk : public std::enable_shared_from_this<ConsoleWalk> {
 public:
  // On to the children, past them, no further; or here once more, perhaps in another slice, when
  // the znode may have changed or be another one.
  enum class Step { kInto, kOver, kStop, kAgain };
  enum class End {
    kDone,      // all was seen
    kStopped,   // the visitor said so
    kLate,      // the time is over
    kNoNode,    // there is no znode to begin at
    kNotServed  // nobody is served, or the server took over another history
  };
  // Under the hold.
  using Visit = std::function<Step(const tree::Tree& tree, tree::NodeId node)>;
  // On the admin thread, holding nothing; from begin() or later.
  using Done = std::function<void(End end)>;

  struct Plan {
    std::string top;                    // the subtree
    std::optional<std::string> from{};  // where in it to begin; none: at the top
    std::chrono::milliseconds patience{10'000};
  };
  static void begin(boost::asio::io_context& context, ConsoleLane& lane, Plan plan, Visit visit,
                    Done done);
  ~ConsoleWalk();

 private:
  ConsoleWalk(boost::asio::io_context& context, ConsoleLane& lane, Plan plan, Visit visit,
              Done done);
  void slice();
  void start(tree::Tree& tree);
  void step(const tree::Tree& tree);
  void drop_walk();

  ConsoleLane& lane_;
  const Plan plan_;
  Visit visit_;
  Done done_;
  boost::asio::steady_timer timer_;
  SteadyClock::time_point give_up_at_;
  std::uint64_t generation_ = 0;
  std::optional<tree::Tree::Walk> walk_;
  std::optional<End> end_;
};

}  // namespace drover::server
