#include "sim/watch_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/jute_reader.h"

namespace drover::sim {

using wire::OpCode;
using wire::Zxid;

void WatchChecker::on_added(int client, const std::string& path, bool recursive, Zxid zxid) {
  Watch& watch = watches_[{client, path}];
  watch.recursive = recursive;
  watch.now =
      Stretch{.client = client, .path = path, .recursive = recursive, .from = zxid, .to = zxid};
}

void WatchChecker::on_event(int client, const WatchedEvent& event) {
  const Event heard{Zxid(event.zxid), event.type, event.path};
  for (auto at = watches_.lower_bound({client, ""});
       at != watches_.end() && at->first.first == client; ++at) {
    Watch& watch = at->second;
    if (watch.now && covers(at->first.second, watch.recursive, heard)) {
      watch.now->heard.push_back(heard);
    }
  }
}

void WatchChecker::on_reply(int client, Zxid zxid) {
  if (zxid.value <= 0) return;
  for (auto at = watches_.lower_bound({client, ""});
       at != watches_.end() && at->first.first == client; ++at) {
    Watch& watch = at->second;
    if (!watch.now) {
      watch.now = Stretch{.client = client,
                          .path = at->first.second,
                          .recursive = watch.recursive,
                          .from = zxid,
                          .to = zxid};
    }
    watch.now->to = std::max(watch.now->to, zxid);
  }
}

void WatchChecker::end(Watch& watch) {
  if (watch.now) done_.push_back(std::move(*watch.now));
  watch.now.reset();
}

void WatchChecker::on_disconnected(int client) {
  for (auto& [key, watch] : watches_) {
    if (key.first == client) end(watch);
  }
}

void WatchChecker::on_session_over(int client) {
  on_disconnected(client);
  std::erase_if(watches_, [client](const auto& entry) { return entry.first.first == client; });
}

// ---- at the end

bool WatchChecker::covers(const std::string& path, bool recursive, const Event& event) {
  if (!recursive) return event.path == path;
  if (event.type == EventType::kNodeChildrenChanged) return false;
  return path == "/" || event.path == path || event.path.starts_with(path + "/");
}

namespace {

std::string parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace

void WatchChecker::append_events(Zxid zxid, const std::string& txn, std::vector<Event>& events) {
  const auto add = [&](EventType type, std::string_view path) {
    events.push_back({zxid, type, std::string(path)});
    if (type == EventType::kNodeDataChanged) return;
    events.push_back({zxid, EventType::kNodeChildrenChanged, parent_of(path)});
  };
  const auto add_record = [&](OpCode type, wire::JuteReader& in) {
    switch (type) {
      case OpCode::kCreate:
        return add(EventType::kNodeCreated, in.read_string());
      case OpCode::kDelete:
        return add(EventType::kNodeDeleted, in.read_string());
      case OpCode::kSetData:
        return add(EventType::kNodeDataChanged, in.read_string());
      case OpCode::kCloseSession:
        for (const auto path : wire::CloseSessionTxn::decode(in).paths) {
          add(EventType::kNodeDeleted, path);
        }
        return;
      default:
        return;  // no change of a znode, or none that the clients here ask for
    }
  };
  wire::JuteReader in(txn);
  const auto header = wire::TxnHeader::decode(in);
  if (header.type != OpCode::kMulti) return add_record(header.type, in);
  const auto multi = wire::MultiTxn::decode(in);
  if (std::ranges::any_of(multi.ops, [](const auto& op) { return op.type == OpCode::kError; })) {
    return;
  }
  for (const auto& op : multi.ops) {
    wire::JuteReader record(op.record);
    add_record(op.type, record);
  }
}

void WatchChecker::check(const std::set<Zxid>& history, const std::map<Zxid, std::string>& txns) {
  for (auto& [key, watch] : watches_) end(watch);
  std::vector<Event> events;
  for (const Zxid zxid : history) {
    const auto found = txns.find(zxid);
    if (found != txns.end()) append_events(zxid, found->second, events);
  }
  for (const Stretch& stretch : done_) check(stretch, events);
}

void WatchChecker::check(const Stretch& stretch, const std::vector<Event>& events) {
  auto heard = stretch.heard.begin();
  for (auto at = std::ranges::upper_bound(events, stretch.from, {}, &Event::zxid);
       at != events.end() && (at->zxid <= stretch.to || heard != stretch.heard.end()); ++at) {
    if (!covers(stretch.path, stretch.recursive, *at)) continue;
    if (heard != stretch.heard.end() && *heard == *at) {
      ++heard;
      continue;
    }
    const std::string instead =
        heard == stretch.heard.end()
            ? std::string("nothing")
            : fmt::format("type {} of {} as of zxid=0x{:x}", static_cast<int>(heard->type),
                          heard->path, heard->zxid.value);
    return verdict_.fail(
        "PersistentWatch",
        fmt::format("client {} with a {} watch on {} behind zxid=0x{:x} was to hear of type {} of "
                    "{} as of zxid=0x{:x} and heard {}",
                    stretch.client, stretch.recursive ? "recursive" : "persistent", stretch.path,
                    stretch.from.value, static_cast<int>(at->type), at->path, at->zxid.value,
                    instead));
  }
  if (heard == stretch.heard.end()) return;
  verdict_.fail("PersistentWatch",
                fmt::format("client {} heard of {} as of zxid=0x{:x}, which nobody changed there",
                            stretch.client, heard->path, heard->zxid.value));
}

}  // namespace drover::sim
