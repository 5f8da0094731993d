#include "server/tree_gate.h"

namespace drover::server {

// The analysis follows one capability, the gate; the mutexes that make it are this file's own
// business.

TreeGate::TreeGate(std::size_t slots)
    : slots_count_(slots), slots_(std::make_unique<Slot[]>(slots)) {}

void TreeGate::enter(std::size_t slot) DROVER_NO_THREAD_SAFETY_ANALYSIS {
  if (writer_.load(std::memory_order_acquire)) writer_.wait(true, std::memory_order_acquire);
  slots_[slot].mutex.lock();
}

void TreeGate::leave(std::size_t slot) DROVER_NO_THREAD_SAFETY_ANALYSIS {
  slots_[slot].mutex.unlock();
}

void TreeGate::enter_alone() DROVER_NO_THREAD_SAFETY_ANALYSIS {
  writer_.store(true, std::memory_order_release);
  for (std::size_t i = 0; i < slots_count_; ++i) slots_[i].mutex.lock();
}

void TreeGate::leave_alone() DROVER_NO_THREAD_SAFETY_ANALYSIS {
  for (std::size_t i = 0; i < slots_count_; ++i) slots_[i].mutex.unlock();
  writer_.store(false, std::memory_order_release);
  writer_.notify_all();
}

}  // namespace drover::server
