#include <drover/detail/environment.h>
#include <drover/recipes/atomic_value.h>
#include <drover/recipes/mutex.h>

namespace drover::detail {
namespace {

using Outcome = AtomicBytes::Outcome;
using Shared = std::shared_ptr<AtomicBytes::State>;

// Whether somebody else was faster.
bool has_lost_race(const Error& error) {
  return error.code == ErrorCode::kBadVersion || error.code == ErrorCode::kNoNode ||
         error.code == ErrorCode::kNodeExists;
}

// The znode's data and version; none while it is missing.
boost::asio::awaitable<Result<std::optional<Node>>> read(Shared state) {
  auto node = co_await state->client.get(state->path);
  if (node) co_return std::move(*node);
  if (node.error().code == ErrorCode::kNoNode) co_return std::nullopt;
  co_return std::unexpected(std::move(node.error()));
}

boost::asio::awaitable<Result<void>> create(Shared state, Bytes value) {
  const CreateOptions how{.parents = recipe_parents(state->client)};
  auto created = co_await state->client.create(state->path, value, how);
  if (!created) co_return std::unexpected(std::move(created.error()));
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> set(Shared state, Bytes value, std::int32_t version) {
  const SetOptions how{.version = version};
  auto stat = co_await state->client.set(state->path, value, how);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  co_return Result<void>();
}

// True: it was changed. False: somebody else was faster.
boost::asio::awaitable<Result<bool>> try_once(Shared state, AtomicBytes::Change change,
                                              std::shared_ptr<Outcome> outcome) {
  auto node = co_await read(state);
  if (!node) co_return std::unexpected(std::move(node.error()));
  outcome->pre = *node ? (*node)->data : Bytes();
  auto next = change(outcome->pre);
  if (!next) co_return std::unexpected(std::move(next.error()));
  Result<void> written;
  if (*node) {
    written = co_await set(state, *next, (*node)->stat.version);
  } else {
    written = co_await create(state, *next);
  }
  if (written) {
    outcome->post = std::move(*next);
    outcome->succeeded = true;
    co_return true;
  }
  if (has_lost_race(written.error())) co_return false;
  co_return std::unexpected(std::move(written.error()));
}

std::chrono::milliseconds now(const Shared& state) {
  return detail::now(state->client.get_executor());
}

// Until it succeeds or the policy gives up.
boost::asio::awaitable<Result<void>> try_often(Shared state, AtomicBytes::Patience patience,
                                               AtomicBytes::Change change, retry::Policy retry,
                                               std::shared_ptr<Outcome> outcome, int* tries) {
  const auto began = now(state);
  while (true) {
    ++*tries;
    const auto done = co_await try_once(state, change, outcome);
    if (!done) co_return std::unexpected(done.error());
    if (*done) break;
    const auto delay = retry::next_delay(retry, *tries - 1, now(state) - began,
                                         random_number(state->client.get_executor()));
    if (!delay) break;
    auto paused = co_await patience->wait(pause(state->client, *delay));
    if (!paused) co_return paused;
  }
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> try_optimistically(Shared state,
                                                        AtomicBytes::Patience patience,
                                                        AtomicBytes::Change change,
                                                        std::shared_ptr<Outcome> outcome) {
  const auto began = now(state);
  auto tried = co_await try_often(state, patience, std::move(change), state->retry, outcome,
                                  &outcome->statistics.optimistic_tries);
  outcome->statistics.optimistic_time = now(state) - began;
  co_return tried;
}

boost::asio::awaitable<Result<void>> try_promoted(Shared state, AtomicBytes::Patience patience,
                                                  AtomicBytes::Change change,
                                                  std::shared_ptr<Outcome> outcome) {
  const auto began = now(state);
  const Promotion& promotion = *state->options.promotion;
  Mutex mutex(state->client, promotion.path);
  auto hold = co_await mutex.acquire(promotion.lock_for);
  // Not had in time: the change has not succeeded, which is no error.
  if (!hold && hold.error().code != ErrorCode::kTimedOut) {
    co_return std::unexpected(std::move(hold.error()));
  }
  Result<void> tried;
  if (hold) {
    tried = co_await try_often(state, patience, std::move(change), promotion.retry, outcome,
                               &outcome->statistics.promoted_tries);
  }
  outcome->statistics.promoted_time = now(state) - began;
  co_return tried;
}

}  // namespace

AtomicBytes::AtomicBytes(Client client, std::string path, retry::Policy retry,
                         AtomicOptions options)
    : state_(std::make_shared<State>(State{.client = std::move(client),
                                           .path = std::move(path),
                                           .retry = std::move(retry),
                                           .options = std::move(options)})) {}

AtomicBytes::Patience AtomicBytes::patience(const char* what) const {
  return std::make_shared<detail::Patience>(state_->client, kForever, what + state_->path,
                                            state_->path);
}

boost::asio::awaitable<Result<Outcome>> AtomicBytes::get(Shared state) {
  auto node = co_await read(state);
  if (!node) co_return std::unexpected(std::move(node.error()));
  Bytes value = *node ? std::move((*node)->data) : Bytes();
  co_return Outcome{.succeeded = true, .pre = value, .post = value};
}

boost::asio::awaitable<Result<Outcome>> AtomicBytes::change(Shared state, Patience patience,
                                                            Change change) {
  const auto outcome = std::make_shared<Outcome>();
  auto tried = co_await try_optimistically(state, patience, change, outcome);
  if (tried && !outcome->succeeded && state->options.promotion) {
    tried = co_await try_promoted(state, patience, std::move(change), outcome);
  }
  if (!tried) co_return std::unexpected(std::move(tried.error()));
  co_return std::move(*outcome);
}

boost::asio::awaitable<Result<Outcome>> AtomicBytes::exchange(
    Shared state, std::function<Result<bool>(BytesView)> expects, Bytes desired) {
  auto node = co_await read(state);
  if (!node) co_return std::unexpected(std::move(node.error()));
  Outcome outcome;
  if (!*node) co_return outcome;
  outcome.pre = (*node)->data;
  const auto is_expected = expects(outcome.pre);
  if (!is_expected) co_return std::unexpected(is_expected.error());
  if (!*is_expected) co_return outcome;
  auto written = co_await set(state, desired, (*node)->stat.version);
  if (!written && !has_lost_race(written.error())) {
    co_return std::unexpected(std::move(written.error()));
  }
  outcome.succeeded = written.has_value();
  if (outcome.succeeded) outcome.post = std::move(desired);
  co_return outcome;
}

boost::asio::awaitable<Result<void>> AtomicBytes::store(Shared state, Bytes value) {
  auto written = co_await set(state, value, kAnyVersion);
  if (written || written.error().code != ErrorCode::kNoNode) co_return written;
  written = co_await create(state, value);
  if (written || written.error().code != ErrorCode::kNodeExists) co_return written;
  co_return co_await set(state, value, kAnyVersion);
}

boost::asio::awaitable<Result<bool>> AtomicBytes::initialize(Shared state, Bytes value) {
  auto written = co_await create(state, std::move(value));
  if (written) co_return true;
  if (written.error().code == ErrorCode::kNodeExists) co_return false;
  co_return std::unexpected(std::move(written.error()));
}

}  // namespace drover::detail
