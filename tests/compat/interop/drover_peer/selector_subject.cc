// LeaderSelector: tells `taken` when its turn comes and `given` when it ends, which `yield` makes
// it do; with `hold_ms` it ends by itself.

#include <drover/recipes/leader_selector.h>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

// What outlives the body that a selector runs.
struct Turns {
  Turns(const drover::Client& client, Events told)
      : yields(client.get_executor()), events(std::move(told)) {}

  drover::StreamSource<bool> yields;
  Events events;
  std::chrono::milliseconds hold = drover::kForever;
};

boost::asio::awaitable<void> lead(std::shared_ptr<Turns> turns, drover::Leadership leadership) {
  drover::Stream<bool> yields = turns->yields.subscribe();
  turns->events.tell("taken");
  const auto give_up = [turns] { turns->yields.publish(true); };
  const std::stop_callback<decltype(give_up)> on_loss(leadership.lost, give_up);
  const drover::Result<bool> yielded = co_await yields.next(turns->hold);
  static_cast<void>(yielded);  // Whatever it was, the turn is over.
  turns->events.tell("given");
}

drover::LeaderSelectorOptions to_options(const Request& request) {
  drover::LeaderSelectorOptions options;
  options.id = request.text("id", "");
  options.auto_requeue = request.flag("requeue");
  return options;
}

std::shared_ptr<Turns> make_turns(const Making& making) {
  auto turns = std::make_shared<Turns>(making.client, making.events);
  if (making.request.has("hold_ms")) {
    turns->hold = std::chrono::milliseconds(making.request.number("hold_ms"));
  }
  return turns;
}

class SelectorSubject : public Subject {
 public:
  explicit SelectorSubject(const Making& making)
      : turns_(make_turns(making)),
        selector_(
            making.client, making.request.text("path"),
            [turns = turns_](drover::Leadership leadership) {
              return lead(turns, std::move(leadership));
            },
            to_options(making.request)) {}

  json::value call(std::string_view op, const Request&) override {
    if (op == "requeue") return selector_.requeue();
    if (op == "is_leader") return selector_.has_leadership();
    if (op == "participants") {
      json::array told;
      for (const auto& each : value_or_throw(selector_.participants(block))) {
        told.push_back({{"id", each.id}, {"leader", each.is_leader}});
      }
      return told;
    }
    if (op == "start") {
      value_or_throw(selector_.start());
    } else if (op == "yield") {
      turns_->yields.publish(true);
    } else if (op == "close") {
      value_or_throw(selector_.close(block));
    } else {
      throw no_such_op(op);
    }
    return nullptr;
  }

 private:
  std::shared_ptr<Turns> turns_;
  drover::LeaderSelector selector_;
};

}  // namespace

Made make_selector(const Making& making) {
  return std::make_shared<SelectorSubject>(making);
}

}  // namespace peer
