#include "client/watch_table.h"

#include <algorithm>

#include "client/path.h"

namespace drover::client {
namespace {

WatchedEvent reset_event(const std::string& path, const std::string& prefix) {
  return {.type = EventType::kNone,
          .state = KeeperState::kSyncConnected,
          .path = without_chroot(prefix, path)};
}

}  // namespace

void WatchTable::add(WatchKind kind, const std::string& path, std::string prefix, Channel channel) {
  of(kind)[path].push_back({std::move(prefix), std::move(channel)});
}

bool WatchTable::remove(WatchKind kind, const std::string& path,
                        const detail::Channel<WatchedEvent>* channel) {
  const auto found = of(kind).find(path);
  if (found == of(kind).end()) return false;
  const auto gone = std::erase_if(
      found->second, [&](const Watcher& watcher) { return watcher.channel.get() == channel; });
  if (found->second.empty()) of(kind).erase(found);
  if (gone == 0) return false;
  if (kind == WatchKind::kData || kind == WatchKind::kExist) {
    return !contains(WatchKind::kData, path) && !contains(WatchKind::kExist, path);
  }
  return !contains(kind, path);
}

bool WatchTable::contains(WatchKind kind, const std::string& path) const {
  return of(kind).contains(path);
}

void WatchTable::collect(WatchKind kind, std::string_view path, Watchers& found) {
  const auto at = of(kind).find(path);
  if (at != of(kind).end()) found.insert(found.end(), at->second.begin(), at->second.end());
}

void WatchTable::take(WatchKind kind, std::string_view path, Watchers& found) {
  const auto at = of(kind).find(path);
  if (at == of(kind).end()) return;
  std::ranges::move(at->second, std::back_inserter(found));
  of(kind).erase(at);
}

void WatchTable::deliver(const WatchedEvent& event) {
  Watchers told;
  if (event.type == EventType::kNodeChildrenChanged) {
    take(WatchKind::kChild, event.path, told);
  } else {
    take(WatchKind::kData, event.path, told);
    take(WatchKind::kExist, event.path, told);
    if (event.type == EventType::kNodeDeleted) take(WatchKind::kChild, event.path, told);
    std::string_view above = event.path;
    while (!of(WatchKind::kPersistentRecursive).empty()) {
      collect(WatchKind::kPersistentRecursive, above, told);
      const auto slash = above.rfind('/');
      if (slash == std::string_view::npos || above == "/") break;
      above = slash == 0 ? std::string_view("/") : above.substr(0, slash);
    }
  }
  collect(WatchKind::kPersistent, event.path, told);
  for (const auto& [prefix, channel] : told) {
    WatchedEvent inside = event;
    inside.path = without_chroot(prefix, event.path);
    channel->push(std::move(inside));
  }
}

void WatchTable::end_one_shots(const Error& error) {
  Watchers ended;
  for (const auto kind : {WatchKind::kData, WatchKind::kExist, WatchKind::kChild}) {
    for (auto& [path, watchers] : of(kind)) {
      std::ranges::move(watchers, std::back_inserter(ended));
    }
    of(kind).clear();
  }
  for (const auto& watcher : ended) watcher.channel->end(error);
}

std::vector<WatchTable::Persistent> WatchTable::persistent() const {
  std::vector<Persistent> all;
  for (const auto kind : {WatchKind::kPersistent, WatchKind::kPersistentRecursive}) {
    for (const auto& [path, watchers] : of(kind)) all.push_back({kind, path});
  }
  return all;
}

void WatchTable::reset_persistent(WatchKind kind, const std::string& path) {
  Watchers told;
  collect(kind, path, told);
  for (const auto& watcher : told) watcher.channel->push(reset_event(path, watcher.prefix));
}

void WatchTable::reset_persistent() {
  for (const auto& [kind, path] : persistent()) reset_persistent(kind, path);
}

void WatchTable::end_all(const Error& error) {
  end_one_shots(error);
  Watchers ended;
  for (const auto& [kind, path] : persistent()) take(kind, path, ended);
  for (const auto& watcher : ended) watcher.channel->end(error);
}

}  // namespace drover::client
