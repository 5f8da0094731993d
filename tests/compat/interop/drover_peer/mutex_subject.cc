// Mutex; revocable when asked for.

#include <drover/recipes/mutex.h>
#include <drover/recipes/revoke.h>

#include "in_time.h"
#include "sections.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

drover::LockOptions to_options(const Making& making) {
  drover::LockOptions options;
  if (making.request.flag("revocable")) {
    options.on_revoke = [events = making.events] { events.tell("revoked"); };
  }
  return options;
}

class MutexSubject : public Subject, public Lock {
 public:
  explicit MutexSubject(const Making& making)
      : client_(making.client),
        mutex_(making.client, making.request.text("path"), to_options(making)) {}

  bool acquire(std::chrono::milliseconds at_most) override {
    auto hold = mutex_.acquire(at_most, block);
    if (!in_time(hold)) return false;
    hold_ = std::move(*hold);
    return true;
  }
  void release() override {
    value_or_throw(std::exchange(hold_, std::nullopt).value().release(block));
  }
  [[nodiscard]] json::value node() const override {
    return json::string(hold_.value().node_path());
  }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "participants") {
      const auto paths = value_or_throw(mutex_.participants(block));
      return json::array(paths.begin(), paths.end());
    }
    if (op == "revoke") {
      value_or_throw(drover::revoke(client_, request.text("node"), block));
      return nullptr;
    }
    return call_lock(client_, *this, op, request);
  }

 private:
  drover::Client client_;
  drover::Mutex mutex_;
  std::optional<drover::LockHold> hold_;
};

}  // namespace

Made make_mutex(const Making& making) {
  return std::make_shared<MutexSubject>(making);
}

}  // namespace peer
