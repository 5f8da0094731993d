#pragma once
// The watches of one lane: which connection hears of which path (WatchManager).
//
// Two registries, data/existence (D) and children (C), keyed by path and watcher; an entry holds a
// set of modes. A fire yields each watcher at most once. No I/O, no connection: a watcher is a
// number.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::watch {

using WatcherId = std::uint64_t;

enum class Registry : std::uint8_t { kData, kChildren };
enum class Mode : std::uint8_t { kStandard = 1, kPersistent = 2, kRecursive = 4 };
// checkWatches / removeWatches (Watcher.WatcherType).
enum class WatcherType : std::int32_t {
  kChildren = 1,
  kData = 2,
  kAny = 3,
  kPersistent = 4,
  kPersistentRecursive = 5,
};

class WatchTable {
 public:
  WatchTable();
  ~WatchTable();

  void add(Registry registry, std::string_view path, WatcherId watcher, Mode mode);
  // What checkWatches asks.
  [[nodiscard]] bool contains(std::string_view path, WatcherId watcher, WatcherType type) const;
  // False when nothing matched.
  bool remove(std::string_view path, WatcherId watcher, WatcherType type);
  // The connection is gone.
  void remove_watcher(WatcherId watcher);

  // Appends to `out` who hears of a change of `path`, ascending by watcher, each once; standard
  // watches on exactly `path` are consumed.
  void fire(Registry registry, std::string_view path, std::vector<WatcherId>& out);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t watch_count() const;  // both registries
  // For wchs, wchc, wchp: data registry only, sorted by path then watcher.
  [[nodiscard]] std::vector<std::pair<std::string, WatcherId>> data_watches() const;
  // What one watcher watches at one path: bits of Mode, per registry.
  struct Entry {
    std::string path;
    WatcherId watcher = 0;
    std::uint8_t data_modes = 0, children_modes = 0;
  };
  // At most `limit` of one watcher, the newest first; and of one path.
  [[nodiscard]] std::vector<Entry> of_watcher(WatcherId watcher, std::size_t limit) const;
  [[nodiscard]] std::vector<Entry> at_path(std::string_view path, std::size_t limit) const;
  // Counts up to `limit`.
  [[nodiscard]] std::size_t count_of(WatcherId watcher, std::size_t limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::watch
