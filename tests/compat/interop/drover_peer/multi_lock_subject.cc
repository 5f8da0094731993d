// MultiLock.

#include <drover/recipes/multi_lock.h>

#include "sections.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;

namespace {

// In the style of threads: the thread of the requests is the owner.
class MultiLockSubject : public Subject, public Lock {
 public:
  explicit MultiLockSubject(const Making& making)
      : client_(making.client), lock_(making.client, making.request.texts("paths")) {}

  bool acquire(std::chrono::milliseconds at_most) override { return lock_.try_lock_for(at_most); }
  void release() override { lock_.unlock(); }
  [[nodiscard]] json::value node() const override { return nullptr; }

  json::value call(std::string_view op, const Request& request) override {
    return call_lock(client_, *this, op, request);
  }

 private:
  drover::Client client_;
  drover::MultiLock lock_;
};

}  // namespace

Made make_multi_lock(const Making& making) {
  return std::make_shared<MultiLockSubject>(making);
}

}  // namespace peer
