#pragma once
// Critical sections, many in a row: take, raise a counter znode (if one is named) without any
// version, give back. Each is told as [taken at, about to give back at, own znode].

#include <drover/client.h>
#include <drover/recipes/lock_hold.h>

#include <optional>
#include <utility>

#include "in_time.h"
#include "subject.h"

namespace peer {

// What a lock of any recipe offers here.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  virtual ~Lock() = default;

  virtual bool acquire(std::chrono::milliseconds at_most) = 0;
  virtual void release() = 0;
  // The znode by which it is held; null when the recipe does not tell.
  [[nodiscard]] virtual boost::json::value node() const = 0;
};

// One of the recipe `M`, whose acquire() answers a LockHold.
template <typename M>
class HoldingLock : public Lock {
 public:
  template <typename... Arguments>
  explicit HoldingLock(Arguments&&... arguments) : mutex_(std::forward<Arguments>(arguments)...) {}

  bool acquire(std::chrono::milliseconds at_most) override {
    auto hold = mutex_.acquire(at_most, drover::block);
    if (!in_time(hold)) return false;
    hold_ = std::move(*hold);
    return true;
  }
  void release() override {
    drover::value_or_throw(std::exchange(hold_, std::nullopt).value().release(drover::block));
  }
  [[nodiscard]] boost::json::value node() const override {
    return boost::json::string(hold_.value().node_path());
  }
  [[nodiscard]] M& recipe() { return mutex_; }

 private:
  M mutex_;
  std::optional<drover::LockHold> hold_;
};

// acquire, release, node and sections, common to all locks.
boost::json::value call_lock(drover::Client client, Lock& lock, std::string_view op,
                             const Request& request);

}  // namespace peer
