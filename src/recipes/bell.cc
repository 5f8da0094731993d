#include "recipes/bell.h"

namespace drover::recipes {

Bell::Bell(const Client& client)
    : rings_(std::make_shared<Rings>(client.get_executor(), Rings::Options{.unread_max = 1})),
      closing_(client.closing_token(), [rings = rings_] { rings->push({}); }) {}

// No coroutine: GCC 12 destroys a closure that stands in a co_await expression twice.
boost::asio::awaitable<Result<Bell::Ring>> Bell::take(std::chrono::milliseconds at_most) {
  return detail::initiate<Ring>(rings_->executor(), boost::asio::use_awaitable,
                                [rings = rings_, at_most](detail::Handler<Ring> handler) {
                                  rings->take(std::move(handler), at_most);
                                });
}

boost::asio::awaitable<Result<void>> Bell::wait(std::chrono::milliseconds at_most) {
  auto rung = co_await take(at_most);
  if (!rung) co_return std::unexpected(std::move(rung.error()));
  co_return Result<void>();
}

void Bell::listen(OneShot& watch) {
  // A dropped watch answers kCancelled: whoever dropped it knows.
  watch.fired(kForever, [rings = rings_](const Result<WatchedEvent>& event) {
    if (event || event.error().code != ErrorCode::kCancelled) rings->push({});
  });
}

}  // namespace drover::recipes
