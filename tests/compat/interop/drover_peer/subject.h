#pragma once
// What requests are made to: a recipe's object, named by `on`, or a client.

#include <boost/json/value.hpp>
#include <stdexcept>
#include <string>

#include "request.h"
#include "talk.h"

namespace peer {

class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  // Answers what `ok` carries; throws what is told as an error. Called on the thread that the
  // request names, so by several at once.
  virtual boost::json::value call(std::string_view op, const Request& request) = 0;
};

inline std::invalid_argument no_such_op(std::string_view op) {
  return std::invalid_argument("no such op: " + std::string(op));
}

// What one object tells without being asked. Thread-safe; may outlive the object.
class Events {
 public:
  Events(Talk& talk, std::string on) : talk_(&talk), on_(std::move(on)) {}
  void tell(std::string_view event, boost::json::value value = nullptr) const {
    talk_->event(on_, event, std::move(value));
  }

 private:
  Talk* talk_;
  std::string on_;
};

}  // namespace peer
