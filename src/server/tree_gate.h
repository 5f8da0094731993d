#pragma once
// Who may touch the tree. A reader (a lane, the snapshot) holds its own slot, a lock that nobody
// else wants while nobody writes; the writer (the replica, applying a batch of commits) takes all
// slots.
//
// A writer that waits goes first: a reader that comes after it waits until it is done, so that a
// thread that takes its slot over and over (the snapshot) cannot keep it out.

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "base/thread_annotations.h"

namespace drover::server {

class DROVER_CAPABILITY("tree gate") TreeGate {
 public:
  explicit TreeGate(std::size_t slots);
  TreeGate(const TreeGate&) = delete;
  TreeGate& operator=(const TreeGate&) = delete;

  // Requires slot < slots; a slot belongs to one thread.
  void enter(std::size_t slot) DROVER_ACQUIRE_SHARED();
  void leave(std::size_t slot) DROVER_RELEASE_SHARED();

  // One writer at a time, holding no slot.
  void enter_alone() DROVER_ACQUIRE();
  void leave_alone() DROVER_RELEASE();

  // A reader that is in no hurry lets go when this is true.
  [[nodiscard]] bool writer_waits() const { return writer_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Slot {  // of its own cache line, or readers would slow each other down
    std::mutex mutex;
  };
  const std::size_t slots_count_;
  const std::unique_ptr<Slot[]> slots_;
  alignas(64) std::atomic<bool> writer_{false};  // waits or works
};

class DROVER_SCOPED_CAPABILITY ReadHold {
 public:
  ReadHold(TreeGate& gate, std::size_t slot) DROVER_ACQUIRE_SHARED(gate)
      : gate_(gate), slot_(slot) {
    gate_.enter(slot_);
  }
  ~ReadHold() DROVER_RELEASE() { gate_.leave(slot_); }
  ReadHold(const ReadHold&) = delete;
  ReadHold& operator=(const ReadHold&) = delete;

 private:
  TreeGate& gate_;
  const std::size_t slot_;
};

class DROVER_SCOPED_CAPABILITY WriteHold {
 public:
  explicit WriteHold(TreeGate& gate) DROVER_ACQUIRE(gate) : gate_(gate) { gate_.enter_alone(); }
  ~WriteHold() DROVER_RELEASE() { gate_.leave_alone(); }
  WriteHold(const WriteHold&) = delete;
  WriteHold& operator=(const WriteHold&) = delete;

 private:
  TreeGate& gate_;
};

}  // namespace drover::server
