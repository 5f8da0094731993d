#include "watch/watch_table.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "watch/index_table.h"

namespace drover::watch {
namespace {

constexpr std::uint32_t kNone = IndexTable::kNone;

constexpr std::uint8_t bit(Mode mode) {
  return static_cast<std::uint8_t>(mode);
}

constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9e3779b97f4a7c15ULL;
  return x ^ (x >> 29);
}

// What one watcher watches at one path, in both registries; a member of two lists.
struct Watch {
  WatcherId watcher = 0;
  std::uint32_t path = kNone;
  std::uint8_t data_modes = 0;  // bits of Mode. Invariant: not both zero while in use
  std::uint8_t children_modes = 0;
  std::uint32_t prev_at_path = kNone;
  std::uint32_t next_at_path = kNone;  // also the free list
  std::uint32_t prev_of_watcher = kNone;
  std::uint32_t next_of_watcher = kNone;
};
static_assert(sizeof(Watch) == 32);

struct Path {
  std::unique_ptr<char[]> text;
  std::uint32_t size = 0;
  std::uint32_t first =
      kNone;  // of its watches; also the free list. Invariant: not kNone while in use
  std::uint64_t hash = 0;
  [[nodiscard]] std::string_view view() const { return {text.get(), size}; }
};

struct Watcher {
  WatcherId id = 0;
  std::uint32_t first = kNone;  // as in Path
};

// A vector whose elements keep their place; freed places are chained through a field of the
// element.
template <typename T, std::uint32_t T::* link>
class Pool {
 public:
  std::uint32_t take() {
    if (free_ == kNone) {
      items_.emplace_back();
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t at = free_;
    free_ = items_[at].*link;
    items_[at] = T();
    return at;
  }
  void give_back(std::uint32_t at) {
    items_[at] = T();
    items_[at].*link = free_;
    free_ = at;
  }
  T& operator[](std::uint32_t at) { return items_[at]; }
  const T& operator[](std::uint32_t at) const { return items_[at]; }
  [[nodiscard]] const std::vector<T>& all() const { return items_; }

 private:
  std::vector<T> items_;
  std::uint32_t free_ = kNone;
};

}  // namespace

struct WatchTable::Impl {
  Pool<Watch, &Watch::next_at_path> watches;
  Pool<Path, &Path::first> paths;
  Pool<Watcher, &Watcher::first> watchers;
  IndexTable watch_index;    // by path and watcher
  IndexTable path_index;     // by text
  IndexTable watcher_index;  // by id
  std::size_t data_count = 0;
  std::size_t children_count = 0;
  std::size_t recursive_count = 0;

  static std::uint64_t hash_of_pair(std::uint32_t path, WatcherId watcher) {
    return mix(watcher * 0xff51afd7ed558ccdULL + path);
  }
  [[nodiscard]] auto watch_hash() const {
    return [this](std::uint32_t i) { return hash_of_pair(watches[i].path, watches[i].watcher); };
  }
  [[nodiscard]] auto path_hash() const {
    return [this](std::uint32_t i) { return paths[i].hash; };
  }
  [[nodiscard]] auto watcher_hash() const {
    return [this](std::uint32_t i) { return mix(watchers[i].id); };
  }

  [[nodiscard]] std::uint32_t find_path(std::string_view text) const {
    return path_index.find(std::hash<std::string_view>{}(text),
                           [&](std::uint32_t i) { return paths[i].view() == text; });
  }
  [[nodiscard]] std::uint32_t find_watcher(WatcherId id) const {
    return watcher_index.find(mix(id), [&](std::uint32_t i) { return watchers[i].id == id; });
  }
  [[nodiscard]] std::uint32_t find_watch(std::uint32_t path, WatcherId watcher) const {
    return watch_index.find(hash_of_pair(path, watcher), [&](std::uint32_t i) {
      return watches[i].path == path && watches[i].watcher == watcher;
    });
  }
  [[nodiscard]] std::uint32_t find_watch(std::string_view text, WatcherId watcher) const {
    const std::uint32_t path = find_path(text);
    return path == kNone ? kNone : find_watch(path, watcher);
  }

  std::uint32_t intern_path(std::string_view text) {
    if (const std::uint32_t found = find_path(text); found != kNone) return found;
    const std::uint32_t at = paths.take();
    Path& path = paths[at];
    path.text = std::make_unique_for_overwrite<char[]>(text.size());
    if (!text.empty()) std::memcpy(path.text.get(), text.data(), text.size());
    path.size = static_cast<std::uint32_t>(text.size());
    path.hash = std::hash<std::string_view>{}(text);
    path_index.insert(path.hash, at, path_hash());
    return at;
  }
  std::uint32_t intern_watcher(WatcherId id) {
    if (const std::uint32_t found = find_watcher(id); found != kNone) return found;
    const std::uint32_t at = watchers.take();
    watchers[at].id = id;
    watcher_index.insert(mix(id), at, watcher_hash());
    return at;
  }
  std::uint32_t intern_watch(std::string_view text, WatcherId id) {
    const std::uint32_t path = intern_path(text);
    if (const std::uint32_t found = find_watch(path, id); found != kNone) return found;
    const std::uint32_t watcher = intern_watcher(id);
    const std::uint32_t at = watches.take();
    Watch& watch = watches[at];
    watch.watcher = id;
    watch.path = path;
    watch.next_at_path = paths[path].first;
    if (watch.next_at_path != kNone) watches[watch.next_at_path].prev_at_path = at;
    paths[path].first = at;
    watch.next_of_watcher = watchers[watcher].first;
    if (watch.next_of_watcher != kNone) watches[watch.next_of_watcher].prev_of_watcher = at;
    watchers[watcher].first = at;
    watch_index.insert(hash_of_pair(path, id), at, watch_hash());
    return at;
  }

  // Every change of an entry's modes goes through here, so the counts are right. Frees what became
  // empty.
  void set_modes(std::uint32_t at, std::uint8_t data_modes, std::uint8_t children_modes) {
    Watch& watch = watches[at];
    const auto count = [](std::size_t& counter, bool before, bool after) {
      counter += static_cast<std::size_t>(after) - static_cast<std::size_t>(before);
    };
    count(data_count, watch.data_modes != 0, data_modes != 0);
    count(children_count, watch.children_modes != 0, children_modes != 0);
    count(recursive_count, (watch.data_modes & bit(Mode::kRecursive)) != 0,
          (data_modes & bit(Mode::kRecursive)) != 0);
    watch.data_modes = data_modes;
    watch.children_modes = children_modes;
    if (data_modes == 0 && children_modes == 0) release(at);
  }

  void release(std::uint32_t at) {
    const Watch watch = watches[at];
    watch_index.erase(hash_of_pair(watch.path, watch.watcher), at, watch_hash());

    if (watch.next_at_path != kNone) watches[watch.next_at_path].prev_at_path = watch.prev_at_path;
    if (watch.prev_at_path != kNone) {
      watches[watch.prev_at_path].next_at_path = watch.next_at_path;
    } else if (paths[watch.path].first = watch.next_at_path; watch.next_at_path == kNone) {
      path_index.erase(paths[watch.path].hash, watch.path, path_hash());
      paths.give_back(watch.path);
    }

    if (watch.next_of_watcher != kNone) {
      watches[watch.next_of_watcher].prev_of_watcher = watch.prev_of_watcher;
    }
    if (watch.prev_of_watcher != kNone) {
      watches[watch.prev_of_watcher].next_of_watcher = watch.next_of_watcher;
    } else {
      const std::uint32_t watcher = find_watcher(watch.watcher);
      watchers[watcher].first = watch.next_of_watcher;
      if (watch.next_of_watcher == kNone) {
        watcher_index.erase(mix(watch.watcher), watcher, watcher_hash());
        watchers.give_back(watcher);
      }
    }
    watches.give_back(at);
  }

  void fire_at(std::uint32_t path, Registry registry, std::vector<WatcherId>& out) {
    for (std::uint32_t at = paths[path].first, next = kNone; at != kNone; at = next) {
      const Watch watch = watches[at];
      next = watch.next_at_path;
      const std::uint8_t modes =
          registry == Registry::kData ? watch.data_modes : watch.children_modes;
      if (modes == 0) continue;
      out.push_back(watch.watcher);
      if ((modes & bit(Mode::kStandard)) == 0) continue;
      const auto kept = static_cast<std::uint8_t>(modes & ~bit(Mode::kStandard));
      set_modes(at, registry == Registry::kData ? kept : watch.data_modes,
                registry == Registry::kData ? watch.children_modes : kept);
    }
  }

  void fire_above(std::string_view text, std::vector<WatcherId>& out) const {
    while (text.size() > 1) {
      const std::size_t slash = text.rfind('/');
      if (slash == std::string_view::npos) return;
      text = text.substr(0, std::max<std::size_t>(slash, 1));
      const std::uint32_t path = find_path(text);
      if (path == kNone) continue;
      for (std::uint32_t at = paths[path].first; at != kNone; at = watches[at].next_at_path) {
        if ((watches[at].data_modes & bit(Mode::kRecursive)) != 0) {
          out.push_back(watches[at].watcher);
        }
      }
    }
  }
};

namespace {

// The modes that a type of checkWatches and removeWatches speaks of.
struct Selection {
  std::uint8_t data = 0;
  std::uint8_t children = 0;
};

constexpr Selection selection_of(WatcherType type) {
  switch (type) {
    case WatcherType::kChildren:
      return {0, bit(Mode::kStandard)};
    case WatcherType::kData:
      return {bit(Mode::kStandard), 0};
    case WatcherType::kAny:
      return {0xff, 0xff};
    case WatcherType::kPersistent:
      return {bit(Mode::kPersistent), bit(Mode::kPersistent)};
    case WatcherType::kPersistentRecursive:
      return {bit(Mode::kRecursive), 0};
  }
  return {};
}

}  // namespace

WatchTable::WatchTable() : impl_(std::make_unique<Impl>()) {}
WatchTable::~WatchTable() = default;

void WatchTable::add(Registry registry, std::string_view path, WatcherId watcher, Mode mode) {
  const std::uint32_t at = impl_->intern_watch(path, watcher);
  const Watch& watch = impl_->watches[at];
  const bool data = registry == Registry::kData;
  impl_->set_modes(at, static_cast<std::uint8_t>(watch.data_modes | (data ? bit(mode) : 0)),
                   static_cast<std::uint8_t>(watch.children_modes | (data ? 0 : bit(mode))));
}

bool WatchTable::contains(std::string_view path, WatcherId watcher, WatcherType type) const {
  const std::uint32_t at = impl_->find_watch(path, watcher);
  if (at == kNone) return false;
  const Watch& watch = impl_->watches[at];
  const Selection selected = selection_of(type);
  return (watch.data_modes & selected.data) != 0 || (watch.children_modes & selected.children) != 0;
}

bool WatchTable::remove(std::string_view path, WatcherId watcher, WatcherType type) {
  if (!contains(path, watcher, type)) return false;
  const std::uint32_t at = impl_->find_watch(path, watcher);
  const Watch& watch = impl_->watches[at];
  const Selection selected = selection_of(type);
  impl_->set_modes(at, static_cast<std::uint8_t>(watch.data_modes & ~selected.data),
                   static_cast<std::uint8_t>(watch.children_modes & ~selected.children));
  return true;
}

void WatchTable::remove_watcher(WatcherId watcher) {
  const std::uint32_t found = impl_->find_watcher(watcher);
  if (found == kNone) return;
  for (std::uint32_t at = impl_->watchers[found].first; at != kNone;) {
    const std::uint32_t next = impl_->watches[at].next_of_watcher;
    impl_->set_modes(at, 0, 0);
    at = next;
  }
}

void WatchTable::fire(Registry registry, std::string_view path, std::vector<WatcherId>& out) {
  const bool data = registry == Registry::kData;
  if ((data ? impl_->data_count : impl_->children_count) == 0) return;
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  if (const std::uint32_t at = impl_->find_path(path); at != kNone) {
    impl_->fire_at(at, registry, out);
  }
  if (data && impl_->recursive_count > 0) impl_->fire_above(path, out);
  if (out.size() - static_cast<std::size_t>(first) < 2) return;
  std::sort(out.begin() + first, out.end());
  out.erase(std::unique(out.begin() + first, out.end()), out.end());
}

bool WatchTable::empty() const {
  return watch_count() == 0;
}

std::size_t WatchTable::watch_count() const {
  return impl_->data_count + impl_->children_count;
}

std::vector<WatchTable::Entry> WatchTable::of_watcher(WatcherId watcher, std::size_t limit) const {
  std::vector<Entry> entries;
  const std::uint32_t found = impl_->find_watcher(watcher);
  if (found == kNone) return entries;
  for (std::uint32_t at = impl_->watchers[found].first; at != kNone && entries.size() < limit;
       at = impl_->watches[at].next_of_watcher) {
    const Watch& watch = impl_->watches[at];
    entries.push_back({std::string(impl_->paths[watch.path].view()), watcher, watch.data_modes,
                       watch.children_modes});
  }
  return entries;
}

std::vector<WatchTable::Entry> WatchTable::at_path(std::string_view path, std::size_t limit) const {
  std::vector<Entry> entries;
  const std::uint32_t found = impl_->find_path(path);
  if (found == kNone) return entries;
  for (std::uint32_t at = impl_->paths[found].first; at != kNone && entries.size() < limit;
       at = impl_->watches[at].next_at_path) {
    const Watch& watch = impl_->watches[at];
    entries.push_back({std::string(path), watch.watcher, watch.data_modes, watch.children_modes});
  }
  return entries;
}

std::size_t WatchTable::count_of(WatcherId watcher, std::size_t limit) const {
  std::size_t count = 0;
  const std::uint32_t found = impl_->find_watcher(watcher);
  if (found == kNone) return count;
  for (std::uint32_t at = impl_->watchers[found].first; at != kNone && count < limit;
       at = impl_->watches[at].next_of_watcher) {
    ++count;
  }
  return count;
}

std::vector<std::pair<std::string, WatcherId>> WatchTable::data_watches() const {
  std::vector<std::pair<std::string, WatcherId>> result;
  for (const Watch& watch : impl_->watches.all()) {
    if (watch.data_modes != 0) result.emplace_back(impl_->paths[watch.path].view(), watch.watcher);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace drover::watch
