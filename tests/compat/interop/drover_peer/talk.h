#pragma once
// Answers and events of a peer: whole lines of JSON on stdout (../README.md). Thread-safe.

#include <boost/json/value.hpp>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string_view>

namespace peer {

// Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
std::int64_t now();

class Talk {
 public:
  void answer(std::int64_t number, std::int64_t start, boost::json::value result);
  void fail(std::int64_t number, std::int64_t start, const std::exception_ptr& failure);
  void event(std::string_view on, std::string_view event, boost::json::value value);

 private:
  void say(const boost::json::object& line);

  std::mutex mutex_;
};

}  // namespace peer
