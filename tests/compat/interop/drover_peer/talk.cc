#include "talk.h"

#include <drover/exception.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <iostream>

namespace peer {

namespace json = boost::json;

std::int64_t now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

void Talk::answer(std::int64_t number, std::int64_t start, json::value result) {
  say({{"n", number}, {"start", start}, {"end", now()}, {"ok", std::move(result)}});
}

void Talk::fail(std::int64_t number, std::int64_t start, const std::exception_ptr& failure) {
  json::object line{{"n", number}, {"start", start}, {"end", now()}};
  try {
    std::rethrow_exception(failure);
  } catch (const drover::Exception& exception) {
    line["error"] = "drover::Exception";
    line["message"] = exception.what();
    line["code"] = static_cast<int>(exception.error().code);
    line["path"] = exception.error().path;
  } catch (const std::exception& exception) {
    line["error"] = "std::exception";
    line["message"] = exception.what();
  }
  say(line);
}

void Talk::event(std::string_view on, std::string_view event, json::value value) {
  say({{"event", event}, {"on", on}, {"at", now()}, {"value", std::move(value)}});
}

void Talk::say(const json::object& line) {
  const std::string text = json::serialize(line);
  const std::lock_guard lock(mutex_);
  std::cout << text << std::endl;
}

}  // namespace peer
