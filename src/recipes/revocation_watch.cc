#include "recipes/revocation_watch.h"

#include <drover/error_class.h>

namespace drover::recipes {

RevocationWatch::RevocationWatch(Client client, std::string path, std::function<void()> on_revoke,
                                 std::stop_source lost)
    : client_(std::move(client)),
      path_(std::move(path)),
      on_revoke_(std::move(on_revoke)),
      lost_(std::move(lost)) {}

void RevocationWatch::start() {
  client_.watch_data(path_, [weak = weak_from_this()](Result<Watched<Node>> node) {
    if (const auto self = weak.lock()) self->take(std::move(node));
  });
}

void RevocationWatch::take(Result<Watched<Node>> node) {
  if (!node) {
    switch (error_class(node.error().code)) {
      case ErrorClass::kPrecondition:  // no znode
      case ErrorClass::kSessionDead:
        lost_.request_stop();
        return;
      case ErrorClass::kNotApplied:
      case ErrorClass::kOutcomeUnknown:
        return start();  // the client paused between its own tries
      default:
        return;  // one who may not read what he wrote cannot be asked
    }
  }
  changed_ = std::move(node->changed);
  changed_->fired(kForever, [weak = weak_from_this()](const Result<WatchedEvent>& event) {
    const auto self = weak.lock();
    if (self && event) self->start();
  });
  if (as_text(node->value.data) == kRevokeMessage) on_revoke_();
}

}  // namespace drover::recipes
