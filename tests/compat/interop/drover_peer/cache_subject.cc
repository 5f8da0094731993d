// Cache of a tree (or one znode): tells `cache` for every event.

#include <drover/cache.h>

#include "subjects.h"

namespace peer {

namespace json = boost::json;

namespace {

void tell(const Events& events, const drover::CacheEvent& event) {
  using Kind = drover::CacheEvent::Kind;
  const auto change = [&](std::string_view type) {
    json::object value{{"type", json::string(type)}, {"path", event.path}, {"data", nullptr}};
    if (event.after) value["data"] = to_hex(event.after->data);
    events.tell("cache", std::move(value));
  };
  switch (event.kind) {
    case Kind::kCreated:
      return change("created");
    case Kind::kChanged:
      return change("changed");
    case Kind::kDeleted:
      return change("deleted");
    case Kind::kInitialized:
      return events.tell("initialized");
    case Kind::kOverflow:
      return events.tell("overflow");
  }
}

class CacheSubject : public Subject {
 public:
  explicit CacheSubject(const Making& making)
      : cache_(making.client, making.request.text("path"),
               {.depth_max = making.request.flag("single") ? 0 : drover::CacheOptions::kWholeTree}),
        told_(cache_.on_event(
            [events = making.events](const drover::CacheEvent& event) { tell(events, event); })) {}

  json::value call(std::string_view op, const Request&) override {
    if (op == "start") {
      drover::value_or_throw(cache_.start(drover::block));
    } else if (op == "snapshot") {
      return snapshot();
    } else if (op == "close") {
      cache_.close();
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  json::value snapshot() const {
    json::object nodes;
    for (const auto& [path, node] : cache_.snapshot()) {
      nodes[path] = {json::string(to_hex(node->data)), node->stat.mzxid};
    }
    return nodes;
  }

  drover::Cache cache_;
  drover::Subscription told_;
};

}  // namespace

Made make_cache(const Making& making) {
  return std::make_shared<CacheSubject>(making);
}

}  // namespace peer
