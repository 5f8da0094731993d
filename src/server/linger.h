#pragma once
// Whether a group commit waits for company.
//
// Clients that ask again once they are answered come back together, a moment after the sync that
// answered them. Whatever had queued during that sync would, if it were written at once, make a
// batch of its own: the clients fall into two halves that take turns, and each half pays for a
// sync and for the wake-ups around it. So the next batch waits for as many txns as the last sync
// knew of, those that it made durable and those that queued behind it, but not long, and not again
// soon when they do not come.
//
// One client alone never waits: it was the whole batch, and its next request is.

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace drover::server {

class Linger {
 public:
  // After the end of the sync before.
  static constexpr std::chrono::microseconds kWaitMax{200};
  // The cost of a sync that so many share is nothing to wait for.
  static constexpr std::size_t kTxnsMax = 256;
  static constexpr std::size_t kSkipsMax = 64;

  // A sync has ended and `queued` txns are there. How many are worth waiting for; when that is no
  // more than `queued`, nothing is.
  std::size_t wanted(std::size_t queued) {
    wanted_ = 0;
    const std::size_t known = last_ + queued;
    if (known <= 1 || known > kTxnsMax) return 0;
    if (skips_ > 0) {
      --skips_;
      return 0;
    }
    wanted_ = known;
    return wanted_;
  }

  // `batch` txns are taken. Far fewer than were waited for: the clients have gone, do not wait for
  // their answers, or have other things to do first.
  void taken(std::size_t batch) {
    last_ = batch;
    if (wanted_ == 0) return;
    if (batch * 4 >= wanted_ * 3) {
      skips_next_ = 1;
    } else {
      skips_ = skips_next_;
      skips_next_ = std::min(skips_next_ * 2, kSkipsMax);
    }
  }

 private:
  std::size_t last_ = 0;        // txns of the last batch
  std::size_t wanted_ = 0;      // 0: not waited for
  std::size_t skips_ = 0;       // batches that do not wait
  std::size_t skips_next_ = 1;  // after a wait in vain
};

}  // namespace drover::server
