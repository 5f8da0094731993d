#pragma once
// What a watch tells (Watcher.Event).

#include <cstdint>
#include <string>

namespace drover {

enum class EventType : std::int32_t {
  kNone = -1,
  kNodeCreated = 1,
  kNodeDeleted = 2,
  kNodeDataChanged = 3,
  kNodeChildrenChanged = 4,
  kDataWatchRemoved = 5,
  kChildWatchRemoved = 6,
  kPersistentWatchRemoved = 7,
};

enum class KeeperState : std::int32_t {
  kDisconnected = 0,
  kSyncConnected = 3,
  kAuthFailed = 4,
  kConnectedReadOnly = 5,
  kSaslAuthenticated = 6,
  kExpired = -112,
  kClosed = 7,
};

struct WatchedEvent {
  EventType type = EventType::kNone;
  KeeperState state = KeeperState::kSyncConnected;
  std::string path;
  std::int64_t zxid = -1;  // of the txn that caused it, -1 when unknown
  friend bool operator==(const WatchedEvent&, const WatchedEvent&) = default;
};

}  // namespace drover
