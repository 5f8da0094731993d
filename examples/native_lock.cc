// native_lock: a lock on the plain client, by two threads with a session each.
//
// Whoever wants the lock queues with a sequential znode; the first in the queue has the lock, each
// of the others watches the one before it. So a release wakes one, and nobody else.
//
//     /locks                  persistent; data: locks
//     /locks/seq-<sequence>   ephemeral sequential: a holder that dies gives the lock back
//
// The program that this lock is often taught with has four faults, each of which this one avoids
// where its number stands:
//   (1) the one before goes between the list and the watch: nobody ever tells, it waits for ever
//   (2) woken means first: but the one before may just have given up, with others still before it
//   (3) what it waits on is a latch that is open for ever once it was opened, or not the latch at
//       all but the monitor of that object, which nobody notifies
//   (4) an unlock without a lock removes whatever path is left over, or none

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "support/program.h"

namespace {

using drover::block;
using drover::ErrorCode;
using drover::value_or_throw;

constexpr std::chrono::milliseconds kWork{500};  // what each does with the lock

// For one thread. Works with std::lock_guard and std::unique_lock.
class NativeLock {
 public:
  explicit NativeLock(drover::Client client) : client_(std::move(client)) {}

  // Throws drover::Exception, and then does not hold it.
  void lock() {
    const auto made = client_.create("/locks", drover::as_bytes("locks"), {}, block);
    if (!made && made.error().code != ErrorCode::kNodeExists) value_or_throw(made);
    node_ =
        value_or_throw(client_.create("/locks/seq-", drover::as_bytes(""),
                                      {.mode = drover::CreateMode::kEphemeralSequential}, block))
            .path;
    try {
      while (const auto before = find_the_one_before()) wait_until_gone(*before);
    } catch (...) {
      unlock();  // out of the queue: those behind must not wait for it
      throw;
    }
  }

  void unlock() noexcept {
    // (4) The path is there from lock() to unlock(), and only then.
    if (!node_.empty()) client_.remove_in_background(std::exchange(node_, {}));
  }

 private:
  // Nobody: it is our turn. (2) The list alone decides that, each time anew.
  std::optional<std::string> find_the_one_before() {
    auto names = value_or_throw(client_.children("/locks", block)).names;
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("seq-"); });
    std::ranges::sort(names);
    const auto own = std::ranges::find(names, std::string(example::name_of(node_)));
    if (own == names.end()) {
      throw drover::Exception({ErrorCode::kLockLost, "our place in the queue is gone", node_});
    }
    if (own == names.begin()) return std::nullopt;
    return "/locks/" + *std::prev(own);
  }

  void wait_until_gone(const std::string& path) {
    // (1) The question that sets the watch also tells whether the znode is still there.
    auto before = value_or_throw(client_.watch_exists(path, block));
    if (!before.value) return;
    // (3) The wait belongs to this one watch; the next round has another.
    value_or_throw(before.changed.fired(drover::kForever, block));
  }

  drover::Client client_;
  std::string node_;  // our place in the queue
};

void work(drover::Client client, int number, std::promise<void> has_it) {
  NativeLock lock(std::move(client));
  const std::lock_guard guard(lock);
  example::print("thread ", number, " locked");
  has_it.set_value();
  std::this_thread::sleep_for(kWork);
  // Said while it is true: behind the unlock the other one's line could be faster.
  example::print("thread ", number, " unlocked");
}

void native_lock(const example::Arguments& arguments) {
  // A session each: to the servers, one session is one client, whatever its threads are.
  drover::Client first = example::open(arguments);
  drover::Client second = example::open(arguments);
  std::promise<void> first_has_it;
  std::promise<void> second_has_it;
  auto until_first_has_it = first_has_it.get_future();
  auto one = std::async(std::launch::async, work, first, 1, std::move(first_has_it));
  until_first_has_it.wait();  // so that thread 1 is the first one, and thread 2 finds it locked
  auto two = std::async(std::launch::async, work, second, 2, std::move(second_has_it));
  one.get();
  two.get();
}

}  // namespace

int main(int argc, char** argv) {
  const auto accepts = [](const example::Arguments& arguments) { return arguments.words.empty(); };
  return example::run(argc, argv, {.usage = "native_lock", .accepts = accepts}, native_lock);
}
