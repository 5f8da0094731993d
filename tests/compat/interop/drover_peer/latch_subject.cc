// LeaderLatch; tells `leader` true or false whenever that changes.

#include <drover/recipes/leader_latch.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "in_time.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

boost::asio::awaitable<void> tell_changes(drover::Stream<bool> changes, Events events) {
  for (;;) {
    const drover::Result<bool> leads = co_await changes.next();
    if (!leads) co_return;
    events.tell("leader", *leads);
  }
}

class LatchSubject : public Subject {
 public:
  explicit LatchSubject(const Making& making)
      : latch_(making.client, making.request.text("path"), making.request.text("id", "")) {
    boost::asio::co_spawn(making.client.get_executor(),
                          tell_changes(latch_.changes(), making.events), boost::asio::detached);
  }

  json::value call(std::string_view op, const Request& request) override {
    if (op == "is_leader") return latch_.is_leader();
    if (op == "await") return in_time(latch_.await_leadership(request.timeout(), block));
    if (op == "participants") return participants();
    if (op == "leader") {
      const auto leader = value_or_throw(latch_.leader(block));
      return json::string(leader ? leader->id : "");
    }
    if (op == "start") {
      value_or_throw(latch_.start());
    } else if (op == "close") {
      value_or_throw(latch_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  json::value participants() {
    json::array told;
    for (const auto& each : value_or_throw(latch_.participants(block))) {
      told.push_back({{"id", each.id}, {"leader", each.is_leader}});
    }
    return told;
  }

  drover::LeaderLatch latch_;
};

}  // namespace

Made make_latch(const Making& making) {
  return std::make_shared<LatchSubject>(making);
}

}  // namespace peer
