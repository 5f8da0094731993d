// Semaphore, limited by a number or by a shared count of this peer; SemaphoreMutex.

#include <drover/recipes/semaphore.h>
#include <drover/recipes/semaphore_mutex.h>

#include <deque>

#include "in_time.h"
#include "sections.h"
#include "shared_subjects.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

drover::LockOptions to_options(const Request& request) {
  drover::LockOptions options;
  if (request.has("data")) options.node_data = request.bytes("data");
  return options;
}

std::unique_ptr<drover::Semaphore> make(const Making& making) {
  const Request& request = making.request;
  if (!request.has("count")) {
    return std::make_unique<drover::Semaphore>(making.client, request.text("path"),
                                               static_cast<int>(request.number("leases")),
                                               to_options(request));
  }
  const auto count =
      std::dynamic_pointer_cast<SharedCountSubject>(making.others(request.text("count")));
  return std::make_unique<drover::Semaphore>(making.client, request.text("path"),
                                             drover::lease_limit(count->count()),
                                             to_options(request));
}

class SemaphoreSubject : public Subject, public Lock {
 public:
  explicit SemaphoreSubject(const Making& making)
      : client_(making.client), semaphore_(make(making)) {}

  bool acquire(std::chrono::milliseconds at_most) override {
    auto lease = semaphore_->acquire_lease(at_most, block);
    if (!in_time(lease)) return false;
    held_.push_back(std::move(*lease));
    return true;
  }
  void release() override {
    drover::LockHold lease = std::move(held_.back());
    held_.pop_back();
    value_or_throw(lease.release(block));
  }
  [[nodiscard]] json::value node() const override { return name_of(held_.back()); }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "acquire") return acquire_all(request);
    if (op == "sections") return call_lock(client_, *this, op, request);
    if (op == "participants") {
      const auto paths = value_or_throw(semaphore_->participants(block));
      return json::array(paths.begin(), paths.end());
    }
    if (op != "release") throw no_such_op(op);
    for (std::int64_t i = request.number("count", 1); i > 0; --i) release();
    return nullptr;
  }

 private:
  static json::value name_of(const drover::LockHold& lease) {
    const std::string& path = lease.node_path();
    return json::string(path.substr(path.rfind('/') + 1));
  }

  // Names of the leases' znodes; null when the time was over before all were there.
  json::value acquire_all(const Request& request) {
    const int count = static_cast<int>(request.number("count", 1));
    auto leases = semaphore_->acquire_leases(count, request.timeout(), block);
    if (!in_time(leases)) return nullptr;
    json::array names;
    for (drover::LockHold& lease : *leases) {
      names.push_back(name_of(lease));
      held_.push_back(std::move(lease));
    }
    return names;
  }

  drover::Client client_;
  std::unique_ptr<drover::Semaphore> semaphore_;
  std::deque<drover::LockHold> held_;
};

class SemaphoreMutexSubject : public Subject {
 public:
  explicit SemaphoreMutexSubject(const Making& making)
      : client_(making.client), lock_(making.client, making.request.text("path")) {}

  json::value call(std::string_view op, const Request& request) override {
    return call_lock(client_, lock_, op, request);
  }

 private:
  drover::Client client_;
  HoldingLock<drover::SemaphoreMutex> lock_;
};

}  // namespace

Made make_semaphore(const Making& making) {
  return std::make_shared<SemaphoreSubject>(making);
}
Made make_semaphore_mutex(const Making& making) {
  return std::make_shared<SemaphoreMutexSubject>(making);
}

}  // namespace peer
