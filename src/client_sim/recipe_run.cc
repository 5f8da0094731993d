#include "client_sim/recipe_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <utility>

#include "client_sim/workers.h"

namespace drover::client_sim {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds kLook{50};
constexpr std::uint64_t kStepsMax = 30'000'000;  // a run that needs more never comes to rest

constexpr const char* kLockPaths[] = {"/locks/mutex", "/locks/shared", "/locks/latch",
                                      "/locks/semaphore/locks", "/locks/semaphore/leases"};

class RecipeRun {
 public:
  RecipeRun(const RecipeScenario& scenario, base::Log* log)
      : scenario_(scenario), ensemble_(scenario.world, log), stage_(ensemble_) {}
  sim::Outcome run();

 private:
  // ---- processes
  void spawn();
  void open_clients(Actor& actor);
  void tell_states(Actor& actor, Client& client);
  void put_to_work(Actor& actor);
  void work(Actor& actor, asio::awaitable<void> coroutine);
  void follow(Actor& actor, asio::awaitable<void> coroutine);
  static void close_clients(Actor& actor);
  [[nodiscard]] Actor* any_actor();

  // ---- faults
  void plan_faults();
  void freeze();
  void kill();
  void cut();

  // ---- the end
  void run_until(base::Instant end);
  void run_until(const char* checker, milliseconds at_most,
                 const std::function<std::string()>& what_is_missing);
  void end();
  [[nodiscard]] std::string who_works();
  [[nodiscard]] std::string who_follows();
  [[nodiscard]] std::string who_is_there();
  void tell_what_is_left();
  void check_followers(const tree::Tree& tree);
  void check_seen(const Actor& actor, const char* how, const Seen& seen, const tree::Tree& tree,
                  bool are_listings);
  void check_cache(const Actor& actor, const tree::Tree& tree);
  void check_tally(const tree::Tree& tree);
  void check_nothing_is_left(const tree::Tree& tree);

  const RecipeScenario scenario_;
  sim::Ensemble ensemble_;
  Stage stage_;
  std::vector<std::unique_ptr<Actor>> actors_;  // the dead ones too
  int away_ = 0;
};

// ---- processes

void RecipeRun::spawn() {
  const auto host = static_cast<sim::HostId>(ensemble_.size() + actors_.size());
  auto& prng = ensemble_.prng();
  const std::int64_t drift_max = scenario_.world.drift_per_mille_max;
  const ProcessOptions options{
      .seed = prng.next(),
      .drift_per_mille =
          static_cast<std::int64_t>(prng.below(static_cast<std::uint64_t>(2 * drift_max + 1))) -
          drift_max,
      .step_us_max = scenario_.step_us_max};
  Actor& actor = *actors_.emplace_back(std::make_unique<Actor>());
  actor.process =
      std::make_unique<Process>(host, options, ensemble_.schedule(), ensemble_.network());
  stage_.note(actor, "begins");
  open_clients(actor);
  put_to_work(actor);
}

void RecipeRun::open_clients(Actor& actor) {
  std::string servers;
  for (int i = 1; i <= ensemble_.size(); ++i) {
    servers += fmt::format("{}s{}", servers.empty() ? "" : ",", i);
  }
  ClientOptions options;
  options.session_timeout = milliseconds(scenario_.world.session_timeout_ms);
  options.connection_timeout = milliseconds(scenario_.connection_timeout_ms);
  options.request_timeout = milliseconds(scenario_.request_timeout_ms);
  options.track_ensemble = false;
  options.retry = retry::Exponential{.base = milliseconds(scenario_.retry_ms)};
  actor.client.emplace(actor.process->executor(), servers, options);
  options.retry = retry::None{};
  actor.impatient.emplace(actor.process->executor(), servers, options);
  tell_states(actor, *actor.client);
  tell_states(actor, *actor.impatient);
}

void RecipeRun::tell_states(Actor& actor, Client& client) {
  actor.subscriptions.push_back(client.on_connection_state([this, &actor,
                                                            &client](ConnectionState state) {
    constexpr const char* kNames[] = {"connected", "suspended", "reconnected", "lost", "read-only"};
    stage_.note(actor, fmt::format("session 0x{:x} is {}", client.session_id(),
                                   kNames[static_cast<int>(state)]));
  }));
}

void RecipeRun::put_to_work(Actor& actor) {
  Stage* const stage = &stage_;
  Actor* const self = &actor;
  for (const auto kind :
       {LockKind::kMutex, LockKind::kShared, LockKind::kSemaphore, LockKind::kLatch}) {
    if (stage_.chance(2, 3)) work(actor, contend(stage, self, kind));
  }
  if (stage_.chance(1, 2)) work(actor, count(stage, self));
  if (stage_.chance(1, 2)) work(actor, ask(stage, self));
  if (stage_.chance(1, 2)) work(actor, change(stage, self));
  if (stage_.chance(1, 2)) {
    follow(actor, follow_node(stage, self, followed_node(stage_.below(kFollowedNodes))));
  }
  if (stage_.chance(1, 3)) follow(actor, follow_children(stage, self, kFollowed));
  if (stage_.chance(1, 3)) follow(actor, follow_stream(stage, self));
  if (stage_.chance(1, 3)) follow(actor, follow_by_cache(stage, self));
}

void RecipeRun::work(Actor& actor, asio::awaitable<void> coroutine) {
  ++actor.working;
  asio::co_spawn(actor.client->get_executor(), std::move(coroutine),
                 [this, actor = &actor](const std::exception_ptr& thrown) {
                   --actor->working;
                   if (thrown) stage_.fail("NoException", "a worker threw");
                 });
}

void RecipeRun::follow(Actor& actor, asio::awaitable<void> coroutine) {
  ++actor.following;
  asio::co_spawn(actor.client->get_executor(), std::move(coroutine),
                 [this, actor = &actor](const std::exception_ptr& thrown) {
                   --actor->following;
                   if (thrown) stage_.fail("NoException", "a follower threw");
                 });
}

void RecipeRun::close_clients(Actor& actor) {
  for (auto* client : {&actor.client, &actor.impatient}) {
    ++actor.closing;
    (*client)->close([actor = &actor](const Result<void>&) { --actor->closing; });
  }
}

Actor* RecipeRun::any_actor() {
  std::vector<Actor*> alive;
  for (const auto& actor : actors_) {
    if (!actor->process->is_dead()) alive.push_back(actor.get());
  }
  return alive.empty() ? nullptr : alive[stage_.below(alive.size())];
}

// ---- faults

void RecipeRun::plan_faults() {
  ensemble_.plan_faults();
  ensemble_.plan(scenario_.freeze_every_ms, [this] { freeze(); });
  ensemble_.plan(scenario_.kill_every_ms, [this] { kill(); });
  ensemble_.plan(scenario_.cut_every_ms, [this] { cut(); });
}

void RecipeRun::freeze() {
  Actor* const actor = any_actor();
  if (!actor) return;
  const auto ms = ensemble_.up_to(scenario_.freeze_ms_max);
  stage_.note(*actor, fmt::format("---- stands still for {} ms", ms));
  actor->process->freeze(ms);
}

void RecipeRun::kill() {
  Actor* const actor = any_actor();
  if (!actor) return;
  stage_.note(*actor, "---- is killed");
  actor->process->kill(stage_.chance(1, 2));
  stage_.locks().on_killed(*actor->process);
  close_clients(*actor);  // so that the ghost comes to its end
  ++away_;
  ensemble_.schedule().after_us(ensemble_.up_to(scenario_.away_ms_max) * 1000, [this] {
    --away_;
    spawn();
  });
}

// From one server or all, in one direction or both.
void RecipeRun::cut() {
  Actor* const actor = any_actor();
  if (!actor) return;
  const sim::HostId host = actor->process->host();
  const bool is_from_all = stage_.chance(2, 3);
  const auto only = static_cast<sim::HostId>(stage_.below(ensemble_.machines().size()));
  const auto direction = stage_.below(3);
  const auto ms = ensemble_.up_to(scenario_.cut_ms_max);
  stage_.note(*actor, fmt::format("---- is cut off for {} ms", ms));
  std::vector<std::pair<sim::HostId, sim::HostId>> cuts;
  for (sim::HostId server = 0; server < ensemble_.size(); ++server) {
    if (!is_from_all && server != only) continue;
    if (direction != 0) cuts.emplace_back(host, server);
    if (direction != 1) cuts.emplace_back(server, host);
  }
  auto& network = ensemble_.network();
  for (const auto& [from, to] : cuts) network.cut(from, to);
  ensemble_.schedule().after_us(ms * 1000, [&network, cuts] {
    for (const auto& [from, to] : cuts) network.heal(from, to);
  });
}

// ---- the run

void RecipeRun::run_until(base::Instant end) {
  while (ensemble_.is_well() && ensemble_.schedule().step(end)) {
    if (ensemble_.schedule().steps() < kStepsMax) continue;
    stage_.fail("Rest", fmt::format("after {} steps there is no rest", kStepsMax));
  }
}

// Until nothing is missing; for what is after `at_most`, `checker` complains.
void RecipeRun::run_until(const char* checker, milliseconds at_most,
                          const std::function<std::string()>& what_is_missing) {
  const base::Instant deadline = stage_.now() + at_most;
  std::string missing = what_is_missing();
  while (ensemble_.is_well() && !missing.empty() && stage_.now() < deadline) {
    run_until(stage_.now() + kLook);
    missing = what_is_missing();
  }
  if (!missing.empty()) {
    stage_.fail(checker, fmt::format("{} ms later: {}", at_most.count(), missing));
  }
}

sim::Outcome RecipeRun::run() {
  const base::Instant begin = stage_.now();
  ensemble_.boot();
  away_ = scenario_.processes;
  for (int i = 0; i < scenario_.processes; ++i) {
    ensemble_.schedule().after_us(ensemble_.up_to(2'000'000), [this] {
      --away_;
      spawn();
    });
  }
  plan_faults();
  run_until(begin + milliseconds(scenario_.world.safety_ms));
  ensemble_.heal();
  end();
  if (!ensemble_.is_well()) tell_what_is_left();

  sim::Outcome outcome;
  outcome.failure = ensemble_.observer().failure();
  outcome.simulated_ms = (stage_.now() - begin) / milliseconds(1);
  outcome.steps = ensemble_.schedule().steps();
  outcome.acked_writes = stage_.locks().acquired();
  outcome.completed =
      stage_.answered + stage_.locks().acquired() + stage_.counted[kCounter].acknowledged;
  outcome.fingerprint = stage_.fingerprint() ^ ensemble_.prng().next() ^ outcome.steps;
  for (const auto& machine : ensemble_.machines()) {
    if (!machine->is_running()) continue;
    outcome.epochs = std::max(outcome.epochs, machine->view().epoch);
    outcome.fingerprint = outcome.fingerprint * 31 + machine->tree().digest();
  }
  return outcome;
}

// ---- the end

std::string RecipeRun::who_works() {
  if (away_ > 0) return fmt::format("{} processes are away", away_);
  for (const auto& actor : actors_) {
    if (actor->process->is_dead()) continue;
    if (actor->working > 0 || actor->unanswered > 0) {
      return fmt::format("process {}: {} workers, {} requests unanswered", actor->process->host(),
                         actor->working, actor->unanswered);
    }
  }
  return ensemble_.what_is_missing();
}

std::string RecipeRun::who_follows() {
  for (const auto& actor : actors_) {
    if (actor->following == 0 || actor->process->is_dead()) continue;
    return fmt::format("process {}: {} followers", actor->process->host(), actor->following);
  }
  return {};
}

// Of the dead too: closing a client ends all that uses it.
std::string RecipeRun::who_is_there() {
  for (const auto& actor : actors_) {
    if (actor->working + actor->following + actor->closing + actor->unanswered == 0) continue;
    return fmt::format("process {}{}: {} workers, {} followers, {} clients, {} requests",
                       actor->process->host(), actor->process->is_dead() ? " (killed)" : "",
                       actor->working, actor->following, actor->closing, actor->unanswered);
  }
  return {};
}

// For who reads the log of a run that failed.
void RecipeRun::tell_what_is_left() {
  const tree::Tree* const tree = ensemble_.newest_tree();
  if (!tree) return;
  for (const char* path : kLockPaths) {
    const auto parent = tree->find(path);
    if (parent == tree::kNoNode) continue;
    for (auto node = tree->first_child(parent); node != tree::kNoNode;
         node = tree->next_sibling(node)) {
      ensemble_.log().info("{}/{} of session 0x{:x}", path, tree->name(node),
                           tree->stat(node).ephemeral_owner);
    }
  }
}

void RecipeRun::end() {
  const milliseconds patience(scenario_.world.liveness_ms_max);
  const milliseconds timeout(scenario_.world.session_timeout_ms);
  stage_.begin_end();
  run_until("Progress", patience, [this] { return who_works(); });
  // Sessions of the dead expire, what is left to remove is removed, the last events arrive.
  run_until(stage_.now() + 3 * timeout + milliseconds(10 * scenario_.world.tick_ms));
  run_until("Progress", patience, [this] { return ensemble_.what_is_missing(); });
  if (ensemble_.is_well()) {
    ensemble_.check_end();
    const tree::Tree& tree = ensemble_.machines()[0]->tree();
    check_followers(tree);
    check_tally(tree);
    check_nothing_is_left(tree);
  }
  stage_.be_over();
  run_until("Progress", patience, [this] { return who_follows(); });
  for (const auto& actor : actors_) {
    actor->cache.reset();
    if (!actor->process->is_dead()) close_clients(*actor);
  }
  run_until("EndsWhenClosed", patience, [this] { return who_is_there(); });
  for (const auto& actor : actors_) {
    actor->subscriptions.clear();
    actor->client.reset();
    actor->impatient.reset();
  }
  run_until(stage_.now() + kLook);
}

void RecipeRun::check_followers(const tree::Tree& tree) {
  for (const auto& actor : actors_) {
    if (actor->process->is_dead()) continue;
    check_seen(*actor, "one-shot watches", actor->one_shots, tree, false);
    check_seen(*actor, "watches of children", actor->listings, tree, true);
    if (actor->stream) check_seen(*actor, "a persistent watch", *actor->stream, tree, false);
    if (actor->cache) check_cache(*actor, tree);
  }
}

void RecipeRun::check_seen(const Actor& actor, const char* how, const Seen& seen,
                           const tree::Tree& tree, bool are_listings) {
  for (const auto& [path, zxid] : seen) {
    const auto node = tree.find(path);
    std::int64_t now = 0;
    if (node != tree::kNoNode) {
      now = are_listings ? tree.stat(node).pzxid : tree.stat(node).mzxid;
    }
    if (now == zxid) continue;
    stage_.fail("WatchMissed",
                fmt::format("process {} follows {} by {}: it saw 0x{:x}, there is 0x{:x}",
                            actor.process->host(), path, how, zxid, now));
  }
}

void RecipeRun::check_cache(const Actor& actor, const tree::Tree& tree) {
  const auto entries = actor.cache->snapshot();
  std::size_t found = 0;
  const auto check = [&](const std::string& path) {
    const auto node = tree.find(path);
    if (node == tree::kNoNode) return;
    ++found;
    const auto entry = entries.find(path);
    const bool is_same = entry != entries.end() &&
                         entry->second->stat.mzxid == tree.stat(node).mzxid &&
                         as_text(entry->second->data) == tree.data(node).value_or("");
    if (is_same) return;
    stage_.fail("CacheConverges",
                fmt::format("process {}: the cache has another {}", actor.process->host(), path));
  };
  check(kFollowed);
  for (std::uint64_t i = 0; i < kFollowedNodes; ++i) check(followed_node(i));
  if (entries.size() == found) return;
  stage_.fail("CacheConverges",
              fmt::format("process {}: the cache has {} znodes, the servers have {}",
                          actor.process->host(), entries.size(), found));
}

void RecipeRun::check_tally(const tree::Tree& tree) {
  const Counted& counted = stage_.counted[kCounter];
  const auto node = tree.find(kCounter);
  std::uint64_t value = 0;
  if (node != tree::kNoNode) {
    for (const char c : tree.data(node).value_or("")) {
      value = value << 8 | static_cast<unsigned char>(c);
    }
  }
  const auto tally = static_cast<std::int64_t>(value);
  if (tally >= counted.acknowledged && tally <= counted.acknowledged + counted.unknown) return;
  stage_.fail("Tally", fmt::format("it is {}; {} increments were acknowledged, {} more are unknown",
                                   tally, counted.acknowledged, counted.unknown));
}

// Everybody has given back what he had, or is dead and his session expired.
void RecipeRun::check_nothing_is_left(const tree::Tree& tree) {
  for (const char* path : kLockPaths) {
    const auto parent = tree.find(path);
    if (parent == tree::kNoNode || tree.num_children(parent) == 0) continue;
    stage_.fail("NothingLeft",
                fmt::format("{} holds {} yet", path, tree.name(tree.first_child(parent))));
  }
}

}  // namespace

sim::Outcome run(const RecipeScenario& scenario, base::Log* log) {
  return RecipeRun(scenario, log).run();
}

}  // namespace drover::client_sim
