#include "server/console_walk.h"

#include <utility>

namespace drover::server {

namespace {

constexpr auto kHoldMax = std::chrono::microseconds(300);
// The admin thread has other pages to make, and the processor other threads to run.
constexpr auto kRest = std::chrono::milliseconds(1);

}  // namespace

ConsoleWalk::ConsoleWalk(boost::asio::io_context& context, ConsoleLane& lane, Plan plan,
                         Visit visit, Done done)
    : lane_(lane),
      plan_(std::move(plan)),
      visit_(std::move(visit)),
      done_(std::move(done)),
      timer_(context),
      give_up_at_(SteadyClock::now() + plan_.patience) {}

ConsoleWalk::~ConsoleWalk() {
  if (!walk_) return;  // given up with the admin thread
  SharedTree& shared = lane_.shared();
  const ReadHold hold(shared.gate, shared.console_lane());
  drop_walk();
}

void ConsoleWalk::begin(boost::asio::io_context& context, ConsoleLane& lane, Plan plan, Visit visit,
                        Done done) {
  std::shared_ptr<ConsoleWalk>(
      new ConsoleWalk(context, lane, std::move(plan), std::move(visit), std::move(done)))
      ->slice();
}

void ConsoleWalk::slice() {
  lane_.hold([this](tree::Tree& tree) {
    if (!walk_) start(tree);
    if (!lane_.serving() || lane_.generation() != generation_) end_ = End::kNotServed;
    if (!end_) step(tree);
    if (end_) drop_walk();
  });
  if (end_) return std::exchange(done_, nullptr)(*end_);
  timer_.expires_after(kRest);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code) { self->slice(); });
}

void ConsoleWalk::start(tree::Tree& tree) {
  generation_ = lane_.generation();
  const tree::NodeId top = tree.find(plan_.top);
  const tree::NodeId at = plan_.from ? tree.find(*plan_.from) : top;
  if (top == tree::kNoNode || at == tree::kNoNode) {
    end_ = End::kNoNode;
    return;
  }
  const MutexLock lock(lane_.shared().walks);
  walk_.emplace(tree, top, at);
}

void ConsoleWalk::step(const tree::Tree& tree) {
  const auto began = SteadyClock::now();
  const TreeGate& gate = lane_.shared().gate;
  do {
    if (walk_->node() == tree::kNoNode) {
      end_ = End::kDone;
      return;
    }
    switch (visit_(tree, walk_->node())) {
      case Step::kInto:
        walk_->advance();
        break;
      case Step::kOver:
        walk_->advance_over();
        break;
      case Step::kAgain:
        break;
      case Step::kStop:
        end_ = End::kStopped;
        return;
    }
  } while (!gate.writer_waits() && SteadyClock::now() < began + kHoldMax);
  if (SteadyClock::now() > give_up_at_) end_ = End::kLate;
}

void ConsoleWalk::drop_walk() {
  const MutexLock lock(lane_.shared().walks);
  walk_.reset();
}

}  // namespace drover::server
