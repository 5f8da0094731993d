#include "recipes/loss_watch.h"

namespace drover::recipes {

LossWatch::LossWatch(const Client& client, ErrorPolicy policy) {
  if (policy == ErrorPolicy::kStandard) {
    on_suspect_.emplace(client.suspect_token(), Stop{lost_});
  } else {
    Client followed = client;
    states_ = followed.on_connection_state([lost = lost_](ConnectionState state) mutable {
      if (state == ConnectionState::kLost) lost.request_stop();
    });
  }
  on_closing_.emplace(client.closing_token(), Stop{lost_});
}

}  // namespace drover::recipes
