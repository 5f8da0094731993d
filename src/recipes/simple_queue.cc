#include <drover/recipes/simple_queue.h>

#include <algorithm>
#include <vector>

namespace drover {

using boost::asio::awaitable;

namespace detail {
namespace {

void sort_items(std::vector<std::string>& names, const std::string& prefix) {
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
  std::ranges::sort(names);
}

// The first of `names` that is still there, and, if asked for, that nobody else took out.
awaitable<Result<RawQueue::Item>> first(std::shared_ptr<const RawQueue> queue,
                                        std::vector<std::string> names, bool take_out) {
  Client client = queue->client;
  sort_items(names, queue->prefix);
  for (const std::string& name : names) {
    const std::string path = child_path(queue->path, name);
    auto node = co_await client.get(path);
    if (!node && node.error().code == ErrorCode::kNoNode) continue;
    if (!node) co_return std::unexpected(std::move(node.error()));
    if (!take_out) co_return std::move(node->data);
    // With the version, so that it is not repeated after a lost answer: kNoNode would then not
    // tell whether it was us.
    auto removed = co_await client.remove(path, {.version = node->stat.version});
    if (removed) co_return std::move(node->data);
    const ErrorCode code = removed.error().code;
    if (code != ErrorCode::kNoNode && code != ErrorCode::kBadVersion) {
      co_return std::unexpected(std::move(removed.error()));
    }
  }
  co_return RawQueue::Item();
}

}  // namespace

std::shared_ptr<Patience> RawQueue::begin(std::chrono::milliseconds at_most,
                                          std::string_view what) const {
  return std::make_shared<Patience>(client, at_most, std::string(what) + ": queue " + path, path);
}

awaitable<Result<void>> RawQueue::put(std::shared_ptr<const RawQueue> queue, std::string name,
                                      Bytes item) {
  Client client = queue->client;
  const Parents parents = queue->parents;
  auto made =
      co_await client.create(child_path(queue->path, name), item,
                             {.mode = CreateMode::kPersistentSequential, .parents = parents});
  if (!made) co_return std::unexpected(std::move(made.error()));
  co_return Result<void>();
}

awaitable<Result<RawQueue::Item>> RawQueue::peek(std::shared_ptr<const RawQueue> queue) {
  Client client = queue->client;
  auto listing = co_await client.children(queue->path);
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return Item();
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  co_return co_await first(queue, std::move(listing->names), false);
}

awaitable<Result<Bytes>> RawQueue::take(std::shared_ptr<const RawQueue> queue,
                                        std::shared_ptr<Patience> patience) {
  Client client = queue->client;
  for (;;) {
    auto listing = co_await client.watch_children(queue->path);
    if (!listing && listing.error().code == ErrorCode::kNoNode) {
      auto made = co_await client.ensure_path(queue->path);
      if (!made) co_return std::unexpected(std::move(made.error()));
      continue;
    }
    if (!listing) co_return std::unexpected(std::move(listing.error()));
    auto item = co_await first(queue, std::move(listing->value.names), true);
    if (!item) co_return std::unexpected(std::move(item.error()));
    if (*item) co_return std::move(**item);
    auto changed = co_await patience->wait<WatchedEvent>(listing->changed.fired());
    if (!changed && changed.error().code != ErrorCode::kSessionExpired) {
      co_return std::unexpected(std::move(changed.error()));
    }
  }
}

awaitable<Result<RawQueue::Item>> RawQueue::poll(std::shared_ptr<const RawQueue> queue,
                                                 std::shared_ptr<Patience> patience) {
  auto taken = co_await take(queue, patience);
  if (taken) co_return std::move(*taken);
  // Being interrupted in time to wait is the answer "none"; by the caller, it is not.
  const bool is_late = patience->is_over() && patience->error().code == ErrorCode::kTimedOut;
  const ErrorCode code = taken.error().code;
  if (is_late && (code == ErrorCode::kTimedOut || code == ErrorCode::kCancelled)) co_return Item();
  co_return std::unexpected(std::move(taken.error()));
}

awaitable<Result<int>> RawQueue::size(std::shared_ptr<const RawQueue> queue) {
  Client client = queue->client;
  auto listing = co_await client.children(queue->path);
  if (!listing && listing.error().code == ErrorCode::kNoNode) co_return 0;
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  sort_items(listing->names, queue->prefix);
  co_return static_cast<int>(listing->names.size());
}

}  // namespace detail

SimpleQueue::SimpleQueue(Client client, std::string path) {
  const Parents parents = detail::recipe_parents(client);
  queue_ = std::make_shared<const detail::RawQueue>(
      detail::RawQueue{std::move(client), std::move(path), "qn-", parents});
}

}  // namespace drover
