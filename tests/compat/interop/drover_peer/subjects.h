#pragma once
// Makes the object that a `new` request describes, of the kinds of ../README.md.

#include <drover/client.h>

#include <functional>
#include <memory>
#include <string_view>

#include "subject.h"

namespace peer {

// How to find another object of this peer; throws when nothing has that name.
using Others = std::function<std::shared_ptr<Subject>(std::string_view on)>;

// What an object is made of.
struct Making {
  const Request& request;
  const drover::Client& client;
  Events events;
  const Others& others;
};

using Made = std::shared_ptr<Subject>;

// Throws std::invalid_argument for an unknown kind.
Made make_subject(const Making& making);

// One for each kind, each beside its class.
Made make_atomic_int(const Making& making);
Made make_atomic_long(const Making& making);
Made make_barrier(const Making& making);
Made make_cache(const Making& making);
Made make_cached_long(const Making& making);
Made make_discovery(const Making& making);
Made make_double_barrier(const Making& making);
Made make_group(const Making& making);
Made make_kazoo_counter(const Making& making);
Made make_kazoo_lease(const Making& making);
Made make_kazoo_set_partitioner(const Making& making);
Made make_latch(const Making& making);
Made make_migration(const Making& making);
Made make_multi_lock(const Making& making);
Made make_mutex(const Making& making);
Made make_persistent_node(const Making& making);
Made make_queue_subject(const Making& making);
Made make_queue_sharder(const Making& making);
Made make_rwlock(const Making& making);
Made make_selector(const Making& making);
Made make_semaphore(const Making& making);
Made make_semaphore_mutex(const Making& making);
Made make_shared_count(const Making& making);
Made make_shared_value(const Making& making);
Made make_simple_queue(const Making& making);

}  // namespace peer
