// kazoo's Counter, of integers or (`float`) of floating point numbers, its leases (`count` of them
// make it a MultiNonBlockingLease), and its SetPartitioner.

#include <drover/recipes/kazoo_counter.h>
#include <drover/recipes/kazoo_lease.h>
#include <drover/recipes/kazoo_set_partitioner.h>

#include <boost/json/value_from.hpp>
#include <optional>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

template <typename Number>
class CounterSubject : public Subject {
 public:
  explicit CounterSubject(const Making& making)
      : counter_(making.client, making.request.text("path")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "get") return value_or_throw(counter_.value(block));
    if (op != "change") throw no_such_op(op);
    const Number by = request.at("by").to_number<Number>();
    return value_or_throw(counter_.add(by, block)).post;
  }

 private:
  drover::kazoo::BasicCounter<Number> counter_;
};

drover::kazoo::MultiNonBlockingLease make_lease(const Making& making) {
  const Request& request = making.request;
  const std::chrono::seconds duration(request.number("seconds"));
  std::string path = request.text("path");
  if (!request.has("count")) {
    return drover::kazoo::NonBlockingLease(making.client, path, duration, request.text("id"));
  }
  return {making.client, static_cast<int>(request.number("count")), path, duration,
          request.text("id")};
}

class LeaseSubject : public Subject {
 public:
  explicit LeaseSubject(const Making& making) : lease_(make_lease(making)) {}

  json::value call(std::string_view op, const Request&) override {
    if (op != "obtain") throw no_such_op(op);
    return value_or_throw(lease_.obtain(block));
  }

 private:
  drover::kazoo::MultiNonBlockingLease lease_;
};

class SetPartitionerSubject : public Subject {
 public:
  explicit SetPartitionerSubject(const Making& making)
      : partitioner_(
            making.client, making.request.text("path"), making.request.texts("items"),
            making.request.text("id"),
            {.time_boundary = std::chrono::milliseconds(making.request.number("boundary_ms"))}) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "acquire") {
      share_ = value_or_throw(partitioner_.acquire(request.timeout(), block));
      return json::value_from(share_->items());
    }
    if (op == "changed") return share_.value().changed().stop_requested();
    if (op != "release") throw no_such_op(op);
    value_or_throw(share_.value().release(block));
    return nullptr;
  }

 private:
  drover::kazoo::SetPartitioner partitioner_;
  std::optional<drover::kazoo::SetPartition> share_;
};

}  // namespace

Made make_kazoo_counter(const Making& making) {
  if (making.request.flag("float")) return std::make_shared<CounterSubject<double>>(making);
  return std::make_shared<CounterSubject<std::int64_t>>(making);
}
Made make_kazoo_lease(const Making& making) {
  return std::make_shared<LeaseSubject>(making);
}
Made make_kazoo_set_partitioner(const Making& making) {
  return std::make_shared<SetPartitionerSubject>(making);
}

}  // namespace peer
