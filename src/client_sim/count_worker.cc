#include <drover/recipes/atomic_value.h>

#include "client_sim/workers.h"

namespace drover::client_sim {

using boost::asio::awaitable;
using std::chrono::milliseconds;

awaitable<void> count(Stage* stage, Actor* actor) {
  Client client = *actor->client;
  AtomicLong tally(client, kCounter, retry::Times{10, milliseconds(5)});
  Counted& counted = stage->counted[kCounter];
  while (!client.closing_token().stop_requested()) {
    const bool is_last = stage->is_ending();
    ++counted.unknown;  // as long as there is no answer; and for ever if the process dies
    const auto outcome = co_await tally.increment();
    const bool is_certain = outcome || error_class(outcome.error().code) == ErrorClass::kNotApplied;
    if (is_certain) --counted.unknown;
    if (outcome && outcome->succeeded) {
      ++counted.acknowledged;
      stage->note(*actor, "counts");
      if (is_last) break;
    }
    (void)co_await detail::pause(client, stage->ms_below(300));
  }
}

}  // namespace drover::client_sim
