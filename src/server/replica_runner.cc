#include "server/replica_runner.h"

#include <utility>

#include "server/clock.h"
#include "server/measures.h"

namespace drover::server {

ReplicaRunner::ReplicaRunner(boost::asio::io_context& context, SharedTree& shared,
                             replica::Replica& replica, Doors doors)
    : shared_(shared),
      replica_(replica),
      doors_(std::move(doors)),
      mail_(context, [this] { run(); }),
      deadline_(context, [this] { on_timer(); }),
      to_wake_(shared.inboxes.size(), 0) {}

void ReplicaRunner::start() {
  follow_up();
}

void ReplicaRunner::stop() {
  deadline_.cancel();
}

void ReplicaRunner::pause(std::function<void()> then) {
  when_paused_ = std::move(then);
  replica_.pause();
  follow_up();
}

void ReplicaRunner::resume() {
  times_.clear();
  replica_.resume(now());
  follow_up();
}

bool ReplicaRunner::idle() const {
  return mail_.empty() && replica_.outstanding() == 0;
}

void ReplicaRunner::run() {
  if (const auto durable = mail_.open()) {
    replica_.on_persisted(*durable, effects_);
    times_.durable(*durable, 0, [](std::int64_t, std::int64_t) {});  // nobody waits for our ack
  }
  {
    const RunMeasure measure(mail_, probe_);
    for (const txn::RequestBatch& batch : mail_.batches()) {
      replica_.on_requests(batch, now(), wall_now(), effects_);
    }
  }
  mail_.recycle();
  follow_up();
}

void ReplicaRunner::on_timer() {
  replica_.on_timer(now(), wall_now(), effects_);
  follow_up();
}

void ReplicaRunner::follow_up() {
  times_.came(effects_.persist);
  probe_.txns_came += static_cast<std::int64_t>(effects_.persist.size());
  if (!effects_.persist.empty()) doors_.persist(effects_.persist);
  effects_.clear();
  if (replica_.has_committed()) apply();
  if (when_paused_ && replica_.may_replace()) std::exchange(when_paused_, nullptr)();
  if (const auto next = replica_.next_deadline()) deadline_.at(time_point_of(*next));
}

// A lane that has much to take already ends a round: it empties its inbox before the next one. Lane
// 0 does so here; the others report back through drained().
void ReplicaRunner::apply() {
  bool goes_on = true;
  while (goes_on) {
    const std::size_t before = replica_.outstanding();
    {
      const WriteHold hold(shared_.gate);
      ApplyMeasure measure(shared_.tree, times_, probe_);
      bool watched = false;
      for (const char lane : shared_.watched) watched = watched || lane != 0;
      replica_.apply_committed(now(), watched, shared_.inboxes);
      mail_.wait_for_lane(replica_.has_committed());
      for (std::size_t lane = 0; lane < to_wake_.size(); ++lane) {
        to_wake_[lane] = shared_.inboxes[lane].empty() ? 0 : 1;
      }
    }
    doors_.take_own_inbox();
    for (std::uint32_t lane = 1; lane < to_wake_.size(); ++lane) {
      if (to_wake_[lane] != 0) doors_.wake(lane);
    }
    goes_on = replica_.has_committed() && replica_.outstanding() < before;
  }
  doors_.finish();
}

}  // namespace drover::server
