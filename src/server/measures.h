#pragma once
// The two moments that both runners measure, as scopes.

#include "server/clock.h"
#include "server/runner_mail.h"
#include "server/runner_probe.h"
#include "server/txn_times.h"
#include "tree/tree.h"

namespace drover::server {

// While requests are decided. One look at the clock at each end, whatever their number.
class RunMeasure {
 public:
  RunMeasure(const RunnerMail& mail, RunnerProbe& probe) : probe_(probe) {
    for (const txn::RequestBatch& batch : mail.batches())
      requests_ += static_cast<std::int64_t>(batch.requests.size());
    if (requests_ == 0) return;
    began_ = now();
    probe_.requests += requests_;
    probe_.queue_requests.add(requests_);
    probe_.queue_ms.add((began_ - mail.oldest()) / std::chrono::milliseconds(1), requests_);
  }
  ~RunMeasure() {
    if (requests_ == 0) return;
    probe_.process_ms.add((now() - began_) / std::chrono::milliseconds(1), requests_);
  }
  RunMeasure(const RunMeasure&) = delete;
  RunMeasure& operator=(const RunMeasure&) = delete;

 private:
  RunnerProbe& probe_;
  std::int64_t requests_ = 0;
  base::Instant began_;
};

// While the tree is held to apply what is committed. Made and ended under the hold.
class ApplyMeasure {
 public:
  ApplyMeasure(const tree::Tree& tree, TxnTimes& times, RunnerProbe& probe)
      : tree_(tree), times_(times), probe_(probe), began_(now()), before_(tree.last_zxid()) {}
  ~ApplyMeasure() {
    if (tree_.last_zxid() == before_) return;
    std::int64_t txns = 0;
    times_.applied(tree_.last_zxid(), wall_now().ms, [&](std::int64_t ms, std::int64_t count) {
      probe_.propagation_ms.add(ms, count);
      txns += count;
    });
    probe_.txns_applied += txns;
    probe_.apply_txns.add(txns);
    probe_.apply_us.add((now() - began_) / std::chrono::microseconds(1));
  }
  ApplyMeasure(const ApplyMeasure&) = delete;
  ApplyMeasure& operator=(const ApplyMeasure&) = delete;

 private:
  const tree::Tree& tree_;
  TxnTimes& times_;
  RunnerProbe& probe_;
  const base::Instant began_;
  const wire::Zxid before_;
};

}  // namespace drover::server
