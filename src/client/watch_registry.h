#pragma once
// The client's memory of its watches: who is told about an event, and what to say to the next
// server after a reconnection. Paths are the server's, chroot included. Pure; not thread-safe.

#include <drover/event.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::client {

enum class WatchKind {
  kData,                 // one-shot, set by getData, and by exists on a znode that is there
  kExist,                // one-shot, set by exists on a znode that is not there
  kChild,                // one-shot, set by getChildren
  kPersistent,           // addWatch mode 0
  kPersistentRecursive,  // addWatch mode 1
};

// What checkWatches and removeWatches name (WatcherType).
enum class WatcherType : std::int32_t {
  kChildren = 1,
  kData = 2,
  kAny = 3,
  kPersistent = 4,
  kPersistentRecursive = 5,
};

class WatchRegistry {
 public:
  void add(WatchKind kind, std::string_view path) { paths(kind).emplace(path); }

  // Whether a watch here waits for this event; the one-shot ones among them are used up.
  bool take(EventType type, std::string_view path);

  [[nodiscard]] bool contains(WatcherType type, std::string_view path) const;

  // Forgets those watches; the events that tell the listener so, one per kind that was there.
  std::vector<EventType> remove(WatcherType type, std::string_view path);

  // A request that sets watches again.
  struct Rearm {
    wire::OpCode op;   // setWatches, or setWatches2 when a persistent one is among all
    std::string body;  // its record
  };
  // As many as are needed to keep each under about 128 KiB of paths, so that none exceeds a
  // server's limit.
  [[nodiscard]] std::vector<Rearm> rearm(wire::Zxid last_seen) const;

  void clear() { *this = WatchRegistry(); }

 private:
  static constexpr std::size_t kKinds = 5;
  using Paths = std::set<std::string, std::less<>>;

  [[nodiscard]] Paths& paths(WatchKind kind) { return paths_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const Paths& paths(WatchKind kind) const {
    return paths_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] bool is_covered_recursively(std::string_view path) const;

  Paths paths_[kKinds];
};

}  // namespace drover::client
