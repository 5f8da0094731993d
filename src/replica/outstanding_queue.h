#pragma once
// What the replica has promised and not yet handed back, in the order of its decisions: txns that
// await their commit, and between them answers that make no txn but must not overtake (sync,
// rejections, moved sessions). Also keeps the bytes that the entries speak of.

#include <drover/error_code.h>

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "txn/request.h"
#include "wire/txn_records.h"

namespace drover::replica {

struct Outstanding {
  enum class Kind : std::uint8_t {
    kTxn,     // bytes are the txn; answered when it is applied
    kSync,    // bytes are the path record to echo
    kRead,    // bytes are the request record, read when its turn comes
    kReject,  // error, without a txn
    kRejectThenClose,
    kDropped,
    kReattached,       // timeout_ms 0: refused
    kCloseConnection,  // the request came over a connection that no longer owns its session
    kKick,             // answers nothing: `from` lost its session to another connection
  };
  Kind kind = Kind::kTxn;
  bool has_client = true;                  // false: the server made the txn itself
  wire::OpCode op = wire::OpCode::kError;  // as the client asked
  ErrorCode error = ErrorCode::kOk;
  std::int32_t xid = 0;
  std::int32_t timeout_ms = 0;
  txn::Origin from{};
  wire::SessionId session{};
  wire::Zxid zxid{};        // kTxn
  std::uint32_t batch = 0;  // set by push()
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  txn::Identities identities{};  // kRead
};

// Bytes live in one buffer per batch of requests, which is recycled when the batch's entries are
// popped and its txns persisted.
class OutstandingQueue {
 public:
  [[nodiscard]] bool empty() const { return head_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const { return entries_.size() - head_; }
  [[nodiscard]] const Outstanding& front() const { return entries_[head_]; }
  // Requires an entry of this queue. Lives until the entry is popped and its batch persisted.
  [[nodiscard]] std::string_view bytes(const Outstanding& entry) const {
    return batches_[entry.batch - first_batch_].bytes.view().substr(entry.offset, entry.size);
  }
  void pop();

  // ---- filling: begin_batch, any number of appends to batch_bytes() and push(), end_batch
  void begin_batch();
  // Moves while it grows: views of it are good only after end_batch().
  [[nodiscard]] base::ByteBuffer& batch_bytes() { return batches_.back().bytes; }
  void push(Outstanding entry);
  // Appends the batch's txns to `persist`.
  void end_batch(std::vector<wire::TxnBytes>& persist);

  // Frees the buffers of finished batches whose txns are all at or below `zxid`.
  void persisted(wire::Zxid zxid);

 private:
  struct Batch {
    base::ByteBuffer bytes;
    std::size_t entries = 0;  // not yet popped
    wire::Zxid last_zxid;     // of its txns; 0: none
  };
  void recycle();

  std::vector<Outstanding> entries_;  // those before head_ are done
  std::size_t head_ = 0;
  std::size_t batch_start_ = 0;  // counted from head_: the first entry of the batch being filled
  std::deque<Batch> batches_;
  std::uint32_t first_batch_ = 0;  // number of batches_.front(); wraps
  wire::Zxid persisted_;
  bool filling_ = false;
  std::vector<base::ByteBuffer> spare_;
};

}  // namespace drover::replica
