#pragma once
// Critical sections, many in a row: take, raise a counter znode (if one is named) without any
// version, give back. Each is told as [taken at, about to give back at, own znode].

#include <drover/client.h>

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

// acquire, release, node and sections, common to all locks.
boost::json::value call_lock(drover::Client client, Lock& lock, std::string_view op,
                             const Request& request);

}  // namespace peer
