#pragma once
// Persistent watches: on one connection a client hears of every change that its watch covers, once
// and in the order of the txns, and of a change before any answer that was given behind it.

#include <drover/event.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/verdict.h"
#include "wire/txn_records.h"

namespace drover::sim {

class WatchChecker {
 public:
  explicit WatchChecker(Verdict& verdict) : verdict_(verdict) {}

  // addWatch was answered, as of `zxid`.
  void on_added(int client, const std::string& path, bool recursive, wire::Zxid zxid);
  [[nodiscard]] bool has(int client, const std::string& path) const {
    return watches_.count({client, path}) != 0;
  }
  void on_event(int client, const WatchedEvent& event);
  void on_reply(int client, wire::Zxid zxid);
  // The watch is set again on the next connection; what happens meanwhile it does not tell.
  void on_disconnected(int client);
  void on_session_over(int client);

  // At the end: compares what was heard with what was done. `history`: the zxids of the surviving
  // history; `txns`: the bytes of each.
  void check(const std::set<wire::Zxid>& history, const std::map<wire::Zxid, std::string>& txns);

 private:
  struct Event {
    wire::Zxid zxid;
    EventType type = EventType::kNone;
    std::string path;
    friend bool operator==(const Event&, const Event&) = default;
  };
  // On one connection: behind `from` everything up to `to` was to be heard, and perhaps more.
  struct Stretch {
    int client = 0;
    std::string path;
    bool recursive = false;
    wire::Zxid from, to;
    std::vector<Event> heard{};
  };
  struct Watch {
    bool recursive = false;
    std::optional<Stretch> now;  // nullopt: since the connection began nothing was answered
  };
  using Key = std::pair<int, std::string>;
  static bool covers(const std::string& path, bool recursive, const Event& event);
  static void append_events(wire::Zxid zxid, const std::string& txn, std::vector<Event>& events);
  void end(Watch& watch);
  void check(const Stretch& stretch, const std::vector<Event>& events);

  Verdict& verdict_;
  std::map<Key, Watch> watches_;
  std::vector<Stretch> done_;
};

}  // namespace drover::sim
