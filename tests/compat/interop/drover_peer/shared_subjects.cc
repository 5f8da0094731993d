#include "shared_subjects.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

json::value to_json(std::int32_t value) {
  return value;
}
json::value to_json(const drover::Bytes& value) {
  return json::string(to_hex(value));
}

template <typename T>
boost::asio::awaitable<void> tell_changes(drover::Stream<drover::Versioned<T>> changes,
                                          Events events) {
  for (;;) {
    const auto value = co_await changes.next();
    if (!value) co_return;
    events.tell("changed", to_json(value->value));
  }
}

class SharedValueSubject : public Subject {
 public:
  explicit SharedValueSubject(const Making& making)
      : value_(making.client, making.request.text("path"), making.request.bytes("seed")) {
    boost::asio::co_spawn(making.client.get_executor(),
                          tell_changes(value_.changes(), making.events), boost::asio::detached);
  }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "get") return to_json(value_or_throw(value_.get()).value);
    if (op == "try_set") {
      const auto previous = value_or_throw(value_.get());
      return value_or_throw(value_.try_set(previous, request.bytes("value"), block));
    }
    if (op == "start") {
      value_or_throw(value_.start(block));
    } else if (op == "set") {
      value_or_throw(value_.set(request.bytes("value"), block));
    } else if (op == "close") {
      value_or_throw(value_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  drover::SharedValue<drover::RawBytes> value_;
};

}  // namespace

SharedCountSubject::SharedCountSubject(const drover::Client& client, const Request& request,
                                       const Events& events)
    : count_(std::make_shared<drover::SharedCount>(
          client, request.text("path"), static_cast<std::int32_t>(request.number("seed", 0)))) {
  boost::asio::co_spawn(client.get_executor(), tell_changes(count_->changes(), events),
                        boost::asio::detached);
}

json::value SharedCountSubject::call(std::string_view op, const Request& request) {
  if (op == "get") return value_or_throw(count_->get()).value;
  if (op == "try_set") return try_set(static_cast<std::int32_t>(request.number("value")));
  if (op == "add") return add(request.number("count"));
  if (op == "start") {
    value_or_throw(count_->start(block));
  } else if (op == "set") {
    value_or_throw(count_->set(static_cast<std::int32_t>(request.number("value")), block));
  } else if (op == "close") {
    value_or_throw(count_->close(block));
  } else {
    throw no_such_op(op);
  }
  return nullptr;
}

// With the value that is known now as the previous one.
bool SharedCountSubject::try_set(std::int32_t value) {
  return value_or_throw(count_->try_set(value_or_throw(count_->get()), value, block));
}

// So many increments, each repeated until it is taken; answers how often one
// was refused.
std::int64_t SharedCountSubject::add(std::int64_t times) {
  std::int64_t refused = 0;
  for (std::int64_t done = 0; done < times;) {
    const auto seen = value_or_throw(count_->get());
    if (value_or_throw(count_->try_set(seen, seen.value + 1, block))) {
      ++done;
    } else {
      ++refused;
    }
  }
  return refused;
}

Made make_shared_count(const Making& making) {
  return std::make_shared<SharedCountSubject>(making.client, making.request, making.events);
}
Made make_shared_value(const Making& making) {
  return std::make_shared<SharedValueSubject>(making);
}

}  // namespace peer
