#include <drover/recipes/kazoo_lock.h>

#include <algorithm>

#include "recipes/lock_engine.h"

namespace drover::kazoo {

using boost::asio::awaitable;

namespace {
constexpr auto kLockName = "__lock__";
constexpr auto kReadLockName = "__rlock__";
}  // namespace

struct Lock::State {
  Client client;
  std::string path;
  LockOptions options;
  std::string node_name;
  std::vector<std::string> patterns;
};

Lock::Lock(Client client, std::string path, LockOptions options)
    : Lock(std::move(client), std::move(path), std::move(options), kLockName, {kLockName}) {}
WriteLock::WriteLock(Client client, std::string path, LockOptions options)
    : Lock(std::move(client), std::move(path), std::move(options), kLockName,
           {kLockName, kReadLockName}) {}
ReadLock::ReadLock(Client client, std::string path, LockOptions options)
    : Lock(std::move(client), std::move(path), std::move(options), kReadLockName, {kLockName}) {}

Lock::Lock(Client client, std::string path, LockOptions options, std::string node_name,
           std::vector<std::string> patterns) {
  patterns.insert(patterns.end(), options.extra_lock_patterns.begin(),
                  options.extra_lock_patterns.end());
  state_ = std::make_shared<State>(std::move(client), std::move(path), std::move(options),
                                   std::move(node_name), std::move(patterns));
}

std::shared_ptr<detail::Patience> Lock::make_patience(std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most, "lock " + state_->path,
                                            state_->path);
}

awaitable<Result<LockHold>> Lock::do_acquire(std::shared_ptr<const State> state,
                                             std::shared_ptr<detail::Patience> patience) {
  recipes::LockRequest request{.node = {.parent = state->path,
                                        .name = state->node_name,
                                        .naming = recipes::ContenderNode::Naming::kKazoo,
                                        .data = to_bytes(state->options.identifier)},
                               .order = recipes::kazoo_order(state->patterns)};
  request.options.error_policy = state->options.error_policy;
  co_return co_await recipes::acquire_lock(state->client, std::move(request), std::move(patience));
}

awaitable<Result<std::vector<std::string>>> Lock::do_contenders(
    std::shared_ptr<const State> state) {
  std::vector<std::string> identifiers;
  Client client = state->client;
  auto listing = co_await client.children(state->path);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return identifiers;
    co_return std::unexpected(listing.error());
  }
  auto patterns = state->patterns;
  patterns.push_back(state->node_name);  // a reader is not among those that it waits for
  for (const auto& name : recipes::kazoo_contenders(std::move(listing->names), patterns)) {
    const auto node = co_await client.get(detail::child_path(state->path, name));
    if (!node && node.error().code == ErrorCode::kNoNode) continue;  // gone since
    if (!node) co_return std::unexpected(node.error());
    identifiers.emplace_back(as_text(node->data));
  }
  co_return identifiers;
}

Result<void> Lock::lock_within(std::chrono::milliseconds at_most) {
  if (is_held()) return std::unexpected(detail::locked_twice_error("lock", state_->path));
  auto hold = acquire(at_most, block);
  if (!hold) return std::unexpected(hold.error());
  holds_.put(std::move(*hold));
  return {};
}

}  // namespace drover::kazoo
