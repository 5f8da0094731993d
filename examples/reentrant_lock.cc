// reentrant_lock [THREADS]: a lock that its holder may take again, shared with Curator.
//
// Each thread (two, unless told otherwise) takes the lock twice and gives it back twice, with a
// session of its own. The lock is drover::RecursiveMutex, on the same znodes as Curator's
// InterProcessMutex: a Java program that locks /locks waits for this one, and this one for it.
//
//     /locks                               persistent here; with Curator, and by default, a
//     container /locks/_c_<uuid>-lock-<sequence>     ephemeral; one for each thread that has or
//     wants it
//
// Taking it again makes no znode and asks no server. The lock counts: it is free when it was
// released as often as it was acquired.

#include <drover/recipes/recursive_mutex.h>

#include <future>
#include <mutex>
#include <thread>

#include "support/program.h"

namespace {

constexpr std::chrono::milliseconds kWork{500};  // what each does with the lock

// A function that takes the lock, whether or not its caller has it already: what reentrance is for.
void update(drover::RecursiveMutex& mutex, int number) {
  const std::lock_guard again(mutex);
  example::print("thread ", number, " acquired again");
  std::this_thread::sleep_for(kWork);
  example::print("thread ", number, " released");
}

void work(const example::Arguments& arguments, int number) {
  drover::Client client = example::open(arguments);
  drover::RecursiveMutex mutex(client, "/locks");
  // The standard library's own guards. When the lock cannot be had, lock() throws.
  const std::lock_guard guard(mutex);
  example::print("thread ", number, " acquired");
  update(mutex, number);
  // Still locked here: it was acquired twice and released once. Said before the guard releases it,
  // because afterwards the next one's line could be faster.
  example::print("thread ", number, " released again");
}

void reentrant_lock(const example::Arguments& arguments) {
  const auto count =
      arguments.words.empty() ? 2 : example::to_number(arguments.words[0]).value_or(0);
  std::vector<std::future<void>> threads;
  for (int number = 1; number <= count; ++number) {
    threads.push_back(std::async(std::launch::async, work, arguments, number));
  }
  for (auto& thread : threads) thread.get();
}

bool accepts(const example::Arguments& arguments) {
  if (arguments.words.empty()) return true;
  const auto count = example::to_number(arguments.words[0]);
  return arguments.words.size() == 1 && count && *count >= 1 && *count <= 100;
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, {.usage = "reentrant_lock [THREADS]", .accepts = accepts},
                      reentrant_lock);
}
