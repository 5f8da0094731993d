// fluent_tour: what Curator says with its fluent API, in a namespace.
//
// Where Curator strings calls together, Drover's client takes options by name in one call:
//
//     Java    client.create().creatingParentsIfNeeded().withMode(EPHEMERAL).forPath("/host", data)
//     C++     client.create("/host", data, {.mode = kEphemeral, .parents = kPersistent})
//
// A client with the namespace `logs` puts /logs in front of every path, and takes it off every
// answer: the program never sees it, the others do.
//
//     /logs         made with the first operation
//     /logs/host    persistent; /host to this program

#include <drover/cache.h>

#include <boost/asio/use_awaitable.hpp>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::value_or_throw;

constexpr std::chrono::seconds kPatience{10};

// Waits until the cache has seen the data change, and tells where.
awaitable<std::string> next_change(drover::Stream<drover::CacheEvent>& events) {
  for (;;) {
    // The first events are what the cache found: kCreated for /host, and kInitialized.
    auto event = value_or_throw(co_await events.next(kPatience));
    if (event.kind == drover::CacheEvent::Kind::kChanged) co_return event.path;
  }
}

awaitable<void> fluent_tour(drover::Client plain, const example::Arguments&) {
  drover::Client client = plain.with_namespace("logs");

  // client.delete().quietly().deletingChildrenIfNeeded().forPath("/host"): of an earlier tour
  value_or_throw(co_await client.remove("/host", {.recursive = true, .missing_ok = true}));

  // client.create().creatingParentsIfNeeded().forPath("/host", "myhost".getBytes())
  const auto made = value_or_throw(co_await client.create(
      "/host", drover::as_bytes("myhost"), {.parents = drover::Parents::kPersistent}));
  example::print("created ", made.path);

  // client.getData().forPath("/host")
  const auto node = value_or_throw(co_await client.get("/host"));
  example::print("data ", drover::as_text(node.data));

  // CuratorCache.build(client, "/host", SINGLE_NODE_CACHE), or NodeCache before: a copy that is
  // kept up to date, and tells of each change of it. A plain watch would tell once.
  drover::Cache cache(client, "/host", {.depth_max = 0});
  auto events = cache.events();
  value_or_throw(co_await cache.start());

  // client.setData().withVersion(0).forPath("/host", "newhost".getBytes()): only if nobody else has
  // set it since it was read
  const auto data = drover::as_bytes("newhost");
  value_or_throw(co_await client.set("/host", data, {.version = node.stat.version}));
  example::print("event data ", co_await next_change(events));
  const auto updated = value_or_throw(co_await client.get("/host"));
  example::print("updated ", drover::as_text(updated.data));

  // client.delete().guaranteed().forPath("/host"): if the answer is lost, in the background again
  value_or_throw(co_await client.remove("/host", {.guaranteed = true}));

  // client.checkExists().forPath("/host") != null
  const auto there = value_or_throw(co_await client.exists("/host"));
  example::print("exists ", there ? "true" : "false");
}

}  // namespace

int main(int argc, char** argv) {
  const auto accepts = [](const example::Arguments& arguments) { return arguments.words.empty(); };
  return example::run(argc, argv, {.usage = "fluent_tour", .accepts = accepts}, fluent_tour);
}
