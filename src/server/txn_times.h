#pragma once
// When the txns under way were made, by their leader's wall clock, so that what happens to them
// later (their ack, their commit) can be measured. Those that came together stand together.

#include <cstdint>
#include <deque>
#include <span>

#include "wire/txn_records.h"
#include "wire/zxid.h"

namespace drover::server {

class TxnTimes {
 public:
  // `txns` in zxid order, above all before.
  void came(std::span<const wire::TxnBytes> txns) {
    if (txns.empty()) return;
    groups_.push_back({.last = txns.back().zxid,
                       .count = static_cast<std::int64_t>(txns.size()),
                       .made_ms = made_ms(txns.front())});
  }

  // visit(ms, count) for each group that is durable from now on.
  template <typename Visit>
  void durable(wire::Zxid up_to, std::int64_t wall_ms, Visit visit) {
    note(&Group::durable, up_to, wall_ms, visit);
  }

  // visit(ms, count) for each group that is wholly applied from now on, which may be before it is
  // durable here: a quorum of others suffices.
  template <typename Visit>
  void applied(wire::Zxid up_to, std::int64_t wall_ms, Visit visit) {
    note(&Group::applied, up_to, wall_ms, visit);
  }

  // A role ended: what was under way is measured no more.
  void clear() { groups_.clear(); }

  // Of the header that every txn begins with: clientId, cxid, zxid, then the time. 0: no header.
  static std::int64_t made_ms(const wire::TxnBytes& txn) {
    constexpr std::size_t kTimeAt = 20;
    if (txn.bytes.size() < kTimeAt + 8) return 0;
    std::uint64_t value = 0;
    for (const char byte : txn.bytes.substr(kTimeAt, 8))
      value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

 private:
  struct Group {
    wire::Zxid last;
    std::int64_t count = 0;
    std::int64_t made_ms = 0;
    bool durable = false, applied = false;
  };
  template <typename Visit>
  void note(bool Group::* what, wire::Zxid up_to, std::int64_t wall_ms, Visit visit) {
    for (Group& group : groups_) {
      if (group.last > up_to) break;
      if (!(group.*what)) visit(wall_ms - group.made_ms, group.count);
      group.*what = true;
    }
    while (!groups_.empty() && groups_.front().durable && groups_.front().applied)
      groups_.pop_front();
  }
  std::deque<Group> groups_;
};

}  // namespace drover::server
