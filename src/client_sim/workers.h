#pragma once
// What goes on in a process: coroutines that use the client and its recipes as anybody would, and
// tell the checkers. Each runs on its client's executor, until Stage says that it is time, or its
// process is dead.

#include <boost/asio/awaitable.hpp>
#include <string>

#include "client_sim/stage.h"

namespace drover::client_sim {

enum class LockKind : std::uint8_t {
  kMutex,
  kShared,  // to read or to write, as it comes
  kSemaphore,
  kLatch,
};

// All pointers outlive the coroutine.

// Takes one lock again and again, and writes what it protects.
boost::asio::awaitable<void> contend(Stage* stage, Actor* actor, LockKind kind);
// Increments one counter again and again.
boost::asio::awaitable<void> count(Stage* stage, Actor* actor);
// Asks without waiting for answers: each comes once, in order, and is right.
boost::asio::awaitable<void> ask(Stage* stage, Actor* actor);

// Makes, changes and removes the znodes that followers follow.
boost::asio::awaitable<void> change(Stage* stage, Actor* actor);
// Followers: by one-shot watches, by a persistent one, by a cache.
boost::asio::awaitable<void> follow_node(Stage* stage, Actor* actor, std::string path);
boost::asio::awaitable<void> follow_children(Stage* stage, Actor* actor, std::string path);
boost::asio::awaitable<void> follow_stream(Stage* stage, Actor* actor);
boost::asio::awaitable<void> follow_by_cache(Stage* stage, Actor* actor);

inline constexpr auto kFollowed = "/followed";
inline constexpr int kFollowedNodes = 3;
inline constexpr auto kCounter = "/counters/tally";

[[nodiscard]] Lock lock_of(LockKind kind);
[[nodiscard]] std::string followed_node(std::uint64_t number);

}  // namespace drover::client_sim
