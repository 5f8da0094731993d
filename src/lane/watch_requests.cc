#include "lane/watch_requests.h"

#include <algorithm>

#include "lane/frames.h"
#include "wire/client_records.h"

namespace drover::lane {

using watch::Mode;
using watch::Registry;
using watch::WatcherType;
using wire::JuteReader;
using wire::SetWatchesRequest;

namespace {

// The znode changed since the client looked, or nothing happened and the watch stands again.
class CatchUp {
 public:
  CatchUp(const tree::Tree& tree, watch::WatchTable& watches, watch::WatcherId watcher,
          wire::Zxid since, base::ByteBuffer& events)
      : tree_(tree), watches_(watches), watcher_(watcher), since_(since), events_(events) {}

  void data(std::string_view path) {
    const tree::NodeId node = tree_.find(path);
    if (node == tree::kNoNode) return tell(EventType::kNodeDeleted, path);
    if (is_news(tree_.stat(node).mzxid)) return tell(EventType::kNodeDataChanged, path);
    watches_.add(Registry::kData, path, watcher_, Mode::kStandard);
  }
  void exist(std::string_view path) {
    if (tree_.find(path) != tree::kNoNode) return tell(EventType::kNodeCreated, path);
    watches_.add(Registry::kData, path, watcher_, Mode::kStandard);
  }
  void child(std::string_view path) {
    const tree::NodeId node = tree_.find(path);
    if (node == tree::kNoNode) return tell(EventType::kNodeDeleted, path);
    if (is_news(tree_.stat(node).pzxid)) return tell(EventType::kNodeChildrenChanged, path);
    watches_.add(Registry::kChildren, path, watcher_, Mode::kStandard);
  }
  [[nodiscard]] std::int64_t told() const { return told_; }

 private:
  // After a restore an old zxid may be of something that the client has never seen.
  [[nodiscard]] bool is_news(std::int64_t zxid) const {
    return zxid > since_.value || tree_.replaced_at() > since_;
  }
  void tell(EventType type, std::string_view path) {
    append_event(events_, type, wire::Zxid(-1), path);
    ++told_;
  }

  const tree::Tree& tree_;
  watch::WatchTable& watches_;
  watch::WatcherId watcher_;
  wire::Zxid since_;
  base::ByteBuffer& events_;
  std::int64_t told_ = 0;
};

void add_persistent(watch::WatchTable& watches, watch::WatcherId watcher, std::string_view path) {
  watches.add(Registry::kData, path, watcher, Mode::kPersistent);
  watches.add(Registry::kChildren, path, watcher, Mode::kPersistent);
}

bool complete(const SetWatchesRequest::Paths& paths) {
  return paths && std::ranges::all_of(*paths, [](const auto& path) { return path.has_value(); });
}

}  // namespace

ErrorCode set_watches(const tree::Tree& tree, watch::WatchTable& watches, watch::WatcherId watcher,
                      std::string_view body, bool with_persistent, std::int32_t length_max,
                      base::ByteBuffer& events, std::int64_t& event_count) {
  JuteReader in(body, length_max);
  const auto request = SetWatchesRequest::decode(in, with_persistent);
  if (!in.ok() || !complete(request.data) || !complete(request.exist) || !complete(request.child)) {
    return ErrorCode::kMarshallingError;
  }
  if (with_persistent &&
      (!complete(request.persistent) || !complete(request.persistent_recursive))) {
    return ErrorCode::kMarshallingError;
  }
  CatchUp catch_up(tree, watches, watcher, request.relative_zxid, events);
  for (const auto& path : *request.data) catch_up.data(*path);
  for (const auto& path : *request.exist) catch_up.exist(*path);
  for (const auto& path : *request.child) catch_up.child(*path);
  if (with_persistent) {
    for (const auto& path : *request.persistent) add_persistent(watches, watcher, *path);
    for (const auto& path : *request.persistent_recursive) {
      watches.add(Registry::kData, *path, watcher, Mode::kRecursive);
    }
  }
  event_count += catch_up.told();
  return ErrorCode::kOk;
}

ErrorCode add_watch(watch::WatchTable& watches, watch::WatcherId watcher, std::string_view body,
                    std::int32_t length_max, base::ByteBuffer& out) {
  JuteReader in(body, length_max);
  const auto request = wire::PathModeRequest::decode(in);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  // A null path is accepted (it watches nothing that can happen).
  const std::string_view path = request.path.value_or(std::string_view());
  if (request.mode == 0) {
    add_persistent(watches, watcher, path);
  } else if (request.mode == 1) {
    watches.add(Registry::kData, path, watcher, Mode::kRecursive);
  } else {
    return ErrorCode::kMarshallingError;
  }
  wire::JuteWriter(out).write_int(0);
  return ErrorCode::kOk;
}

ErrorCode check_watches(watch::WatchTable& watches, watch::WatcherId watcher, std::string_view body,
                        std::int32_t length_max, bool remove) {
  JuteReader in(body, length_max);
  const auto request = wire::PathModeRequest::decode(in);
  if (!in.ok() || request.mode < static_cast<std::int32_t>(WatcherType::kChildren) ||
      request.mode > static_cast<std::int32_t>(WatcherType::kPersistentRecursive)) {
    return ErrorCode::kMarshallingError;
  }
  const auto type = static_cast<WatcherType>(request.mode);
  const std::string_view path = request.path.value_or(std::string_view());
  const bool matched =
      remove ? watches.remove(path, watcher, type) : watches.contains(path, watcher, type);
  return matched ? ErrorCode::kOk : ErrorCode::kNoWatcher;
}

}  // namespace drover::lane
