// log_collect collector, log_collect source: log sources that come and go, shared out evenly among
// collectors that come and go.
//
//     /logs/collectors/<id>    ephemeral, "bytes=<n>;cpu=<ms>;mem=<KiB>"
//     /logs/sources/<id>       ephemeral, "alive;bytes=<n>"
//     /logs/leader             the collectors' drover::LeaderLatch
//     /logs/assign/<id>        persistent, the collector's sources as a JSON list
//
// One of the collectors leads: it watches who is there, and says who collects from whom. All that
// it says is in znodes, so when it dies the next leader goes on from there, and moves as little as
// it can.
//
// The whole assignment is one transaction: nobody ever reads a source that two collectors have, or
// none. The same transaction checks the leader's own znode in the latch. So a leader that was
// frozen while another was elected writes nothing when it wakes up.

#include <drover/cache.h>
#include <drover/recipes/leader_latch.h>
#include <sys/resource.h>

#include <utility>

#include "log_collect_plan.h"
#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::value_or_throw;
using log_collect::Assignment;
using log_collect::Names;

const std::string kCollectors = "/logs/collectors";
const std::string kSources = "/logs/sources";
const std::string kAssign = "/logs/assign";
constexpr std::chrono::milliseconds kReportEvery{500};

awaitable<void> register_as(drover::Client client, std::string path, std::string data) {
  // A znode under this name is of our own last life (see dns.cc).
  value_or_throw(co_await client.remove(path, {.missing_ok = true}));
  value_or_throw(co_await client.create(
      path, drover::as_bytes(data),
      {.mode = drover::CreateMode::kEphemeral, .parents = drover::Parents::kPersistent}));
}

awaitable<Assignment> read_assignment(drover::Client client) {
  Assignment found;
  const auto listing = value_or_throw(co_await client.children(kAssign));
  for (const auto& id : listing.names) {
    const auto node = co_await client.get(kAssign + "/" + id);
    if (!node) continue;  // another leader has removed it: then our transaction will fail
    found.sources[id] = log_collect::from_json(drover::as_text(node->data));
    found.versions[id] = node->stat.version;
  }
  co_return found;
}

drover::Transaction to_transaction(const std::string& leader, const Assignment& before,
                                   const Assignment::Sources& plan) {
  drover::Transaction change;
  change.check(leader);
  for (const auto& [id, names] : plan) {
    const std::string path = kAssign + "/" + id;
    const std::string text = log_collect::to_json(names);
    if (!before.sources.contains(id)) {
      change.create(path, drover::as_bytes(text));
    } else if (before.sources.at(id) != names) {
      change.set(path, drover::as_bytes(text), {.version = before.versions.at(id)});
    }
  }
  for (const auto& [id, version] : before.versions) {
    if (!plan.contains(id)) change.remove(kAssign + "/" + id, version);
  }
  return change;
}

// Whenever this collector leads: shares out, and again when somebody comes or goes.
awaitable<void> lead(drover::Client client, drover::LeaderLatch& latch) {
  using namespace boost::asio::experimental::awaitable_operators;
  for (;;) {
    value_or_throw(co_await latch.await_leadership());
    auto collectors = value_or_throw(co_await client.watch_children(kCollectors));
    auto sources = value_or_throw(co_await client.watch_children(kSources));
    const auto before = co_await read_assignment(client);
    auto change = to_transaction(
        latch.node_path(), before,
        log_collect::plan(before.sources, collectors.value.names, sources.value.names));
    const auto done = co_await client.commit(std::move(change));
    // It failed as a whole: we do not lead any more, or somebody else wrote. Look again.
    if (!done && drover::error_class(done.error().code) == drover::ErrorClass::kPrecondition)
      continue;
    value_or_throw(done);
    example::print("rebalance collectors=", collectors.value.names.size(),
                   " sources=", sources.value.names.size());
    co_await (collectors.changed.fired() || sources.changed.fired());
  }
}

// The leader shows what the collectors report.
awaitable<void> show_status(drover::Client client, const drover::LeaderLatch& latch) {
  drover::Cache cache(client, kCollectors, {.depth_max = 1});
  auto events = cache.events();
  value_or_throw(co_await cache.start());
  for (;;) {
    const auto event = value_or_throw(co_await events.next());
    if (!event.after || event.path == kCollectors || !latch.is_leader()) continue;
    const auto text = drover::as_text(event.after->data);
    example::print("status ", example::name_of(event.path), " ", text.substr(0, text.find(';')));
  }
}

// What this collector is to do.
awaitable<void> follow(drover::Client client, std::string id, std::size_t& count) {
  drover::Cache cache(client, kAssign + "/" + id, {.depth_max = 0});
  auto events = cache.events();
  value_or_throw(co_await cache.start());
  for (;;) {
    const auto event = value_or_throw(co_await events.next());
    if (!event.after) continue;
    const auto names = log_collect::from_json(drover::as_text(event.after->data));
    count = names.size();
    example::print(id, " assigned ", example::bracketed(names));
  }
}

std::string usage_of(std::int64_t bytes) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto cpu = used.ru_utime.tv_sec * 1000 + used.ru_utime.tv_usec / 1000;
  return "bytes=" + std::to_string(bytes) + ";cpu=" + std::to_string(cpu) +
         ";mem=" + std::to_string(used.ru_maxrss);
}

awaitable<void> report(drover::Client client, std::string path, const std::size_t& count) {
  for (std::int64_t bytes = 0;;) {
    co_await example::sleep(client, kReportEvery);
    bytes += 1024 * static_cast<std::int64_t>(count);  // stands for collecting
    const std::string text = usage_of(bytes);
    value_or_throw(co_await client.set(path, drover::as_bytes(text)));
  }
}

awaitable<void> collect(drover::Client client, const example::Arguments& arguments) {
  value_or_throw(co_await client.ensure_path(kSources));
  value_or_throw(co_await client.ensure_path(kAssign));
  const std::string path = kCollectors + "/" + arguments.id;
  co_await register_as(client, path, usage_of(0));
  drover::LeaderLatch latch(client, "/logs/leader", arguments.id);
  value_or_throw(latch.start());
  std::size_t count = 0;
  co_await example::together(lead(client, latch), show_status(client, latch),
                             follow(client, arguments.id, count), report(client, path, count));
}

awaitable<void> produce(drover::Client client, const example::Arguments& arguments) {
  const std::string path = kSources + "/" + arguments.id;
  co_await register_as(client, path, "alive;bytes=0");
  for (std::int64_t bytes = 0;; bytes += 1024) {
    co_await example::sleep(client, kReportEvery);
    const std::string text = "alive;bytes=" + std::to_string(bytes);
    value_or_throw(co_await client.set(path, drover::as_bytes(text)));
  }
}

awaitable<void> run(drover::Client client, const example::Arguments& arguments) {
  return arguments.words[0] == "collector" ? collect(std::move(client), arguments)
                                           : produce(std::move(client), arguments);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (arguments.id.find('"') != std::string::npos) return false;
  return words.size() == 1 && (words[0] == "collector" || words[0] == "source");
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "log_collect collector|source", .accepts = accepts},
                      run);
}
