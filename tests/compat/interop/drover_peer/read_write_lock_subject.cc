// SharedMutex, in the style of threads: every op names its `side`, read or write. The thread of the
// requests is the owner.

#include <drover/recipes/shared_mutex.h>

#include "sections.h"
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

class ReadSide : public Lock {
 public:
  explicit ReadSide(drover::SharedMutex& mutex) : mutex_(&mutex) {}
  bool acquire(std::chrono::milliseconds at_most) override {
    return mutex_->try_lock_shared_for(at_most);
  }
  void release() override { mutex_->unlock_shared(); }
  [[nodiscard]] json::value node() const override { return nullptr; }

 private:
  drover::SharedMutex* mutex_;
};

class WriteSide : public Lock {
 public:
  explicit WriteSide(drover::SharedMutex& mutex) : mutex_(&mutex) {}
  bool acquire(std::chrono::milliseconds at_most) override { return mutex_->try_lock_for(at_most); }
  void release() override { mutex_->unlock(); }
  [[nodiscard]] json::value node() const override { return nullptr; }

 private:
  drover::SharedMutex* mutex_;
};

class ReadWriteLockSubject : public Subject {
 public:
  explicit ReadWriteLockSubject(const Making& making)
      : client_(making.client),
        mutex_(making.client, making.request.text("path"), to_options(making.request)),
        readers_(mutex_),
        writers_(mutex_) {}

  json::value call(std::string_view op, const Request& request) override {
    const bool reads = request.text("side") == "read";
    if (op == "participants") {
      const auto paths = value_or_throw(reads ? mutex_.read_participants(block)
                                              : mutex_.write_participants(block));
      return json::array(paths.begin(), paths.end());
    }
    Lock& side = reads ? static_cast<Lock&>(readers_) : writers_;
    return call_lock(client_, side, op, request);
  }

 private:
  drover::Client client_;
  drover::SharedMutex mutex_;
  ReadSide readers_;
  WriteSide writers_;
};

}  // namespace

Made make_rwlock(const Making& making) {
  return std::make_shared<ReadWriteLockSubject>(making);
}

}  // namespace peer
