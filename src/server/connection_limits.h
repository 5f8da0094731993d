#pragma once
// maxClientCnxns and maxCnxns: how many connections there are, in all and per remote address.
// Thread-safe: reactors give back what the acceptor took.

#include <cstdint>
#include <string>
#include <unordered_map>

#include "server/mutex.h"

namespace drover::server {

class ConnectionLimits {
 public:
  // 0: no limit.
  ConnectionLimits(std::int64_t per_address_max, std::int64_t total_max)
      : per_address_max_(per_address_max), total_max_(total_max) {}

  enum class Verdict { kTaken, kTooManyFromAddress, kTooMany };
  [[nodiscard]] Verdict take(const std::string& address);
  // Of a connection that was taken.
  void give_back(const std::string& address);
  // How often take() said no.
  [[nodiscard]] std::int64_t refused() const;

 private:
  const std::int64_t per_address_max_;
  const std::int64_t total_max_;
  mutable Mutex mutex_;
  std::int64_t refused_ DROVER_GUARDED_BY(mutex_) = 0;
  std::int64_t total_ DROVER_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::int64_t> by_address_ DROVER_GUARDED_BY(mutex_);
};

}  // namespace drover::server
