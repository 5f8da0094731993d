// AtomicLong and AtomicInteger, with promotion when `promote` is a path;
// CachedAtomicLong.

#include <drover/recipes/atomic_value.h>
#include <drover/recipes/cached_atomic_long.h>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

drover::retry::Policy tries(const Request& request) {
  return drover::retry::Times{.count = static_cast<int>(request.number("tries", 10)),
                              .delay = std::chrono::milliseconds(1)};
}

drover::AtomicOptions to_options(const Request& request) {
  drover::AtomicOptions options;
  if (request.has("promote")) {
    options.promotion = drover::Promotion{
        .path = request.text("promote"),
        .lock_for = std::chrono::seconds(30),
        .retry = drover::retry::Times{.count = 1000, .delay = std::chrono::milliseconds(1)}};
  }
  return options;
}

template <typename Outcome>
json::value told(const Outcome& outcome) {
  if (!outcome.succeeded) return {{"succeeded", false}};
  return {{"succeeded", true}, {"pre", outcome.pre}, {"post", outcome.post}};
}

template <typename Codec>
class AtomicSubject : public Subject {
 public:
  using Number = typename Codec::Value;

  explicit AtomicSubject(const Making& making)
      : number_(making.client, making.request.text("path"), tries(making.request),
                to_options(making.request)) {}

  json::value call(std::string_view op, const Request& request) override {
    const auto value = [&](std::string_view key = "value") {
      return static_cast<Number>(request.number(key));
    };
    if (op == "get") return told(value_or_throw(number_.get(block)));
    if (op == "add") return told(value_or_throw(number_.add(value(), block)));
    if (op == "subtract") return told(value_or_throw(number_.subtract(value(), block)));
    if (op == "try_set") return told(value_or_throw(number_.try_set(value(), block)));
    if (op == "compare_and_set") {
      return told(value_or_throw(number_.compare_and_set(value("expected"), value(), block)));
    }
    if (op == "initialize") return value_or_throw(number_.initialize(value(), block));
    if (op == "increments") return increments(request.number("count"));
    if (op != "force_set") throw no_such_op(op);
    value_or_throw(number_.force_set(value(), block));
    return nullptr;
  }

 private:
  // So many, each repeated until it succeeds; answers how often one did not.
  json::value increments(std::int64_t times) {
    std::int64_t failed = 0;
    for (std::int64_t done = 0; done < times;) {
      if (value_or_throw(number_.increment(block)).succeeded) {
        ++done;
      } else {
        ++failed;
      }
    }
    return failed;
  }

  drover::AtomicValue<Codec> number_;
};

class CachedLongSubject : public Subject {
 public:
  explicit CachedLongSubject(const Making& making)
      : cached_(
            drover::AtomicLong(making.client, making.request.text("path"), tries(making.request)),
            making.request.number("factor")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op != "next") throw no_such_op(op);
    json::array given;
    for (std::int64_t i = request.number("count"); i > 0; --i) {
      const auto outcome = value_or_throw(cached_.next(block));
      given.push_back({outcome.pre, outcome.post});
    }
    return given;
  }

 private:
  drover::CachedAtomicLong cached_;
};

}  // namespace

Made make_atomic_long(const Making& making) {
  return std::make_shared<AtomicSubject<drover::BigEndianInt64>>(making);
}
Made make_atomic_int(const Making& making) {
  return std::make_shared<AtomicSubject<drover::BigEndianInt32>>(making);
}
Made make_cached_long(const Making& making) {
  return std::make_shared<CachedLongSubject>(making);
}

}  // namespace peer
