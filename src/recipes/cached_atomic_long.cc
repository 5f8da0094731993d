#include <drover/recipes/cached_atomic_long.h>

namespace drover {

struct CachedAtomicLong::State {
  AtomicLong number;
  std::int64_t reserve;
  std::int64_t next = 0;
  std::int64_t end = 0;  // of what is reserved
};

CachedAtomicLong::CachedAtomicLong(AtomicLong number, std::int64_t reserve)
    : state_(std::make_shared<State>(State{.number = std::move(number), .reserve = reserve})) {}

std::shared_ptr<detail::Patience> CachedAtomicLong::make_patience() const {
  return state_->number.patience("take a number of ");
}

boost::asio::awaitable<Result<CachedAtomicLong::Outcome>> CachedAtomicLong::next_now(
    std::shared_ptr<State> state, std::shared_ptr<detail::Patience> /*patience*/) {
  if (state->reserve < 1) {
    co_return failure("at least one number has to be reserved at a time", ErrorCode::kBadArguments);
  }
  Outcome outcome;
  // Those that came together each reserve: the last reservation is used up, the others are lost.
  if (state->next == state->end) {
    auto reserved = co_await state->number.add(state->reserve);
    if (!reserved || !reserved->succeeded) co_return reserved;
    outcome.statistics = reserved->statistics;
    state->next = reserved->pre;
    state->end = reserved->post;
  }
  outcome.succeeded = true;
  outcome.pre = state->next++;
  outcome.post = state->next;
  co_return outcome;
}

}  // namespace drover
