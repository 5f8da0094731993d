// QueueSharder of plain queues; with `consume` each of them tells `item`.

#include <drover/recipes/queue.h>
#include <drover/recipes/queue_sharder.h>

#include <boost/json/value_from.hpp>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

boost::asio::awaitable<bool> tell_item(drover::Bytes item, Events events) {
  events.tell("item", json::string(to_hex(item)));
  co_return true;
}

drover::QueueSharderPolicies policies_of(const Request& request) {
  return {.new_queue_threshold = static_cast<int>(request.number("threshold")),
          .threshold_check = std::chrono::milliseconds(request.number("check_ms")),
          .queues_max = static_cast<int>(request.number("queues_max"))};
}

class SharderSubject : public Subject {
 public:
  explicit SharderSubject(const Making& making)
      : sharder_(making.client, making.request.text("path"), making.request.text("leader_path"),
                 policies_of(making.request),
                 allocator(making.request.flag("consume"), making.events)) {
    value_or_throw(sharder_.start(block));
  }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "paths") return json::value_from(sharder_.queue_paths());
    if (op == "put") {
      const drover::Bytes item = request.bytes("item");
      value_or_throw(value_or_throw(sharder_.queue())->put(item, drover::kForever, block));
    } else if (op == "close") {
      sharder_.close();
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  using Sharder = drover::QueueSharder<drover::Queue>;

  static Sharder::Allocator allocator(bool consumes, const Events& events) {
    return [consumes, events](drover::Client client, std::string path) {
      auto queue = std::make_shared<drover::Queue>(std::move(client), std::move(path));
      if (consumes) {
        queue->consume([events](drover::Bytes item) { return tell_item(std::move(item), events); },
                       {}, [](const drover::Result<void>&) {});
      }
      return queue;
    };
  }

  Sharder sharder_;
};

}  // namespace

Made make_queue_sharder(const Making& making) {
  return std::make_shared<SharderSubject>(making);
}

}  // namespace peer
