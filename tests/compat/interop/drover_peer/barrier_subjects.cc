// Gate, and DoubleBarrier.

#include <drover/recipes/double_barrier.h>
#include <drover/recipes/gate.h>

#include "in_time.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

class BarrierSubject : public Subject {
 public:
  explicit BarrierSubject(const Making& making)
      : gate_(making.client, making.request.text("path")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "wait") return in_time(gate_.wait(request.timeout(), block));
    if (op == "set") {
      value_or_throw(gate_.raise(block));
    } else if (op == "remove") {
      value_or_throw(gate_.drop(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::Gate gate_;
};

class DoubleBarrierSubject : public Subject {
 public:
  explicit DoubleBarrierSubject(const Making& making)
      : barrier_(making.client, making.request.text("path"),
                 static_cast<int>(making.request.number("members"))) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "enter") return in_time(barrier_.enter(request.timeout(), block));
    if (op == "leave") return in_time(barrier_.leave(request.timeout(), block));
    throw no_such_op(op);
  }

 private:
  drover::DoubleBarrier barrier_;
};

}  // namespace

Made make_barrier(const Making& making) {
  return std::make_shared<BarrierSubject>(making);
}
Made make_double_barrier(const Making& making) {
  return std::make_shared<DoubleBarrierSubject>(making);
}

}  // namespace peer
