#include <drover/recipes/semaphore.h>

#include <algorithm>

#include "recipes/lock_engine.h"

namespace drover {

using boost::asio::awaitable;

namespace {

constexpr auto kGateName = "lock-";
constexpr auto kLeaseName = "lease-";

class ConstantLimit final : public LeaseLimit {
 public:
  explicit ConstantLimit(int limit) : limit_(limit) {}
  int current() const override { return limit_; }
  Subscription on_change(std::function<void()> /*changed*/) override { return {}; }

 private:
  int limit_;
};

std::shared_ptr<LeaseLimit> constant_limit(const std::string& path, int limit) {
  if (limit >= 1) return std::make_shared<ConstantLimit>(limit);
  throw Exception({.code = ErrorCode::kBadArguments,
                   .message = "semaphore " + path + ": the limit of leases is " +
                              std::to_string(limit) + ", not at least 1",
                   .path = path});
}

}  // namespace

struct Semaphore::State {
  Client client;
  std::string path;
  std::shared_ptr<LeaseLimit> limit;
  LockOptions options;

  [[nodiscard]] std::string gate_path() const { return detail::child_path(path, "locks"); }
  [[nodiscard]] std::string lease_path() const { return detail::child_path(path, "leases"); }
};

Semaphore::Semaphore(Client client, const std::string& path, int leases_max, LockOptions options)
    : Semaphore(std::move(client), path, constant_limit(path, leases_max), std::move(options)) {}

Semaphore::Semaphore(Client client, std::string path, std::shared_ptr<LeaseLimit> limit,
                     LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(limit),
                                     std::move(options))) {
  if (!state_->limit) {
    throw Exception({.code = ErrorCode::kBadArguments,
                     .message = "semaphore " + state_->path + ": no limit of leases",
                     .path = state_->path});
  }
}

Semaphore::PatiencePtr Semaphore::make_patience(std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "semaphore " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> Semaphore::do_acquire(StatePtr state, PatiencePtr patience) {
  detail::Retries retries(state->client);
  for (;;) {
    recipes::LockRequest request{.node = {.parent = state->gate_path(), .name = kGateName},
                                 .order = recipes::first_come_order(kGateName, 1)};
    auto gate = co_await recipes::acquire_lock(state->client, std::move(request), patience);
    if (!gate) co_return std::unexpected(gate.error());
    auto lease = co_await take_lease(state, patience);
    // The next one may try, whatever came of it.
    if (state->client.is_connected()) (void)co_await gate->release();
    if (lease || !recipes::is_node_gone(lease.error().code)) co_return lease;
    if (co_await retries.again(patience)) continue;
    co_return std::unexpected(patience->is_over() ? patience->error() : lease.error());
  }
}

// Requires the gate.
awaitable<Result<LockHold>> Semaphore::take_lease(StatePtr state, PatiencePtr patience) {
  Client client = state->client;
  recipes::ContenderNode node{
      .parent = state->lease_path(), .name = kLeaseName, .data = state->options.node_data};
  auto lease = co_await recipes::create_contender(client, std::move(node), patience);
  if (!lease) co_return std::unexpected(lease.error());

  // Leases given back, and a limit that rises, both call for another look.
  const auto wake = std::make_shared<detail::Channel<bool>>(client.get_executor());
  Stream<bool> wakes(wake);
  const Subscription limit_changes = state->limit->on_change([wake] { wake->push(true); });
  Result<void> waited;
  while (waited) {
    auto loss = std::make_unique<recipes::LossWatch>(client, state->options.error_policy);
    auto leases = co_await client.watch_children(state->lease_path());
    if (!leases) {
      waited = std::unexpected(leases.error());
      break;
    }
    const auto& names = leases->value.names;
    if (std::ranges::find(names, (*lease)->name()) == names.end() ||
        !(*lease)->is_of_present_session()) {
      waited = std::unexpected(recipes::vanished_error(**lease));
      break;
    }
    if (std::ssize(names) > state->limit->current()) {
      leases->changed.fired(kForever, [wake](const Result<WatchedEvent>&) { wake->push(true); });
      const auto woken = co_await patience->wait(wakes.next());
      if (!woken) waited = std::unexpected(woken.error());
    } else if (loss->is_lost()) {
      waited = co_await recipes::connected_again(client, state->path, patience);
    } else {
      (*lease)->hold(std::move(loss));
      co_return LockHold(std::move(*lease));
    }
  }
  co_await recipes::discard(std::move(*lease));
  co_return std::unexpected(waited.error());
}

awaitable<Result<std::vector<LockHold>>> Semaphore::do_acquire_all(StatePtr state, int count,
                                                                   PatiencePtr patience) {
  std::vector<LockHold> leases;
  if (count < 1) {
    co_return failure(
        "semaphore " + state->path + ": " + std::to_string(count) + " leases asked for",
        ErrorCode::kBadArguments);
  }
  while (std::ssize(leases) < count) {
    auto lease = co_await do_acquire(state, patience);
    if (!lease) co_return std::unexpected(lease.error());
    leases.push_back(std::move(*lease));
  }
  co_return leases;
}

awaitable<Result<std::vector<std::string>>> Semaphore::do_participants(StatePtr state) {
  std::vector<std::string> lock_names{kLeaseName};
  co_return co_await recipes::list_participants(state->client, state->lease_path(),
                                                std::move(lock_names));
}

Result<void> Semaphore::acquire_within(std::chrono::milliseconds at_most) {
  auto lease = acquire_lease(at_most, block);
  if (!lease) return std::unexpected(lease.error());
  pool_.put(std::move(*lease));
  return {};
}

}  // namespace drover
