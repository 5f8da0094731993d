#pragma once
// What clients may count on: writes are linearizable, an acknowledged one is never lost, each
// client sees its own writes and never goes back, and a watch's event comes before what it tells
// of.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sim/verdict.h"
#include "wire/client_records.h"
#include "wire/zxid.h"

namespace drover::sim {

class ClientChecker {
 public:
  explicit ClientChecker(Verdict& verdict) : verdict_(verdict) {}

  // A write is about to be sent. The answer goes to on_written.
  [[nodiscard]] wire::Zxid floor() const { return newest_acked_; }
  // Acknowledged as txn `zxid`; `floor` as it was when it was sent.
  void on_written(int client, const std::string& path, const std::string& data, wire::Zxid zxid,
                  wire::Zxid floor);
  // A multi is about to write `data` to each of `paths`; it was refused, all of it.
  void on_multi_sent(const std::string& data, std::vector<std::string> paths);
  void on_multi_refused(const std::string& data);
  // A read showed `data`, last changed by `mzxid`.
  void on_read(int client, const std::string& path, const std::string& data, wire::Zxid mzxid);
  // A sync that was sent when floor() was `floor` has its answer; `seen`: the newest zxid that the
  // session was shown so far.
  void on_synced(int client, wire::Zxid floor, wire::Zxid seen);
  // The client left a watch behind a read that showed `mzxid`; has its event; lost it with the
  // session.
  void on_watch_left(int client, const std::string& path, wire::Zxid mzxid);
  void on_watch_event(int client, const std::string& path);
  void on_session_over(int client);
  // closeSession was answered.
  void on_session_closed(wire::SessionId session) { closed_.push_back(session); }
  [[nodiscard]] const std::vector<wire::SessionId>& closed() const { return closed_; }

  [[nodiscard]] const std::vector<wire::Zxid>& acked() const { return acked_; }
  [[nodiscard]] bool waits_for_event(int client, const std::string& path) const {
    return watches_.count({client, path}) != 0;
  }
  [[nodiscard]] const std::map<std::pair<int, std::string>, wire::Zxid>& watches() const {
    return watches_;
  }
  [[nodiscard]] std::size_t reads() const { return reads_; }

 private:
  using Key = std::pair<int, std::string>;
  void place(const std::string& data, wire::Zxid zxid);
  void show_multi(int client, const std::string& path, const std::string& data, wire::Zxid mzxid);
  void show(int client, const std::string& path, const std::string& data, wire::Zxid mzxid);

  Verdict& verdict_;
  wire::Zxid newest_acked_;
  std::vector<wire::Zxid> acked_;
  std::map<Key, wire::Zxid> seen_;     // newest mzxid that the client has seen of the path
  std::map<Key, wire::Zxid> watches_;  // left at this mzxid, no event yet
  std::map<std::pair<std::string, wire::Zxid>, std::string> data_;  // of a path as of a txn
  // Per session: its writes by number, as they were seen.
  std::map<std::string, std::map<std::int64_t, wire::Zxid>> placed_;
  struct Multi {
    std::vector<std::string> paths;
    bool refused = false;
    wire::Zxid zxid{};  // 0: nobody has seen of it yet
  };
  std::map<std::string, Multi> multis_;  // by what they write
  // The newest multi that the client has seen a part of, by each path that it writes.
  std::map<Key, wire::Zxid> multi_seen_;
  std::vector<wire::SessionId> closed_;
  std::size_t reads_ = 0;
};

}  // namespace drover::sim
