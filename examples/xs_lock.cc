// xs_lock [--herd] HOST r|w [HOLD_MS]: a lock that many readers or one writer hold.
//
//     /xs_lock/<host>-R-<sequence>    ephemeral sequential: wants to read
//     /xs_lock/<host>-W-<sequence>    ephemeral sequential: wants to write
//
// The numbers are a queue. A reader may go ahead when no writer is before it, a writer when nobody
// is.
//
// With --herd everybody watches the whole queue: each time somebody comes or goes, all who wait
// wake up, read the list, and all but one find that nothing has changed for them. With N in the
// queue that is N + (N-1) + ... events until it is empty: the herd effect. Without it, each watches
// the one znode that it waits for: a writer the one just before it, a reader the last writer before
// it. Then a release wakes who is next, and nobody else.
//
// A program of your own uses drover::SharedMutex (drover/recipes/shared_mutex.h): it knows what to
// do when the connection goes, and tells what it writes to a fencing token.

#include <algorithm>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

const std::string kQueue = "/xs_lock";

bool is_writer(std::string_view name) {
  const auto prefix = name.substr(0, name.size() - example::sequence_of(name).size());
  return prefix.ends_with("-W-");
}

// Who is before `own` in the queue and in its way, the last of them last.
std::vector<std::string> obstacles(std::vector<std::string> names, const std::string& own) {
  std::ranges::sort(names, {}, example::sequence_of);
  const auto at = std::ranges::find(names, own);
  if (at == names.end()) throw drover::Exception({ErrorCode::kLockLost, own + " is gone"});
  names.erase(at, names.end());
  if (!is_writer(own)) std::erase_if(names, [](const auto& name) { return !is_writer(name); });
  return names;
}

// Both return how many events they were woken by.

awaitable<int> wait_with_the_herd(drover::Client client, std::string own) {
  for (int events = 0;; ++events) {
    auto queue = drover::value_or_throw(co_await client.watch_children(kQueue));
    if (obstacles(std::move(queue.value.names), own).empty()) co_return events;
    drover::value_or_throw(co_await queue.changed.fired());
  }
}

awaitable<int> wait_for_one(drover::Client client, std::string own) {
  for (int events = 0;;) {
    auto queue = drover::value_or_throw(co_await client.children(kQueue));
    const auto before = obstacles(std::move(queue.names), own);
    if (before.empty()) co_return events;
    auto last = co_await client.watch_data(kQueue + "/" + before.back());
    if (!last && last.error().code == ErrorCode::kNoNode) continue;  // gone since we listed
    if (!last) throw drover::Exception(last.error());
    drover::value_or_throw(co_await last->changed.fired());
    // It went, but perhaps by dying in the queue: whoever it waited for is in our way now.
    ++events;
  }
}

awaitable<void> hold_once(drover::Client client, const example::Arguments& arguments) {
  const std::string host = arguments.words[0];
  const std::string kind = arguments.words[1] == "w" ? "W" : "R";
  const auto hold = arguments.words.size() > 2 ? *example::to_number(arguments.words[2]) : 100;
  drover::value_or_throw(co_await client.ensure_path(kQueue));
  const auto own = drover::value_or_throw(
      co_await client.create(kQueue + "/" + host + "-" + kind + "-", drover::as_bytes(""),
                             {.mode = drover::CreateMode::kEphemeralSequential}));
  const std::string name(example::name_of(own.path));
  const int events = arguments.flag ? co_await wait_with_the_herd(client, name)
                                    : co_await wait_for_one(client, name);
  example::print(host, " ", kind, " granted");
  co_await example::sleep(client, std::chrono::milliseconds(hold));  // stands for the work
  // Said before it is done: as soon as the znode is gone, the next one may say that it goes ahead.
  example::print(host, " ", kind, " released events=", events);
  drover::value_or_throw(co_await client.remove(own.path));
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.size() < 2 || words.size() > 3 || words[0].find('/') != std::string::npos) return false;
  return (words[1] == "r" || words[1] == "w") &&
         (words.size() == 2 || example::to_number(words[2]));
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(
      argc, argv,
      {.usage = "xs_lock [--herd] HOST r|w [HOLD_MS]", .accepts = accepts, .flag = "--herd"},
      hold_once);
}
