#include "sim/client_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::sim {

void ClientChecker::on_written(int client, const std::string& path, const std::string& data,
                               wire::Zxid zxid, wire::Zxid floor) {
  if (zxid <= floor) {
    verdict_.fail("Linearizable",
                  fmt::format("client {} wrote {} as zxid=0x{:x}, though zxid=0x{:x} had been "
                              "acknowledged before it was sent",
                              client, path, zxid.value, floor.value));
  }
  newest_acked_ = std::max(newest_acked_, zxid);
  acked_.push_back(zxid);
  show(client, path, data, zxid);
}

void ClientChecker::on_read(int client, const std::string& path, const std::string& data,
                            wire::Zxid mzxid) {
  ++reads_;
  const auto watch = watches_.find({client, path});
  if (watch != watches_.end() && mzxid > watch->second) {
    verdict_.fail("WatchOrder",
                  fmt::format("client {} read {} as of zxid=0x{:x} before the event of its watch "
                              "left at zxid=0x{:x}",
                              client, path, mzxid.value, watch->second.value));
  }
  show(client, path, data, mzxid);
}

void ClientChecker::show(int client, const std::string& path, const std::string& data,
                         wire::Zxid mzxid) {
  show_multi(client, path, data, mzxid);
  wire::Zxid& seen = seen_[{client, path}];
  if (mzxid < seen) {
    verdict_.fail("SessionFIFO",
                  fmt::format("client {} sees {} as of zxid=0x{:x} after zxid=0x{:x}", client, path,
                              mzxid.value, seen.value));
  }
  seen = std::max(seen, mzxid);
  const auto [found, is_new] = data_.try_emplace({path, mzxid}, data);
  if (is_new) place(data, mzxid);
  if (!is_new && found->second != data) {
    verdict_.fail("ReadIntegrity", fmt::format("{} as of zxid=0x{:x} is '{}' and '{}'", path,
                                               mzxid.value, data, found->second));
  }
}

void ClientChecker::on_multi_sent(const std::string& data, std::vector<std::string> paths) {
  multis_[data].paths = std::move(paths);
}

void ClientChecker::on_multi_refused(const std::string& data) {
  Multi& multi = multis_[data];
  multi.refused = true;
  if (multi.zxid.value == 0) return;
  verdict_.fail("MultiAtomic", fmt::format("the multi that writes '{}' was refused and has written "
                                           "it as zxid=0x{:x}",
                                           data, multi.zxid.value));
}

// All of a multi or nothing: who has seen a part of it is never shown what was before it.
void ClientChecker::show_multi(int client, const std::string& path, const std::string& data,
                               wire::Zxid mzxid) {
  const auto seen = multi_seen_.find({client, path});
  if (seen != multi_seen_.end() && mzxid < seen->second) {
    verdict_.fail("MultiAtomic",
                  fmt::format("client {} sees {} as of zxid=0x{:x} after a part of the multi "
                              "zxid=0x{:x}, which writes it too",
                              client, path, mzxid.value, seen->second.value));
  }
  const auto found = multis_.find(data);
  if (found == multis_.end()) return;
  Multi& multi = found->second;
  if (multi.refused) {
    verdict_.fail("MultiAtomic", fmt::format("{} is '{}' as of zxid=0x{:x}, of a multi that was "
                                             "refused",
                                             path, data, mzxid.value));
  }
  if (multi.zxid.value == 0) multi.zxid = mzxid;
  if (multi.zxid != mzxid) {
    verdict_.fail("MultiAtomic", fmt::format("the multi that writes '{}' did so as zxid=0x{:x} and "
                                             "as zxid=0x{:x}",
                                             data, multi.zxid.value, mzxid.value));
  }
  for (const std::string& other : multi.paths) {
    wire::Zxid& newest = multi_seen_[{client, other}];
    newest = std::max(newest, mzxid);
  }
}

// In one epoch there is one leader; what it has acknowledged, it shows whoever asks it to sync.
void ClientChecker::on_synced(int client, wire::Zxid floor, wire::Zxid seen) {
  if (seen.epoch() != floor.epoch() || seen >= floor) return;
  verdict_.fail("SyncFresh",
                fmt::format("client {} has its sync at zxid=0x{:x}, though zxid=0x{:x} had been "
                            "acknowledged before it was sent",
                            client, seen.value, floor.value));
}

// A session's writes take effect in the order in which they were asked for. Their data is
// <session>-<number>.
void ClientChecker::place(const std::string& data, wire::Zxid zxid) {
  const auto dash = data.find('-');
  if (dash == std::string::npos) return;
  auto& placed = placed_[data.substr(0, dash)];
  const auto [at, is_new] = placed.try_emplace(std::stoll(data.substr(dash + 1)), zxid);
  if (!is_new) return;
  const bool after_later = std::next(at) != placed.end() && std::next(at)->second < zxid;
  const bool before_earlier = at != placed.begin() && std::prev(at)->second > zxid;
  if (!after_later && !before_earlier) return;
  verdict_.fail(
      "WriteOrder",
      fmt::format("'{}', zxid=0x{:x}, took effect out of its session's order", data, zxid.value));
}

void ClientChecker::on_watch_left(int client, const std::string& path, wire::Zxid mzxid) {
  watches_.try_emplace({client, path}, mzxid);
}

void ClientChecker::on_watch_event(int client, const std::string& path) {
  watches_.erase({client, path});
}

// A new session begins anew: what a client remembers of the old one, no server has to know.
void ClientChecker::on_session_over(int client) {
  std::erase_if(watches_, [client](const auto& entry) { return entry.first.first == client; });
  std::erase_if(seen_, [client](const auto& entry) { return entry.first.first == client; });
  std::erase_if(multi_seen_, [client](const auto& entry) { return entry.first.first == client; });
}

}  // namespace drover::sim
