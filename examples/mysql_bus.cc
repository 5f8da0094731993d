// mysql_bus replicator TASK: a task with one runner and hot standbys, as on a bus that replicates a
// database's log to others.
//
//     /mysql_bus/<task>/replicators/<id>-<sequence>    ephemeral sequential, STANDBY then RUNNING
//     /mysql_bus/<task>/position                       persistent, how far the log was applied
//
// The replicator with the lowest number runs. Each of the others watches the one just before it: so
// one wakes up when one goes, not all at once, and the runner need not be told that it is watched.
//
// The runner that dies is the easy case. The hard one is the runner that was merely frozen, for
// longer than its session: it wakes up, and believes that it runs, while the next one does. It must
// not write. So every step is one transaction that checks the own znode, which went with the
// session, and moves the position. No clock can do that: a look at it, and then a write, leaves a
// moment in between.

#include <algorithm>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

constexpr std::chrono::milliseconds kStep{50};

struct Position {
  std::int64_t value = 0;
  std::int32_t version = 0;
};

awaitable<Position> read_position(drover::Client client, std::string path) {
  const auto node = drover::value_or_throw(co_await client.get(path));
  const auto value = example::to_number(drover::as_text(node.data));
  if (!value) throw drover::Exception({.message = path + " holds no position"});
  co_return Position{.value = *value, .version = node.stat.version};
}

// Waits until there is nobody before us.
awaitable<void> await_turn(drover::Client client, std::string directory, std::string own) {
  for (;;) {
    auto names = drover::value_or_throw(co_await client.children(directory)).names;
    // Not by name: that begins with the replicator's id.
    std::ranges::sort(names, {}, example::sequence_of);
    const auto at = std::ranges::find(names, own);
    if (at == names.end()) throw drover::Exception({ErrorCode::kLockLost, own + " is gone"});
    if (at == names.begin()) co_return;
    // Reading is watching: if it has gone since we listed, there is no watch to wait for, and we
    // look again.
    auto before = co_await client.watch_data(directory + "/" + *std::prev(at));
    if (!before && before.error().code == ErrorCode::kNoNode) continue;
    if (!before) throw drover::Exception(before.error());
    // It may also fire because its data has changed: then, too, we look again. That the one before
    // us went does not say that it is our turn: it may have been a standby.
    drover::value_or_throw(co_await before->changed.fired());
  }
}

awaitable<void> apply_log(drover::Client client, const example::Arguments& arguments,
                          std::string own_path, std::string position_path) {
  auto done = co_await read_position(client, position_path);
  example::print(arguments.id, " RUNNING from ", done.value);
  for (;;) {
    const std::string next = std::to_string(done.value + 1);
    // Here the next piece of the log would be applied, in a way that may be done twice: we may die
    // before the position has moved.
    drover::Transaction step;
    step.check(own_path);
    step.set(position_path, drover::as_bytes(next), {.version = done.version});
    const auto committed = co_await client.commit(std::move(step));
    if (committed) {
      example::print(arguments.id, " applied ", next);
      done = {.value = done.value + 1, .version = done.version + 1};
      co_await example::sleep(client, kStep);
    } else if (error_class(committed.error().code) == drover::ErrorClass::kOutcomeUnknown) {
      // The connection went before the answer came. The position knows.
      done = co_await read_position(client, position_path);
    } else {
      throw drover::Exception(
          {ErrorCode::kLockLost, "another one runs: " + committed.error().message});
    }
  }
}

awaitable<void> replicate(drover::Client client, const example::Arguments& arguments) {
  const std::string task = "/mysql_bus/" + arguments.words[1];
  const std::string directory = task + "/replicators";
  const std::string position = task + "/position";
  const auto made = co_await client.create(position, drover::as_bytes("0"),
                                           {.parents = drover::Parents::kPersistent});
  if (!made && made.error().code != ErrorCode::kNodeExists) throw drover::Exception(made.error());
  const auto own = drover::value_or_throw(co_await client.create(
      directory + "/" + arguments.id + "-", drover::as_bytes("STANDBY"),
      {.mode = drover::CreateMode::kEphemeralSequential, .parents = drover::Parents::kPersistent}));
  example::print(arguments.id, " STANDBY");
  co_await await_turn(client, directory, std::string(example::name_of(own.path)));
  drover::value_or_throw(co_await client.set(own.path, drover::as_bytes("RUNNING")));
  co_await apply_log(client, arguments, own.path, position);
}

bool accepts(const example::Arguments& arguments) {
  return arguments.words.size() == 2 && arguments.words[0] == "replicator";
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "mysql_bus replicator TASK", .accepts = accepts},
                      replicate);
}
