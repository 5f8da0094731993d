// zkclient_tour: ZkClient's words, on one znode: create, read, subscribe, write, delete.
//
// The class drover::ZkClient has what ZkClient has over the plain client: values in place of bytes
// (a codec says how), and subscriptions that stay where a plain watch tells once.
//
//     /mylog    persistent
//
// This program blocks in each call, as Java's does. The listener runs on the client's own thread,
// which must never block: it only hands on what it is told.

#include <drover/recipes/zk_client.h>

#include "support/program.h"

namespace {

using drover::block;
using drover::Text;
using drover::value_or_throw;

constexpr std::string_view kPath = "/mylog";
constexpr std::chrono::seconds kPatience{10};

// What a listener was told, for the main thread to wait for. nullopt: there is no such znode.
using Told = std::optional<std::string>;

Told next(drover::Stream<Told>& told) {
  return value_or_throw(told.next(kPatience, block));
}

void zkclient_tour(const example::Arguments& arguments) {
  drover::ZkClient zk(example::open(arguments));
  const std::string path(kPath);
  value_or_throw(zk.remove_recursive(path, block));  // what an earlier tour left, if it was killed

  value_or_throw(zk.create<Text>(path, "first log", drover::CreateMode::kPersistent, block));
  example::print("created ", path);
  example::print("data ", value_or_throw(zk.read<Text>(path, block)));

  // Shared with the listener: its last call may still be under way when the subscription has ended.
  auto source = std::make_shared<drover::StreamSource<Told>>(zk.client().get_executor());
  auto told = source->subscribe();
  const auto subscription =
      zk.subscribe_data<Text>(path, [source](const drover::Result<Told>& value) {
        if (value) source->publish(*value);
      });
  next(told);  // what it finds at first. From here on the subscription stands

  // A listener is told the newest state, not each change: two writes in a row may be one event. So
  // this waits for the event of each write before it makes the next.
  value_or_throw(zk.write<Text>(path, "second log", drover::kAnyVersion, block));
  example::print("event changed ", path, " ", next(told).value_or("(gone)"));
  example::print("updated ", value_or_throw(zk.read<Text>(path, block)));

  value_or_throw(zk.remove(path, block));
  if (!next(told)) example::print("event deleted ", path);
  const bool exists = value_or_throw(zk.client().exists(path, block)).has_value();
  example::print("exists ", exists ? "true" : "false");
}

}  // namespace

int main(int argc, char** argv) {
  const auto accepts = [](const example::Arguments& arguments) { return arguments.words.empty(); };
  return example::run(argc, argv, {.usage = "zkclient_tour", .accepts = accepts}, zkclient_tour);
}
