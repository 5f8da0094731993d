#pragma once
// The newest txns in memory: those proposed and not yet committed, and behind them enough committed
// ones to bring a learner that was away for a moment up to date by DIFF (ZKDatabase's
// committedLog). Lives as long as the server, across its roles.

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string_view>

#include "base/byte_buffer.h"
#include "wire/txn_records.h"
#include "zab/ids.h"

namespace drover::zab {

struct ProposalLogOptions {
  std::size_t txns_min = 500;  // commitLogCount: kept whatever they weigh
  std::size_t txns_max = 100'000;
  std::size_t bytes_max = 32u << 20;  // of committed txns beyond txns_min
};

class ProposalLog {
 public:
  explicit ProposalLog(ProposalLogOptions options = {});

  // Copies. Requires zxid above every one in the log; the successor of last(), or of a higher epoch
  // (else the log forgets what it had: nothing with a hole in it is ever handed out).
  void append(const wire::TxnBytes& txn);
  void commit(Zxid up_to);  // never back
  // Everything is gone; history goes on behind `last`, whose content is not known here (after SNAP,
  // TRUNC and restore).
  void reset(Zxid last);
  // What is not committed is taken as committed (end of a role: the tree was brought up to the
  // log).
  void settle();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] Zxid first() const;      // requires !empty()
  [[nodiscard]] Zxid last() const;       // of all; or what reset() said
  [[nodiscard]] Zxid committed() const;  // newest committed; or what reset() said
  // The zxid of the txn before `zxid` in the log; nullopt when it is the first or absent.
  [[nodiscard]] std::optional<Zxid> before(Zxid zxid) const;
  [[nodiscard]] bool contains(Zxid zxid) const;
  // Calls visit(const wire::TxnBytes&) for all in (after, up_to], ascending. Views live until the
  // next call that is not const.
  template <typename Visit>
  void for_each(Zxid after, Zxid up_to, Visit visit) const;

  // A learner is being sent a snapshot: nothing above `after` is dropped until unpin with the
  // token.
  std::uint64_t pin(Zxid after);
  void unpin(std::uint64_t token);

 private:
};

}  // namespace drover::zab
