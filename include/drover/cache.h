#pragma once
// A copy of a znode, of its children or of everything below it, kept up to date by the server's
// events (Curator's CuratorCache; with other options its NodeCache, PathChildrenCache, TreeCache).
//
// ## Layout
// None: it writes nothing.
//
// | Curator's class | options |
// |---|---|
// | CuratorCache, TreeCache | none: the whole subtree |
// | PathChildrenCache | `.depth_max = 1` (the znode itself is an entry too) |
// | NodeCache, CuratorCache SINGLE_NODE_CACHE | `.depth_max = 0` |
//
// ## Guarantees
// * The entries are what the server held at some moment not long ago, each znode by itself, and
//   follow it: after the last change, and with a connection, they come to equal the server's.
// * The events of a stream, replayed from nothing, give the snapshot at every moment. A stream or
//   subscription that comes later begins with kCreated for what is there.
// * After a reconnection or a new session everything is read again: changes made meanwhile are seen
//   as their sum.
//
// ## Does not guarantee
// * That every change is seen: several in quick succession may be one event. A znode that was
//   deleted and made again may be one kChanged (its czxid differs).
// * That entries of different znodes are of the same moment. Never decide a write by a cache alone:
//   name the version that you saw.
// * Stat's counters of children: the Stat is of the last change of the data.
// * Anything about znodes that may not be read: they are left out. Needs servers from 3.6 on.
//
// ## Example
//     drover::Cache cache(client, "/config");
//     auto ready = co_await cache.start();
//     if (auto node = cache.find("/config/limit")) use(drover::as_text(node->data));
//     auto events = cache.events();
//     while (auto event = co_await events.next()) apply(*event);

#include <drover/client.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace drover {

// An entry: immutable, shared by the cache, its events and whoever holds it.
using CachedNode = std::shared_ptr<const Node>;

struct CacheEvent {
  enum class Kind : std::uint8_t {
    kCreated,      // after
    kChanged,      // before, after
    kDeleted,      // before
    kInitialized,  // everything was read for the first time; once, without a path
    kOverflow,     // the reader was too slow, events were lost: take another stream
  };
  Kind kind = Kind::kCreated;
  std::string path{};
  CachedNode before{};
  CachedNode after{};
};

struct CacheOptions {
  static constexpr int kWholeTree = 1'000'000;
  // Levels below the root that are kept; 0: the root alone. What lies deeper is never read.
  int depth_max = kWholeTree;
};

// Thread-safe. The destructor closes.
class Cache {
 public:
  // The znode need not exist. Nothing is done before start().
  Cache(Client client, std::string root, CacheOptions options = {});
  Cache(Cache&&) noexcept = default;
  Cache& operator=(Cache&& other) noexcept;
  ~Cache();

  // Begins to follow the tree; answers when everything was read for the first time. Waits for a
  // server as long as it takes; the cache goes on if the caller gives up. A second call waits for
  // the same. Result<void>. Errors: kBadArguments (the path), kUnimplemented (servers before 3.6),
  // kAuthFailed, kClosed.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    return detail::initiate<void>(executor(), token,
                                  [state = state_](detail::Handler<void> handler) {
                                    begin_start(state, std::move(handler));
                                  });
  }
  // Ends the events with kClosed and drops all entries. No subscription is called once this has
  // been carried out, on the client's executor.
  void close() noexcept;

  // The entry of an absolute path; nullptr when there is none (yet).
  [[nodiscard]] CachedNode find(std::string_view path) const;
  // All entries by path; the root is one of them.
  [[nodiscard]] std::map<std::string, CachedNode> snapshot() const;
  // The entries directly below `path`, by name.
  [[nodiscard]] std::map<std::string, CachedNode> children(std::string_view path) const;
  [[nodiscard]] bool is_initialized() const;
  [[nodiscard]] const std::string& root() const;

  // Begins with kCreated for each entry there is, and kInitialized if that has been. `unread_max`
  // counts events for a reader who does not come for them: then kOverflow stands for all of them.
  [[nodiscard]] Stream<CacheEvent> events(std::size_t unread_max = 1'000'000);
  // The same as calls, on the client's executor. `told` must not block.
  [[nodiscard]] Subscription on_event(std::function<void(const CacheEvent&)> told);

 private:
  class State;

  [[nodiscard]] const boost::asio::any_io_executor& executor() const;
  static void begin_start(const std::shared_ptr<State>& state, detail::Handler<void> handler);

  std::shared_ptr<State> state_;
};

}  // namespace drover
