#pragma once
// Who in this process is told of which event: the channels behind OneShot and the persistent
// streams, by the server's paths. The session's own WatchRegistry knows what the server watches;
// this knows for whom. On the client's executor only.

#include <drover/detail/channel.h>
#include <drover/event.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/watch_registry.h"

namespace drover::client {

class WatchTable {
 public:
  using Channel = std::shared_ptr<detail::Channel<WatchedEvent>>;

  // `prefix` comes off the paths of what the channel is told.
  void add(WatchKind kind, const std::string& path, std::string prefix, Channel channel);
  // True: that was the last of its kind (data and exist are one) on the path.
  bool remove(WatchKind kind, const std::string& path,
              const detail::Channel<WatchedEvent>* channel);
  [[nodiscard]] bool contains(WatchKind kind, const std::string& path) const;

  // Tells all who wait for it; the one-shot ones among them are used up. `event` has the server's
  // path.
  void deliver(const WatchedEvent& event);
  // All one-shot watches end.
  void end_one_shots(const Error& error);
  // Persistent ones are told that events may have been missed.
  void reset_persistent();
  void end_all(const Error& error);

  // For setting the persistent ones again.
  struct Persistent {
    WatchKind kind;
    std::string path;
  };
  [[nodiscard]] std::vector<Persistent> persistent() const;
  // Those of one path alone are told so.
  void reset_persistent(WatchKind kind, const std::string& path);

 private:
  struct Watcher {
    std::string prefix;
    Channel channel;
  };
  using Watchers = std::vector<Watcher>;
  using ByPath = std::map<std::string, Watchers, std::less<>>;

  static constexpr std::size_t kKinds = 5;
  [[nodiscard]] ByPath& of(WatchKind kind) { return by_kind_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const ByPath& of(WatchKind kind) const {
    return by_kind_[static_cast<std::size_t>(kind)];
  }
  void collect(WatchKind kind, std::string_view path, Watchers& found);
  void take(WatchKind kind, std::string_view path, Watchers& found);

  ByPath by_kind_[kKinds];
};

}  // namespace drover::client
