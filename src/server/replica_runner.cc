#include "server/replica_runner.h"

#include <boost/asio/post.hpp>

#include "server/clock.h"

namespace drover::server {

namespace {
constexpr std::size_t kSpareBatchesMax = 64;
}

ReplicaRunner::ReplicaRunner(boost::asio::io_context& context, SharedTree& shared,
                             replica::Replica& replica, Doors doors)
    : context_(context),
      shared_(shared),
      replica_(replica),
      doors_(std::move(doors)),
      deadline_(context, [this] { on_timer(); }),
      to_wake_(shared.inboxes.size(), 0) {}

void ReplicaRunner::submit(txn::RequestBatch& batch) {
  {
    const MutexLock lock(mutex_);
    if (spare_.empty()) spare_.emplace_back();
    mail_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    std::swap(mail_.back(), batch);
  }
  schedule();
}

void ReplicaRunner::durable(wire::Zxid last) {
  durable_.store(last.value, std::memory_order_release);
  schedule();
}

void ReplicaRunner::drained() {
  if (waits_for_lane_.load(std::memory_order_acquire)) schedule();
}

void ReplicaRunner::schedule() {
  if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;
  boost::asio::post(context_, [this] { run(); });
}

void ReplicaRunner::start() {
  follow_up();
}

void ReplicaRunner::stop() {
  deadline_.cancel();
}

bool ReplicaRunner::idle() const {
  const MutexLock lock(mutex_);
  return mail_.empty() && durable_.load(std::memory_order_acquire) == -1 &&
         replica_.outstanding() == 0;
}

void ReplicaRunner::run() {
  // Not a store: whoever found it set, and so left the waking to this run, is seen from here on.
  scheduled_.exchange(false, std::memory_order_acq_rel);
  const std::int64_t durable = durable_.exchange(-1, std::memory_order_acq_rel);
  {
    const MutexLock lock(mutex_);
    working_.swap(mail_);
  }
  if (durable != -1) replica_.on_persisted(wire::Zxid(durable), effects_);
  for (txn::RequestBatch& batch : working_) {
    replica_.on_requests(batch, now(), wall_now(), effects_);
    batch.clear();
  }
  {
    const MutexLock lock(mutex_);
    for (txn::RequestBatch& batch : working_) {
      if (spare_.size() < kSpareBatchesMax) spare_.push_back(std::move(batch));
    }
  }
  working_.clear();
  follow_up();
}

void ReplicaRunner::on_timer() {
  replica_.on_timer(now(), wall_now(), effects_);
  follow_up();
}

void ReplicaRunner::follow_up() {
  if (!effects_.persist.empty()) doors_.persist(effects_.persist);
  effects_.clear();
  if (replica_.has_committed()) apply();
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
      bool watched = false;
      for (const char lane : shared_.watched) watched = watched || lane != 0;
      replica_.apply_committed(now(), watched, shared_.inboxes);
      waits_for_lane_.store(replica_.has_committed(), std::memory_order_release);
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
