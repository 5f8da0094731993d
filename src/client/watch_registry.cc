#include "client/watch_registry.h"

#include <span>

#include "wire/client_records.h"

namespace drover::client {
namespace {

constexpr std::size_t kRearmBytesMax = 128
                                       << 10;  // of path text in one setWatches, as Java clients do

bool erase(std::set<std::string, std::less<>>& paths, std::string_view path) {
  const auto found = paths.find(path);
  if (found == paths.end()) return false;
  paths.erase(found);
  return true;
}

// The kinds that a removal of `type` is about.
std::span<const WatchKind> kinds_of(WatcherType type) {
  using enum WatchKind;
  static constexpr WatchKind kAll[] = {kChild, kData, kExist, kPersistent, kPersistentRecursive};
  const std::span<const WatchKind> all(kAll);
  switch (type) {
    case WatcherType::kChildren:
      return all.subspan(0, 1);
    case WatcherType::kData:
      return all.subspan(1, 2);
    case WatcherType::kAny:
      return all;
    case WatcherType::kPersistent:
      return all.subspan(3, 1);
    case WatcherType::kPersistentRecursive:
      return all.subspan(4, 1);
  }
  return {};
}

EventType removal_event(WatchKind kind) {
  switch (kind) {
    case WatchKind::kChild:
      return EventType::kChildWatchRemoved;
    case WatchKind::kData:
    case WatchKind::kExist:
      return EventType::kDataWatchRemoved;
    case WatchKind::kPersistent:
    case WatchKind::kPersistentRecursive:
      break;
  }
  return EventType::kPersistentWatchRemoved;
}

}  // namespace

bool WatchRegistry::is_covered_recursively(std::string_view path) const {
  const auto& recursive = paths(WatchKind::kPersistentRecursive);
  while (true) {
    if (recursive.contains(path)) return true;
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || path == "/") return false;
    path = slash == 0 ? std::string_view("/") : path.substr(0, slash);
  }
}

bool WatchRegistry::take(EventType type, std::string_view path) {
  bool is_waited_for = paths(WatchKind::kPersistent).contains(path);
  if (type == EventType::kNodeChildrenChanged) {
    return erase(paths(WatchKind::kChild), path) || is_waited_for;
  }
  is_waited_for = is_covered_recursively(path) || is_waited_for;
  is_waited_for = erase(paths(WatchKind::kData), path) || is_waited_for;
  is_waited_for = erase(paths(WatchKind::kExist), path) || is_waited_for;
  if (type == EventType::kNodeDeleted) {
    is_waited_for = erase(paths(WatchKind::kChild), path) || is_waited_for;
  }
  return is_waited_for;
}

bool WatchRegistry::contains(WatcherType type, std::string_view path) const {
  for (const WatchKind kind : kinds_of(type)) {
    if (paths(kind).contains(path)) return true;
  }
  return false;
}

std::vector<EventType> WatchRegistry::remove(WatcherType type, std::string_view path) {
  std::vector<EventType> events;
  for (const WatchKind kind : kinds_of(type)) {
    if (!erase(paths(kind), path)) continue;
    const EventType event = removal_event(kind);
    if (events.empty() || events.back() != event) events.push_back(event);
  }
  return events;
}

std::vector<WatchRegistry::Rearm> WatchRegistry::rearm(wire::Zxid last_seen) const {
  const bool with_persistent =
      !paths(WatchKind::kPersistent).empty() || !paths(WatchKind::kPersistentRecursive).empty();
  const auto empty_request = [&] {
    std::vector<wire::NullableBytes> none;
    return wire::SetWatchesRequest{.relative_zxid = last_seen,
                                   .data = none,
                                   .exist = none,
                                   .child = none,
                                   .persistent = none,
                                   .persistent_recursive = none};
  };
  std::vector<Rearm> result;
  auto request = empty_request();
  std::size_t size = 0;
  const auto finish = [&] {
    if (size == 0) return;
    base::ByteBuffer bytes;
    wire::JuteWriter out(bytes);
    request.encode(out, with_persistent);
    result.push_back({with_persistent ? wire::OpCode::kSetWatches2 : wire::OpCode::kSetWatches,
                      std::string(bytes.view())});
    request = empty_request();
    size = 0;
  };
  const auto list_of = [&](std::size_t kind) -> wire::SetWatchesRequest::Paths& {
    switch (static_cast<WatchKind>(kind)) {
      case WatchKind::kData:
        return request.data;
      case WatchKind::kExist:
        return request.exist;
      case WatchKind::kChild:
        return request.child;
      case WatchKind::kPersistent:
        return request.persistent;
      case WatchKind::kPersistentRecursive:
        break;
    }
    return request.persistent_recursive;
  };
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const auto& path : paths_[kind]) {
      if (size + path.size() > kRearmBytesMax) finish();
      list_of(kind)->push_back(path);
      size += path.size();
    }
  }
  finish();
  return result;
}

}  // namespace drover::client
