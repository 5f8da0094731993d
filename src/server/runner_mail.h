#pragma once
// What other threads hand to the runner on reactor 0, and the one run that handles it: whatever
// comes during one wake-up is taken together.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"
#include "server/mutex.h"
#include "txn/request.h"
#include "wire/zxid.h"

namespace drover::server {

class RunnerMail {
 public:
  // `run` is called on the context's thread, once however often it was scheduled meanwhile; it
  // begins with open(). `context` must outlive the mail.
  RunnerMail(boost::asio::io_context& context, std::function<void()> run);

  // ---- [any thread]
  // Takes the batch and leaves an empty one.
  void submit(txn::RequestBatch& batch);
  // Everything up to `last` is on disk.
  void durable(wire::Zxid last);
  // A lane has emptied its inbox: a run follows when one waits for that.
  void drained();
  void schedule();
  [[nodiscard]] bool empty() const;

  // ---- the context's thread
  // Begins a run: batches() is what came since the last one. Answers the newest report of the disk
  // that was not yet handled.
  std::optional<wire::Zxid> open();
  // When the first of batches() was handed in; meaningless without any.
  [[nodiscard]] base::Instant oldest() const { return oldest_; }
  [[nodiscard]] const std::vector<txn::RequestBatch>& batches() const { return working_; }
  // The batches are dealt with; their memory is used again.
  void recycle();
  // Whether what is left to do waits for a lane to empty its inbox. To be said while all lanes are
  // shut out of the tree, so that the emptying that ends the wait cannot be missed.
  void wait_for_lane(bool waits) { waits_for_lane_.store(waits, std::memory_order_release); }

 private:
  boost::asio::io_context& context_;
  std::function<void()> run_;
  std::vector<txn::RequestBatch> working_;
  base::Instant oldest_;

  std::atomic<bool> scheduled_{false};
  std::atomic<bool> waits_for_lane_{false};
  std::atomic<std::int64_t> durable_{-1};  // newest report that was not yet handled; -1: none
  mutable Mutex mutex_;
  std::vector<txn::RequestBatch> mail_ DROVER_GUARDED_BY(mutex_);
  base::Instant mailed_ DROVER_GUARDED_BY(mutex_);                  // the first of them
  std::vector<txn::RequestBatch> spare_ DROVER_GUARDED_BY(mutex_);  // empty, kept for their memory
};

}  // namespace drover::server
