#pragma once
// The newest txns in memory: those proposed and not yet committed, and behind them enough committed
// ones to bring a learner that was away for a moment up to date by DIFF (ZKDatabase's
// committedLog). Lives as long as the server, across its roles.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

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

  // Copies. Requires zxid above last(). Unless it is the successor of last() or the first of a
  // higher epoch, the log forgets what it had: nothing with a hole in it is ever handed out
  // (ZOOKEEPER-4925).
  void append(const wire::TxnBytes& txn);
  void commit(Zxid up_to);  // never back, never beyond last(): what is less or more is cut off
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
  // Who has exactly this lacks nothing but what is in the log: the txn dropped last, or what
  // reset() said. nullopt: not known, the log began behind a hole.
  [[nodiscard]] std::optional<Zxid> base() const { return base_; }
  // The zxid of the txn before `zxid` in the log; nullopt when it is the first or absent.
  [[nodiscard]] std::optional<Zxid> before(Zxid zxid) const;
  [[nodiscard]] bool contains(Zxid zxid) const;
  // The oldest at or above `zxid`; nullopt: none.
  [[nodiscard]] std::optional<Zxid> at_or_above(Zxid zxid) const;
  // Calls visit(const wire::TxnBytes&) for all in (after, up_to], ascending. Views live until the
  // next call that is not const.
  template <typename Visit>
  void for_each(Zxid after, Zxid up_to, Visit visit) const;

  // A learner is being sent a snapshot: nothing above `after` is dropped until unpin with the
  // token.
  std::uint64_t pin(Zxid after);
  void unpin(std::uint64_t token);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of all txns

 private:
  struct Entry {
    Zxid zxid;
    const char* data = nullptr;
    std::size_t size = 0;
  };
  // Txns lie one behind the other in blocks, so that one more costs a copy and no allocation.
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::size_t txns = 0;  // of these so many are still in the log
  };

  [[nodiscard]] std::size_t index_of(Zxid zxid) const;  // of the first entry at or above it
  const char* store(std::string_view bytes);
  void forget();
  void drop_first();
  void evict();

  ProposalLogOptions options_;
  std::deque<Entry> entries_;  // Invariant: ascending, without a hole inside an epoch
  std::deque<Block> blocks_;   // Invariant: together hold exactly what entries_ point to
  Block spare_;                // kept for the next store()
  std::size_t bytes_ = 0;
  std::size_t committed_count_ = 0;  // Invariant: entries_ below this index are committed
  std::size_t committed_bytes_ = 0;
  std::optional<Zxid> base_ = Zxid(0);
  Zxid last_;
  Zxid committed_;  // Invariant: <= last_
  std::vector<std::pair<std::uint64_t, Zxid>> pins_;
  std::uint64_t next_token_ = 1;
};

template <typename Visit>
void ProposalLog::for_each(Zxid after, Zxid up_to, Visit visit) const {
  for (std::size_t i = index_of(after.next()); i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.zxid > up_to) return;
    visit(wire::TxnBytes{entry.zxid, {entry.data, entry.size}});
  }
}

}  // namespace drover::zab
