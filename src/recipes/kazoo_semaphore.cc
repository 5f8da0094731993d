#include <drover/recipes/kazoo_semaphore.h>

#include <algorithm>
#include <charconv>

#include "recipes/lock_engine.h"

namespace drover::kazoo {

using boost::asio::awaitable;

namespace {

constexpr auto kLockName = "__lock__";

Error limit_error(const std::string& path, std::string_view problem) {
  return {.code = ErrorCode::kBadArguments,
          .message = "semaphore " + path + ": " + std::string(problem),
          .path = path};
}

}  // namespace

struct Semaphore::State {
  Client client;
  std::string path;
  int limit;
  LockOptions options;
};

Semaphore::Semaphore(Client client, std::string path, int leases_max, LockOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), leases_max,
                                     std::move(options))) {
  if (leases_max < 1) {
    throw Exception(limit_error(state_->path, "the limit of leases is less than 1"));
  }
}

Semaphore::PatiencePtr Semaphore::make_patience(std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "semaphore " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> Semaphore::do_acquire(StatePtr state, PatiencePtr patience) {
  detail::Retries retries(state->client);
  for (;;) {
    const auto agreed = co_await agree_on_limit(state);
    if (!agreed) co_return std::unexpected(agreed.error());
    recipes::LockRequest request{.node = {.parent = state->path + "-" + kLockName,
                                          .name = kLockName,
                                          .naming = recipes::ContenderNode::Naming::kKazoo,
                                          .data = to_bytes(state->options.identifier)},
                                 .order = recipes::kazoo_order({kLockName})};
    auto gate = co_await recipes::acquire_lock(state->client, std::move(request), patience);
    if (!gate) co_return std::unexpected(gate.error());
    auto lease = co_await take_lease(state, gate->lost(), patience);
    // The next one may try, whatever came of it.
    if (state->client.is_connected()) (void)co_await gate->release();
    if (lease || !recipes::is_node_gone(lease.error().code)) co_return lease;
    if (co_await retries.again(patience)) continue;
    co_return std::unexpected(patience->is_over() ? patience->error() : lease.error());
  }
}

// The first one writes the limit; data that is no number is somebody else's business.
awaitable<Result<void>> Semaphore::agree_on_limit(StatePtr state) {
  Client client = state->client;
  const std::string limit = std::to_string(state->limit);
  const CreateOptions options{.parents = Parents::kPersistent};
  const auto created = co_await client.create(state->path, as_bytes(limit), options);
  if (created) co_return Result<void>();
  if (created.error().code != ErrorCode::kNodeExists) co_return std::unexpected(created.error());
  const auto node = co_await client.get(state->path);
  if (!node) co_return std::unexpected(node.error());
  const auto text = as_text(node->data);
  int theirs = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), theirs);
  const bool is_number = problem == std::errc() && end == text.data() + text.size();
  if (!is_number || theirs == state->limit) co_return Result<void>();
  co_return std::unexpected(limit_error(
      state->path, "the limit of leases is " + std::string(text) + " there, not " + limit));
}

// Requires the gate, which `gate_lost` tells the end of.
awaitable<Result<LockHold>> Semaphore::take_lease(StatePtr state, std::stop_token gate_lost,
                                                  PatiencePtr patience) {
  Client client = state->client;
  for (;;) {
    auto leases = co_await client.watch_children(state->path);
    if (!leases) co_return std::unexpected(leases.error());
    if (std::ssize(leases->value.names) < state->limit) break;
    const auto event = co_await patience->wait(leases->changed.fired());
    if (!event) co_return std::unexpected(event.error());
  }
  auto loss = std::make_unique<recipes::LossWatch>(client, state->options.error_policy);
  recipes::ContenderNode node{.parent = state->path,
                              .name = "",
                              .naming = recipes::ContenderNode::Naming::kKazoo,
                              .mode = CreateMode::kEphemeral,
                              .data = to_bytes(state->options.identifier)};
  auto lease = co_await recipes::create_contender(client, std::move(node), patience);
  if (!lease) co_return std::unexpected(lease.error());
  if (gate_lost.stop_requested() || loss->is_lost()) {
    // Another one may have counted meanwhile.
    const Error vanished = recipes::vanished_error(**lease);
    co_await recipes::discard(std::move(*lease));
    const auto connected = co_await recipes::connected_again(client, state->path, patience);
    co_return std::unexpected(connected ? vanished : connected.error());
  }
  (*lease)->hold(std::move(loss));
  co_return LockHold(std::move(*lease));
}

awaitable<Result<std::vector<std::string>>> Semaphore::do_lease_holders(StatePtr state) {
  std::vector<std::string> identifiers;
  Client client = state->client;
  const auto listing = co_await client.children(state->path);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return identifiers;
    co_return std::unexpected(listing.error());
  }
  for (const std::string& name : listing->names) {
    const auto node = co_await client.get(detail::child_path(state->path, name));
    if (!node && node.error().code == ErrorCode::kNoNode) continue;  // gone since
    if (!node) co_return std::unexpected(node.error());
    identifiers.emplace_back(as_text(node->data));
  }
  co_return identifiers;
}

Result<void> Semaphore::acquire_within(std::chrono::milliseconds at_most) {
  auto lease = acquire_lease(at_most, block);
  if (!lease) return std::unexpected(lease.error());
  pool_.put(std::move(*lease));
  return {};
}

}  // namespace drover::kazoo
