#include <drover/detail/recipe.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "client_sim/workers.h"

namespace drover::client_sim {

using boost::asio::awaitable;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLook{1000};  // how often a follower sees whether it is over

bool goes_on(const Stage& stage, const Client& client) {
  return !stage.is_over() && !client.closing_token().stop_requested();
}

std::int64_t zxid_of(const std::optional<Stat>& stat) {
  return stat ? stat->mzxid : 0;
}

// Waits for the event; the time given here is for a look at the clock, and never for another read.
awaitable<Result<WatchedEvent>> told(Stage* stage, Client client, OneShot* watch) {
  while (true) {
    auto event = co_await watch->fired(kLook);
    if (event || event.error().code != ErrorCode::kTimedOut) co_return event;
    if (!goes_on(*stage, client)) co_return event;
  }
}

// Until it answers. False: it never will.
awaitable<bool> read_into(Stage* stage, Client client, Seen* seen, std::string path) {
  while (goes_on(*stage, client)) {
    const auto stat = co_await client.exists(path);
    if (stat) {
      (*seen)[path] = zxid_of(*stat);
      co_return true;
    }
    (void)co_await detail::pause(client, stage->ms_below(300));
  }
  co_return false;
}

awaitable<bool> read_all(Stage* stage, Actor* actor, Client client) {
  Seen all;
  if (!co_await read_into(stage, client, &all, kFollowed)) co_return false;
  for (int i = 0; i < kFollowedNodes; ++i) {
    const std::string path = followed_node(static_cast<std::uint64_t>(i));
    if (!co_await read_into(stage, client, &all, path)) co_return false;
  }
  actor->stream = std::move(all);
  co_return true;
}

}  // namespace

std::string followed_node(std::uint64_t number) {
  return fmt::format("{}/n{}", kFollowed, number);
}

awaitable<void> change(Stage* stage, Actor* actor) {
  Client client = *actor->client;
  const CreateOptions how{.parents = Parents::kPersistent};
  while (!client.closing_token().stop_requested() && !stage->is_ending()) {
    const auto path = followed_node(stage->below(kFollowedNodes));
    const auto data = to_bytes(std::to_string(stage->below(1000)));
    switch (stage->below(5)) {
      case 0:
        (void)co_await client.create(path, data, how);
        break;
      case 1:
        (void)co_await client.remove(path);
        break;
      default:
        (void)co_await client.set(path, data);
        break;
    }
    (void)co_await detail::pause(client, stage->ms_below(stage->chance(1, 2) ? 50 : 1000));
  }
}

awaitable<void> follow_node(Stage* stage, Actor* actor, std::string path) {
  Client client = *actor->client;
  while (goes_on(*stage, client)) {
    auto watched = co_await client.watch_exists(path);
    if (!watched) {
      (void)co_await detail::pause(client, stage->ms_below(300));
      continue;
    }
    const auto seen = zxid_of(watched->value);
    stage->note(*actor, fmt::format("sees {} at 0x{:x}", path, seen));
    actor->one_shots[path] = seen;
    (void)co_await told(stage, client, &watched->changed);
  }
}

awaitable<void> follow_children(Stage* stage, Actor* actor, std::string path) {
  Client client = *actor->client;
  while (goes_on(*stage, client)) {
    auto watched = co_await client.watch_children(path);
    if (watched) {
      actor->listings[path] = watched->value.stat.pzxid;
      (void)co_await told(stage, client, &watched->changed);
      continue;
    }
    // It is made sooner or later.
    (void)co_await detail::pause(client, stage->ms_below(300));
  }
}

awaitable<void> follow_stream(Stage* stage, Actor* actor) {
  Client client = *actor->client;
  while (goes_on(*stage, client)) {
    auto events = co_await client.watch_tree(kFollowed, true);
    if (!events) {
      (void)co_await detail::pause(client, stage->ms_below(300));
      continue;
    }
    if (!co_await read_all(stage, actor, client)) co_return;
    const int turns = stage->is_ending() ? 0 : static_cast<int>(stage->below(50));
    for (int turn = 0; goes_on(*stage, client); ++turn) {
      // Some drop the stream now and then, and take another.
      if (turn == turns && !stage->is_ending() && stage->chance(1, 3)) break;
      auto event = co_await events->next(kLook);
      if (!event && event.error().code == ErrorCode::kTimedOut) continue;
      if (!event) break;
      stage->note(*actor, fmt::format("is told {} {}", static_cast<int>(event->type), event->path));
      if (event->type == EventType::kNone) {
        if (!co_await read_all(stage, actor, client)) co_return;
      } else if (!co_await read_into(stage, client, &*actor->stream, event->path)) {
        co_return;
      }
    }
  }
}

awaitable<void> follow_by_cache(Stage* stage, Actor* actor) {
  Client client = *actor->client;
  actor->cache = std::make_shared<Cache>(client, kFollowed);
  const auto started = co_await actor->cache->start();
  stage->note(*actor, started ? "has a cache" : started.error().message);
  while (goes_on(*stage, client)) (void)co_await detail::pause(client, kLook);
}

}  // namespace drover::client_sim
