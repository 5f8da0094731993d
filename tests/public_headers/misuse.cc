// Misuse that a compiler can see: each line marked `error:` must be refused with such a text, and
// no other line (misuse_test.py).

#include <drover/cache.h>
#include <drover/client.h>
#include <drover/recipes/atomic_value.h>
#include <drover/recipes/barrier.h>
#include <drover/recipes/kazoo_lock.h>
#include <drover/recipes/leader_latch.h>
#include <drover/recipes/mutex.h>
#include <drover/recipes/queue.h>
#include <drover/recipes/queue_sharder.h>
#include <drover/recipes/recursive_mutex.h>
#include <drover/recipes/semaphore.h>
#include <drover/recipes/shared_value.h>

#include <mutex>

using namespace std::chrono_literals;

// --- what is right compiles

void use_all(drover::Client client, drover::Mutex& mutex, drover::Semaphore& semaphore) {
  const std::scoped_lock both(mutex);
  static_cast<void>(client.create("/a", drover::as_bytes("x"), {}, drover::block));
  client.get("/a", {}, [](const drover::Result<drover::Node>&) {});
  drover::Result<drover::LockHold> hold = mutex.acquire(1s, drover::block);
  if (hold) static_cast<void>(drover::LockHold(std::move(*hold)));
  drover::SharedValue<drover::Text> value(client, "/v", {"seed"});
  semaphore.acquire();
  drover::Barrier barrier(client, "/b", 2);
  barrier.wait(barrier.arrive());
}

// --- answers that nobody waits for, and owners that nobody keeps

void forget(drover::Client client, drover::Mutex& mutex, drover::Barrier& barrier) {
  client.create("/a", drover::as_bytes("x"), {}, drover::block);  // error: nodiscard
  client.set_servers("host:2181");                                // error: nodiscard
  mutex.acquire(1s, drover::block);                               // error: nodiscard
  client.get("/a");                                               // error: nodiscard
  mutex.acquire(1s);                                              // error: nodiscard
  client.on_connection_state([](drover::ConnectionState) {});     // error: nodiscard
  barrier.arrive();                                               // error: nodiscard
}

// --- owners that are copied

void copy(const drover::LockHold& hold, const drover::Mutex& mutex, drover::Barrier& barrier,
          const drover::OneShot& watch, const drover::LeaderLatch& latch) {
  auto hold_copy = hold;    // error: deleted (copy )?(function|constructor)
  auto mutex_copy = mutex;  // error: deleted (copy )?(function|constructor)
  auto watch_copy = watch;  // error: deleted (copy )?(function|constructor)
  auto latch_copy = latch;  // error: deleted (copy )?(function|constructor)
  auto arrival = barrier.arrive();
  barrier.wait(arrival);  // error: cannot bind
}

// --- locks that are no such locks, and ones that must not change

void lock(const drover::Mutex& constant, drover::Semaphore& semaphore, drover::Mutex& exclusive) {
  constant.unlock();        // error: discards qualifiers|not marked const
  constant.lock();          // error: discards qualifiers|not marked const
  semaphore.unlock();       // error: no member named
  exclusive.lock_shared();  // error: no member named
}

// --- values of the wrong type

struct NoCodec {
  using Value = int;
  static std::string encode(int);
  static int decode(drover::BytesView);
};

void mistake(drover::Client client, drover::Queue& plain) {
  using Shared = drover::SharedValue<NoCodec>;              // error: constraint|not satisfied
  using Atomic = drover::AtomicValue<NoCodec>;              // error: constraint|not satisfied
  client.set("/a", "text", {}, drover::block);              // error: no matching|no match
  client.get("/a", {}, 7);                                  // error: no matching|no match
  client.get("/a", {}, [](int) {});                         // error: no matching|no match
  drover::Node node = client.get("/a", {}, drover::block);  // error: conversion from
  drover::Result<int> count = client.get("/a", {}, drover::block);   // error: conversion from
  client.create("/a", {.mode = 1}, drover::block);                   // error: no matching|no match
  plain.put(drover::as_bytes("x"), "an id", drover::block);          // error: no matching|no match
  drover::QueueSharder<drover::Client> sharder(client, "/q", "/l");  // error: no matching|no match
}
