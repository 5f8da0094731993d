// The queues with frames: `flavour` is plain, id, priority or delay; and
// SimpleQueue. A consumer tells `item` for each; with `hold` it then waits for
// a `finish`, whose `fail` makes it give the item back.

#include <drover/recipes/queue.h>
#include <drover/recipes/simple_queue.h>

#include <variant>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

using AnyOf =
    std::variant<drover::Queue, drover::IdQueue, drover::PriorityQueue, drover::DelayQueue>;

AnyOf make_queue(const Making& making) {
  drover::QueueOptions options;
  options.lock_path = making.request.text("lock_path", "");
  options.items_before_refresh = 1;
  const std::string flavour = making.request.text("flavour");
  std::string path = making.request.text("path");
  if (flavour == "plain") return drover::Queue(making.client, path, options);
  if (flavour == "id") return drover::IdQueue(making.client, path, options);
  if (flavour == "priority") return drover::PriorityQueue(making.client, path, options);
  if (flavour == "delay") return drover::DelayQueue(making.client, path, options);
  throw std::invalid_argument("no such flavour: " + flavour);
}

boost::asio::awaitable<bool> handle(drover::Bytes item, Events events,
                                    std::shared_ptr<drover::Stream<bool>> finished) {
  events.tell("item", json::string(to_hex(item)));
  if (!finished) co_return true;
  const drover::Result<bool> fails = co_await finished->next();
  co_return fails && !*fails;
}

class QueueSubject : public Subject {
 public:
  explicit QueueSubject(const Making& making)
      : queue_(make_queue(making)), finished_(making.client.get_executor()) {
    if (!making.request.flag("consume")) return;
    std::shared_ptr<drover::Stream<bool>> finished;
    if (making.request.flag("hold")) {
      finished = std::make_shared<drover::Stream<bool>>(finished_.subscribe());
    }
    any().consume([events = making.events, finished](
                      drover::Bytes item) { return handle(std::move(item), events, finished); },
                  stop_.get_token(), [](const drover::Result<void>&) {});
  }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "remove")
      return value_or_throw(of<drover::IdQueue>().remove(request.text("id"), block));
    if (op == "put") {
      put(request);
    } else if (op == "put_many") {
      std::vector<drover::Bytes> items;
      for (const std::string& each : request.texts("items")) items.push_back(from_hex(each));
      value_or_throw(of<drover::Queue>().put_all(std::move(items), drover::kForever, block));
    } else if (op == "finish") {
      finished_.publish(request.flag("fail"));
    } else if (op == "close") {
      stop_.request_stop();
      any().close();
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::AnyQueue& any() {
    return std::visit([](auto& queue) -> drover::AnyQueue& { return queue; }, queue_);
  }
  template <typename Kind>
  Kind& of() {
    return std::get<Kind>(queue_);
  }

  void put(const Request& request) {
    const drover::Bytes item = request.bytes("item");
    if (auto* by_id = std::get_if<drover::IdQueue>(&queue_)) {
      value_or_throw(by_id->put(item, request.text("id"), drover::kForever, block));
    } else if (auto* by_priority = std::get_if<drover::PriorityQueue>(&queue_)) {
      const auto priority = static_cast<std::int32_t>(request.number("priority"));
      value_or_throw(by_priority->put(item, priority, drover::kForever, block));
    } else if (auto* by_time = std::get_if<drover::DelayQueue>(&queue_)) {
      const drover::DelayQueue::TimePoint due(std::chrono::milliseconds(request.number("due_ms")));
      value_or_throw(by_time->put(item, due, drover::kForever, block));
    } else {
      value_or_throw(of<drover::Queue>().put(item, drover::kForever, block));
    }
  }

  AnyOf queue_;
  drover::StreamSource<bool> finished_;  // whether the item in hand failed
  std::stop_source stop_;
};

json::value told(const std::optional<drover::Bytes>& item) {
  return item ? json::value(json::string(to_hex(*item))) : json::value(nullptr);
}

class SimpleQueueSubject : public Subject {
 public:
  explicit SimpleQueueSubject(const Making& making)
      : queue_(making.client, making.request.text("path")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "peek") return told(value_or_throw(queue_.peek(block)));
    if (op == "take") return told(value_or_throw(queue_.take(block)));
    if (op == "poll") {
      const std::chrono::milliseconds at_most(request.number("timeout_ms", 0));
      return told(value_or_throw(queue_.poll(at_most, block)));
    }
    if (op != "offer") throw no_such_op(op);
    const drover::Bytes item = request.bytes("item");
    value_or_throw(queue_.offer(item, block));
    return true;
  }

 private:
  drover::SimpleQueue queue_;
};

}  // namespace

Made make_queue_subject(const Making& making) {
  return std::make_shared<QueueSubject>(making);
}
Made make_simple_queue(const Making& making) {
  return std::make_shared<SimpleQueueSubject>(making);
}

}  // namespace peer
