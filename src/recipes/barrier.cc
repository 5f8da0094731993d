#include <drover/recipes/barrier.h>

#include <algorithm>
#include <charconv>
#include <exception>

#include "recipes/background.h"
#include "recipes/bell.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr std::string_view kPhase = "phase-";
constexpr std::string_view kReady = "ready";
constexpr std::string_view kCompleting = "completing";
constexpr std::string_view kDrop = "drop-";
constexpr int kLooksMax = 100;  // each of them lost to a phase that others have completed meanwhile

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// Of the youngest phase; nullopt when there is none.
std::optional<std::int64_t> last_phase(const std::vector<std::string>& names) {
  std::optional<std::int64_t> last;
  for (std::string_view name : names) {
    if (name.starts_with(kPhase)) last = std::max(last, number_of(name.substr(kPhase.size())));
  }
  return last;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_arrival(std::string_view name) {
  return name != kReady && name != kCompleting;
}

Result<void> without_exceptions(const std::function<void()>& function) {
  try {
    function();
  } catch (...) {
    return std::unexpected(detail::unexpected_exception_error(std::current_exception()));
  }
  return {};
}

// A phase in which one can arrive.
struct OpenPhase {
  std::int64_t number = 0;
  std::int64_t expected = 0;
};

enum class Progress : std::uint8_t {
  kOpen,
  kComplete,
  kMissing,  // open, and without the arrivals that were asked for
};

}  // namespace

// Belongs to the client's executor.
struct Barrier::State {
  Client client;
  std::string path;
  std::int64_t expected;
  std::function<void()> on_completion;
  std::string id;  // marks what this object completes
  bool is_completing = false;

  [[nodiscard]] std::string phase_path(std::int64_t phase) const {
    return detail::child_path(path, std::string(kPhase) + std::to_string(phase));
  }
  [[nodiscard]] std::string path_of(std::int64_t phase, std::string_view name) const {
    return detail::child_path(phase_path(phase), name);
  }
  awaitable<Result<std::optional<std::int64_t>>> read_last_phase();
  awaitable<Result<std::optional<std::int64_t>>> read_ready(std::int64_t phase);
  awaitable<Result<OpenPhase>> open_phase();
  awaitable<Result<void>> create_arrivals(ArrivalToken& arrival, std::ptrdiff_t count, bool drops);
  awaitable<Result<bool>> is_too_late(const ArrivalToken& arrival);
  void take_back(const ArrivalToken& arrival);
  awaitable<Result<Progress>> look(const ArrivalToken& arrival, std::optional<OneShot>& watch);
  awaitable<Result<bool>> complete(OpenPhase phase, std::vector<std::string> names);
  awaitable<Result<void>> create_ready(OpenPhase phase, std::vector<std::string> names);
  awaitable<Result<bool>> call_on_completion(std::int64_t phase);
};

// --- reading

awaitable<Result<std::optional<std::int64_t>>> Barrier::State::read_last_phase() {
  auto listing = co_await client.children(path);
  if (listing) co_return last_phase(listing->names);
  if (listing.error().code == ErrorCode::kNoNode) co_return std::nullopt;
  co_return std::unexpected(std::move(listing.error()));
}

// What the phase after it expects; nullopt while it is not complete.
awaitable<Result<std::optional<std::int64_t>>> Barrier::State::read_ready(std::int64_t phase) {
  const std::string at = path_of(phase, kReady);
  auto ready = co_await client.get(at);
  if (!ready && ready.error().code == ErrorCode::kNoNode) co_return std::nullopt;
  if (!ready) co_return std::unexpected(std::move(ready.error()));
  const auto next = number_of(as_text(ready->data));
  if (!next) {
    co_return std::unexpected(Error{.code = ErrorCode::kCorruptPayload,
                                    .message = "barrier: " + at + " holds no number of members",
                                    .path = at});
  }
  co_return next;
}

awaitable<Result<OpenPhase>> Barrier::State::open_phase() {
  for (int looks = 0; looks < kLooksMax; ++looks) {
    const auto last = co_await read_last_phase();
    if (!last) co_return std::unexpected(last.error());
    if (!*last) co_return OpenPhase{.number = 0, .expected = expected};
    const auto next = co_await read_ready(**last);
    if (!next) co_return std::unexpected(next.error());
    if (*next) co_return OpenPhase{.number = **last + 1, .expected = **next};
    if (**last == 0) co_return OpenPhase{.number = 0, .expected = expected};
    const auto own = co_await read_ready(**last - 1);
    if (!own) co_return std::unexpected(own.error());
    if (*own) co_return OpenPhase{.number = **last, .expected = **own};
    // Removed between the two reads, so the last one is complete; or else by a stranger.
  }
  co_return std::unexpected(Error{.code = ErrorCode::kCorruptPayload,
                                  .message = "barrier: the phase before the last is missing",
                                  .path = path});
}

// --- arriving

awaitable<Result<void>> Barrier::State::create_arrivals(ArrivalToken& arrival, std::ptrdiff_t count,
                                                        bool drops) {
  // The names are new, so what is there already is ours, of a try whose answer was lost.
  const CreateOptions how{.mode = drops ? CreateMode::kPersistent : CreateMode::kEphemeral,
                          .parents = detail::recipe_parents(client),
                          .exists = OnExists::kAcceptIdentical};
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    std::string name = (drops ? std::string(kDrop) : "") + detail::random_uuid(client);
    auto created = co_await client.create(path_of(arrival.phase_, name), BytesView(), how);
    arrival.names_.push_back(std::move(name));
    if (!created) co_return std::unexpected(std::move(created.error()));
    arrival.czxid_ = created->stat.czxid;
  }
  co_return Result<void>();
}

// Whether others had completed the phase before: then it is to be done again in the next one.
awaitable<Result<bool>> Barrier::State::is_too_late(const ArrivalToken& arrival) {
  auto ready = co_await client.exists(path_of(arrival.phase_, kReady));
  if (!ready) co_return std::unexpected(std::move(ready.error()));
  if (*ready) co_return (*ready)->czxid < arrival.czxid_;
  const auto last = co_await read_last_phase();
  if (!last) co_return std::unexpected(last.error());
  if (last->value_or(0) <= arrival.phase_) co_return false;
  // It is over and removed. If the arrival is still there, it has made the phase's znode anew.
  auto own = co_await client.exists(path_of(arrival.phase_, arrival.names_.back()));
  if (!own) co_return std::unexpected(std::move(own.error()));
  co_return own->has_value();
}

void Barrier::State::take_back(const ArrivalToken& arrival) {
  for (const auto& name : arrival.names_) {
    client.remove_in_background(path_of(arrival.phase_, name));
  }
}

awaitable<Result<Barrier::ArrivalToken>> Barrier::arrive_now(StatePtr state, std::ptrdiff_t count,
                                                             bool drops) {
  for (int looks = 0; looks < kLooksMax; ++looks) {
    const auto phase = co_await state->open_phase();
    if (!phase) co_return std::unexpected(phase.error());
    if (count < 1 || count > phase->expected) {
      co_return failure("arrive at " + state->path + ": " + std::to_string(count) +
                            " arrivals, where " + std::to_string(phase->expected) +
                            " are expected in all",
                        ErrorCode::kBadArguments);
    }
    ArrivalToken arrival;
    arrival.phase_ = phase->number;
    arrival.expected_ = phase->expected;
    auto done = co_await state->create_arrivals(arrival, count, drops);
    Result<bool> is_late = false;
    if (done) is_late = co_await state->is_too_late(arrival);
    if (!done || !is_late) {
      state->take_back(arrival);
      co_return std::unexpected(done ? is_late.error() : done.error());
    }
    if (*is_late) {
      state->take_back(arrival);
      continue;
    }
    // The last one completes the phase; nobody may be waiting.
    std::optional<OneShot> watch;
    auto progress = co_await state->look(arrival, watch);
    if (!progress) {
      state->take_back(arrival);
      co_return std::unexpected(std::move(progress.error()));
    }
    co_return arrival;
  }
  co_return failure("arrive at " + state->path + ": others complete every phase before",
                    ErrorCode::kBadArguments);
}

awaitable<Result<void>> Barrier::drop_now(StatePtr state) {
  auto arrival = co_await arrive_now(state, 1, true);
  if (!arrival) co_return std::unexpected(std::move(arrival.error()));
  co_return Result<void>();
}

// --- waiting

// Looks how far the phase is, completes it if all are there, and watches it if it is open.
awaitable<Result<Progress>> Barrier::State::look(const ArrivalToken& arrival,
                                                 std::optional<OneShot>& watch) {
  const std::int64_t phase = arrival.phase_;
  auto listing = co_await client.watch_children(phase_path(phase));
  if (!listing && listing.error().code != ErrorCode::kNoNode) {
    co_return std::unexpected(std::move(listing.error()));
  }
  if (listing && contains(listing->value.names, kReady)) co_return Progress::kComplete;
  // Only then: a phase is removed when a later one is there.
  const auto last = co_await read_last_phase();
  if (!last) co_return std::unexpected(last.error());
  if (last->value_or(0) > phase) co_return Progress::kComplete;
  if (!listing) co_return Progress::kMissing;
  const auto& names = listing->value.names;
  const bool has_own = std::ranges::all_of(
      arrival.names_, [&](const std::string& name) { return contains(names, name); });
  if (!has_own) co_return Progress::kMissing;
  watch = std::move(listing->changed);
  if (std::ranges::count_if(names, is_arrival) < arrival.expected_) co_return Progress::kOpen;
  const OpenPhase open{.number = phase, .expected = arrival.expected_};
  const auto is_done = co_await complete(open, names);
  if (!is_done) co_return std::unexpected(is_done.error());
  co_return *is_done ? Progress::kComplete : Progress::kOpen;
}

// False: another one, or another thread through this object, is about to do it.
awaitable<Result<bool>> Barrier::State::complete(OpenPhase phase, std::vector<std::string> names) {
  if (is_completing) co_return false;
  is_completing = true;
  Result<bool> done = true;
  if (on_completion) done = co_await call_on_completion(phase.number);
  if (done && *done) {
    auto ready = co_await create_ready(phase, std::move(names));
    if (!ready) done = std::unexpected(std::move(ready.error()));
  }
  is_completing = false;
  // Whoever waits for the mark to go looks again.
  const bool was_marked = on_completion && (!done || *done);
  if (was_marked) client.remove_in_background(path_of(phase.number, kCompleting));
  if (done && *done && phase.number > 0) {
    const RemoveOptions with_all{.recursive = true, .missing_ok = true};
    static_cast<void>(co_await client.remove(phase_path(phase.number - 1), with_all));
  }
  co_return done;
}

awaitable<Result<void>> Barrier::State::create_ready(OpenPhase phase,
                                                     std::vector<std::string> names) {
  const auto drops =
      std::ranges::count_if(names, [](std::string_view name) { return name.starts_with(kDrop); });
  const std::string next = std::to_string(phase.expected - drops);
  const CreateOptions how{.exists = OnExists::kAcceptIdentical};
  auto ready = co_await client.create(path_of(phase.number, kReady), as_bytes(next), how);
  if (ready || ready.error().code == ErrorCode::kNodeExists) co_return Result<void>();
  co_return std::unexpected(std::move(ready.error()));
}

// False: that of another process runs.
awaitable<Result<bool>> Barrier::State::call_on_completion(std::int64_t phase) {
  const CreateOptions how{.mode = CreateMode::kEphemeral, .exists = OnExists::kAcceptIdentical};
  auto marked = co_await client.create(path_of(phase, kCompleting), as_bytes(id), how);
  if (!marked && marked.error().code == ErrorCode::kNodeExists) co_return false;
  if (!marked) co_return std::unexpected(std::move(marked.error()));
  // A mark that could be made late was that of one who is done.
  auto ready = co_await client.exists(path_of(phase, kReady));
  if (!ready) co_return std::unexpected(std::move(ready.error()));
  if (!*ready) {
    if (auto called = without_exceptions(on_completion); !called) {
      co_return std::unexpected(std::move(called.error()));
    }
  }
  co_return true;
}

awaitable<Result<void>> Barrier::wait_now(StatePtr state, Patience patience,
                                          std::shared_ptr<const ArrivalToken> arrival) {
  recipes::Bell bell(state->client);
  while (true) {
    std::optional<OneShot> watch;
    const auto progress = co_await state->look(*arrival, watch);
    if (!progress) co_return std::unexpected(progress.error());
    if (*progress == Progress::kComplete) co_return Result<void>();
    if (*progress == Progress::kMissing) {
      co_return std::unexpected(
          Error{.code = ErrorCode::kSessionExpired,
                .message = "wait at " + state->path + ": the arrival is gone with its session",
                .path = state->phase_path(arrival->phase_)});
    }
    bell.listen(*watch);
    auto rung = co_await patience->wait(bell.wait());
    if (!rung) co_return rung;
  }
}

awaitable<Result<void>> Barrier::arrive_and_wait_now(StatePtr state, Patience patience) {
  auto arrived = co_await arrive_now(state, 1, false);
  if (!arrived) co_return std::unexpected(std::move(arrived.error()));
  const auto arrival = std::make_shared<const ArrivalToken>(std::move(*arrived));
  auto done = co_await wait_now(state, patience, arrival);
  if (!done) state->take_back(*arrival);
  co_return done;
}

// --- the handle

Barrier::Barrier(Client client, std::string path, std::ptrdiff_t expected,
                 std::function<void()> on_completion) {
  std::string id = detail::random_uuid(client);
  state_ = std::shared_ptr<State>(new State{.client = std::move(client),
                                            .path = std::move(path),
                                            .expected = expected,
                                            .on_completion = std::move(on_completion),
                                            .id = std::move(id)});
}

const std::string& Barrier::path() const noexcept {
  return state_->path;
}

Barrier::Patience Barrier::make_patience(std::chrono::milliseconds at_most,
                                         const char* what) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, what + path(), path());
}

}  // namespace drover
