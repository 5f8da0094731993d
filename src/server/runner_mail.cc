#include "server/runner_mail.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "server/clock.h"

namespace drover::server {

namespace {
constexpr std::size_t kSpareBatchesMax = 64;
}

RunnerMail::RunnerMail(boost::asio::io_context& context, std::function<void()> run)
    : context_(context), run_(std::move(run)) {}

void RunnerMail::submit(txn::RequestBatch& batch) {
  {
    const MutexLock lock(mutex_);
    if (mail_.empty()) mailed_ = now();
    if (spare_.empty()) spare_.emplace_back();
    mail_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    std::swap(mail_.back(), batch);
  }
  schedule();
}

void RunnerMail::durable(wire::Zxid last) {
  durable_.store(last.value, std::memory_order_release);
  schedule();
}

void RunnerMail::drained() {
  if (waits_for_lane_.load(std::memory_order_acquire)) schedule();
}

void RunnerMail::schedule() {
  if (scheduled_.exchange(true, std::memory_order_acq_rel)) return;
  boost::asio::post(context_, [this] { run_(); });
}

bool RunnerMail::empty() const {
  const MutexLock lock(mutex_);
  return mail_.empty() && durable_.load(std::memory_order_acquire) == -1;
}

std::optional<wire::Zxid> RunnerMail::open() {
  // Not a store: whoever found it set, and so left the waking to this run, is seen from here on.
  scheduled_.exchange(false, std::memory_order_acq_rel);
  const std::int64_t durable = durable_.exchange(-1, std::memory_order_acq_rel);
  {
    const MutexLock lock(mutex_);
    working_.swap(mail_);
    oldest_ = mailed_;
  }
  return durable == -1 ? std::nullopt : std::optional(wire::Zxid(durable));
}

void RunnerMail::recycle() {
  if (working_.empty()) return;
  for (txn::RequestBatch& batch : working_) batch.clear();
  const MutexLock lock(mutex_);
  for (txn::RequestBatch& batch : working_) {
    if (spare_.size() < kSpareBatchesMax) spare_.push_back(std::move(batch));
  }
  working_.clear();
}

}  // namespace drover::server
