// Mutex; revocable when asked for.

#include <drover/recipes/mutex.h>
#include <drover/recipes/revoke.h>

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

class MutexSubject : public Subject {
 public:
  explicit MutexSubject(const Making& making)
      : client_(making.client),
        lock_(making.client, making.request.text("path"), to_options(making)) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "participants") {
      const auto paths = value_or_throw(lock_.recipe().participants(block));
      return json::array(paths.begin(), paths.end());
    }
    if (op == "revoke") {
      value_or_throw(drover::revoke(client_, request.text("node"), block));
      return nullptr;
    }
    return call_lock(client_, lock_, op, request);
  }

 private:
  drover::Client client_;
  HoldingLock<drover::Mutex> lock_;
};

}  // namespace

Made make_mutex(const Making& making) {
  return std::make_shared<MutexSubject>(making);
}

}  // namespace peer
