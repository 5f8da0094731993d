#include <drover/recipes/leader_latch.h>
#include <drover/recipes/mutex.h>
#include <drover/recipes/semaphore.h>
#include <drover/recipes/shared_mutex.h>
#include <fmt/format.h>

#include <utility>

#include "client_sim/workers.h"

namespace drover::client_sim {

using boost::asio::awaitable;
using std::chrono::milliseconds;

namespace {

constexpr int kLeases = 2;

// Until it is lost or there is enough of it.
awaitable<void> hold_on(Stage* stage, Actor* actor, Client client, LockChecker::HoldId id,
                        std::stop_token lost, bool writes) {
  const auto rounds = stage->below(5);
  for (std::uint64_t i = 0; i < rounds && !lost.stop_requested(); ++i) {
    (void)co_await detail::pause(client, stage->ms_below(stage->chance(1, 5) ? 3000 : 100));
    if (lost.stop_requested() || !writes) continue;
    const bool admitted = stage->locks().write(id);
    stage->note(*actor, admitted ? "writes" : "is refused");
  }
}

awaitable<Result<LockHold>> acquire(Client client, LockKind kind, bool shared,
                                    milliseconds at_most) {
  const std::string path = lock_of(kind).path;
  if (kind == LockKind::kMutex) {
    Mutex mutex(client, path);
    co_return co_await mutex.acquire(at_most);
  }
  if (kind == LockKind::kSemaphore) {
    Semaphore semaphore(client, path, kLeases);
    co_return co_await semaphore.acquire_lease(at_most);
  }
  SharedMutex mutex(client, path);
  if (shared) co_return co_await mutex.acquire_shared(at_most);
  co_return co_await mutex.acquire(at_most);
}

// True: it was had, and given back.
awaitable<bool> lock_once(Stage* stage, Actor* actor, LockKind kind, milliseconds at_most) {
  Client client = *actor->client;
  const bool shared = kind == LockKind::kShared && stage->chance(1, 2);
  const auto asked_at = stage->now();
  auto acquired = co_await acquire(client, kind, shared, at_most);
  if (!acquired) {
    stage->note(*actor, acquired.error().message);
    co_return false;
  }
  LockHold lock = std::move(*acquired);
  stage->note(*actor, fmt::format("holds {}", lock.node_path()));
  Hold hold{.process = actor->process.get(),
            .asked_at = asked_at,
            .node = lock.node_path(),
            .fencing_token = lock.fencing_token(),
            .lost = lock.lost(),
            .is_shared = shared};
  const auto id =
      stage->locks().on_acquired(lock_of(kind), std::move(hold), stage->ensemble().newest_tree());
  const bool writes = kind != LockKind::kSemaphore && !shared;
  co_await hold_on(stage, actor, client, id, lock.lost(), writes);
  stage->note(*actor, fmt::format("gives back {}", lock.node_path()));
  stage->locks().on_released(id);
  if (stage->chance(1, 2)) (void)co_await lock.release();
  co_return true;
}

// The same for a leader.
awaitable<bool> lead_once(Stage* stage, Actor* actor, milliseconds at_most) {
  Client client = *actor->client;
  const Lock place = lock_of(LockKind::kLatch);
  const auto asked_at = stage->now();
  LeaderLatch latch(client, place.path, std::to_string(actor->process->host()));
  if (!latch.start()) co_return false;
  auto leads = co_await latch.await_leadership(at_most);
  if (!leads) {
    stage->note(*actor, leads.error().message);
    (void)co_await latch.close();
    co_return false;
  }
  const std::string node = latch.node_path();
  const auto token = latch.fencing_token();
  const std::stop_token lost = *leads;
  if (!lost.stop_requested()) {
    stage->note(*actor, fmt::format("leads with {}", node));
    Hold hold{.process = actor->process.get(),
              .asked_at = asked_at,
              .node = node,
              .fencing_token = token,
              .lost = lost};
    const auto id =
        stage->locks().on_acquired(place, std::move(hold), stage->ensemble().newest_tree());
    co_await hold_on(stage, actor, client, id, lost, true);
    stage->note(*actor, "withdraws");
    stage->locks().on_released(id);
  }
  (void)co_await latch.close();
  co_return true;
}

}  // namespace

Lock lock_of(LockKind kind) {
  switch (kind) {
    case LockKind::kMutex:
      return {.path = "/locks/mutex", .lock_name = "lock-"};
    case LockKind::kShared:
      return {.path = "/locks/shared", .lock_name = "__"};
    case LockKind::kSemaphore:
      return {.path = "/locks/semaphore", .lock_name = "", .holders_max = kLeases};
    case LockKind::kLatch:
      break;
  }
  return {.path = "/locks/latch", .lock_name = "latch-"};
}

awaitable<void> contend(Stage* stage, Actor* actor, LockKind kind) {
  Client client = *actor->client;
  while (!client.closing_token().stop_requested()) {
    const bool is_last = stage->is_ending();
    const auto at_most = is_last || stage->chance(1, 2) ? kForever : stage->ms_below(5000);
    const bool had = kind == LockKind::kLatch ? co_await lead_once(stage, actor, at_most)
                                              : co_await lock_once(stage, actor, kind, at_most);
    if (had && is_last) break;
    (void)co_await detail::pause(client, stage->ms_below(had ? 100 : 500));
  }
}

}  // namespace drover::client_sim
