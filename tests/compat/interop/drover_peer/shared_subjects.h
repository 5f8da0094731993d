#pragma once
// SharedCount, which limits semaphores too.

#include <drover/recipes/shared_value.h>

#include "subject.h"

namespace peer {

class SharedCountSubject : public Subject {
 public:
  // Tells `changed` with each value it hears of.
  SharedCountSubject(const drover::Client& client, const Request& request, const Events& events);

  [[nodiscard]] const std::shared_ptr<drover::SharedCount>& count() const { return count_; }
  boost::json::value call(std::string_view op, const Request& request) override;

 private:
  bool try_set(std::int32_t value);
  std::int64_t add(std::int64_t times);

  std::shared_ptr<drover::SharedCount> count_;
};

}  // namespace peer
