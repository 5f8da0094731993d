// Sessions, and who holds a node. What a reactor knows of its clients it tells on its own thread,
// by a post; what the tree knows is looked up from here.

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>
#include <optional>

#include "admin/console_json.h"
#include "server/clock.h"
#include "server/console.h"
#include "server/console_ask.h"

namespace drover::server {

namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;

namespace {

// Of one session, paths and watchers are told up to here.
constexpr std::size_t kPathsMax = 1000;
// A list of all sessions is used again for so long, however many consoles ask.
constexpr std::int64_t kCensusMs = 1000;

struct SessionLine {
  std::int64_t id = 0;
  std::int32_t timeout_ms = 0;
  bool local = false;
  std::string address;  // ip:port, when local
  std::int64_t outstanding = 0, requests = 0, latency_ms_sum = 0, latency_count = 0;
  std::size_t watches = 0;
};

// All sessions, ascending by id (as unsigned, which is how they are printed).
struct Census {
  std::vector<SessionLine> lines;
  [[nodiscard]] const SessionLine* find(std::int64_t id) const {
    const auto found = std::ranges::lower_bound(
        lines, static_cast<std::uint64_t>(id), {},
        [](const SessionLine& line) { return static_cast<std::uint64_t>(line.id); });
    return found != lines.end() && found->id == id ? &*found : nullptr;
  }
};
using CensusPtr = std::shared_ptr<const Census>;

// ---- the census

// A reactor serves nobody while it counts.
constexpr auto kSliceMax = std::chrono::microseconds(100);

struct CensusPart {
  std::vector<SessionLine> clients;
  std::vector<std::pair<wire::SessionId, std::int32_t>> sessions;  // reactor 0's
  // Where the next slice begins; none: all of it is counted.
  std::optional<Reactor::Place> next_client = Reactor::Place{};
  std::optional<session::SessionTable::Place> next_session = session::SessionTable::Place{};
};

// One slice. False: that was all.
bool count_clients(const Console& console, Reactor& reactor, CensusPart& part) {
  const auto end = SteadyClock::now() + kSliceMax;
  const auto more = [end, looks = 0]() mutable {
    return ++looks % 8 != 0 || SteadyClock::now() < end;
  };
  const watch::WatchTable& watches = reactor.lane().watches();
  const auto count = [&](const Client& client) {
    const lane::Connection& c = *client.lane;
    if (c.session == wire::SessionId()) return;
    part.clients.push_back({.id = c.session.value,
                            .timeout_ms = c.timeout_ms,
                            .local = true,
                            .address = c.remote_address + ":" + std::to_string(c.remote_port),
                            .outstanding = c.outstanding,
                            .requests = c.counters.received,
                            .latency_ms_sum = c.counters.latency_ms_sum,
                            .latency_count = c.counters.latency_count,
                            .watches = watches.empty() ? 0 : watches.count_of(c.id, kPathsMax)});
  };
  if (part.next_client) {
    part.next_client = reactor.for_some_clients(*part.next_client, count, more);
    return part.next_client.has_value() || reactor.index() == 0;
  }
  part.next_session = console.from.sessions.list_some(*part.next_session, part.sessions, more);
  return part.next_session.has_value();
}

// `own`: the console's session, which has no connection.
CensusPtr join(std::vector<CensusPart> parts, std::int64_t own) {
  auto census = std::make_shared<Census>();
  std::map<std::uint64_t, SessionLine> all;
  for (CensusPart& part : parts) {
    for (const auto& [id, timeout_ms] : part.sessions) {
      all.try_emplace(static_cast<std::uint64_t>(id.value),
                      SessionLine{.id = id.value, .timeout_ms = timeout_ms, .address = {}});
    }
  }
  for (CensusPart& part : parts) {
    for (SessionLine& line : part.clients) {
      all.insert_or_assign(static_cast<std::uint64_t>(line.id), std::move(line));
    }
  }
  if (const auto console = all.find(static_cast<std::uint64_t>(own)); console != all.end()) {
    console->second.local = true;
    console->second.address = "console";
  }
  for (auto& [id, line] : all) census->lines.push_back(std::move(line));
  return census;
}

class CensusTaker : public std::enable_shared_from_this<CensusTaker> {
 public:
  explicit CensusTaker(ConsolePtr console) : console_(std::move(console)) {}

  void with(std::function<void(const CensusPtr&)> use) {
    if (newest_ && now().ms() - taken_ms_ < kCensusMs) return use(newest_);
    waiting_.push_back(std::move(use));
    if (waiting_.size() > 1) return;
    ask_reactors_in_slices<CensusPart>(
        console_,
        [console = console_](Reactor& reactor, CensusPart& part) {
          return count_clients(*console, reactor, part);
        },
        [self = shared_from_this()](std::vector<CensusPart> parts) {
          self->newest_ = join(std::move(parts), self->console_->from.lane.session().value);
          self->taken_ms_ = now().ms();
          for (const auto& waiting : std::exchange(self->waiting_, {})) waiting(self->newest_);
        });
  }

 private:
  ConsolePtr console_;
  CensusPtr newest_;
  std::int64_t taken_ms_ = 0;
  std::vector<std::function<void(const CensusPtr&)>> waiting_;
};

json::object session_json(const SessionLine& line, std::size_t ephemerals) {
  json::object session{{"id", admin::hex_text(line.id)},
                       {"timeout_ms", line.timeout_ms},
                       {"ephemerals", ephemerals},
                       {"watches", nullptr},
                       {"server", line.local ? "local" : "elsewhere"},
                       {"address", nullptr},
                       {"latency_avg_ms", nullptr},
                       {"outstanding", nullptr},
                       {"requests", nullptr}};
  if (!line.local) return session;
  session["watches"] = line.watches;
  session["address"] = line.address;
  session["outstanding"] = line.outstanding;
  session["requests"] = line.requests;
  if (line.latency_count > 0) {
    session["latency_avg_ms"] =
        static_cast<double>(line.latency_ms_sum) / static_cast<double>(line.latency_count);
  }
  return session;
}

// ---- sessions

void list_sessions(const ConsolePtr& console, const Census& census, const HttpRequest& request,
                   const HttpReply& reply) {
  const auto limit = number_argument(request, reply, "limit", 200, 1, 1000);
  if (!limit) return;
  std::uint64_t after = 0;
  if (const auto given = request.parameter("after")) {
    const auto id = admin::parse_hex(*given);
    if (!id) return reply(bad_argument("`after` is a session's id, 0x..."));
    after = static_cast<std::uint64_t>(*id);
  }
  // An address or an id, or a part of one.
  const auto match = request.parameter("match").value_or("");
  std::vector<const SessionLine*> page;
  std::int64_t total = 0;
  bool more = false;
  for (const SessionLine& line : census.lines) {
    if (!match.empty() && line.address.find(match) == std::string::npos &&
        admin::hex_text(line.id).find(match) == std::string::npos) {
      continue;
    }
    ++total;
    if (static_cast<std::uint64_t>(line.id) <= after) continue;
    if (page.size() == static_cast<std::size_t>(*limit)) {
      more = true;
    } else {
      page.push_back(&line);
    }
  }
  json::array sessions;
  const bool served = console->from.lane.read([&](const tree::Tree& tree) {
    for (const SessionLine* line : page) {
      sessions.push_back(session_json(*line, tree.ephemerals(wire::SessionId(line->id)).size()));
    }
  });
  if (!served) return reply(not_served());
  reply(json_answer(json::object{
      {"sessions", std::move(sessions)},
      {"total", total},
      {"next", more ? json::value(admin::hex_text(page.back()->id)) : json::value(nullptr)}}));
}

// ---- one session

std::string_view kind_of(const watch::WatchTable::Entry& watch) {
  const auto has = [](std::uint8_t modes, watch::Mode mode) {
    return (modes & static_cast<std::uint8_t>(mode)) != 0;
  };
  if (has(watch.data_modes, watch::Mode::kRecursive)) return "recursive";
  if (has(watch.data_modes, watch::Mode::kPersistent)) return "persistent";
  return watch.data_modes != 0 ? "data" : "child";
}

struct WatchPart {
  std::vector<watch::WatchTable::Entry> watches;
};

void tell_session(const ConsolePtr& console, const SessionLine& line, const txn::Identities& who,
                  const std::vector<WatchPart>& parts, const HttpReply& reply) {
  json::array ephemerals, watches;
  std::int64_t hidden = 0;
  std::size_t owned = 0;
  bool truncated = false;
  const bool served = console->from.lane.read([&](const tree::Tree& tree) {
    std::vector<std::string> paths;
    const auto nodes = tree.ephemerals(wire::SessionId(line.id));
    owned = nodes.size();
    for (const tree::NodeId node : nodes) {
      truncated = truncated || paths.size() == kPathsMax;
      if (paths.size() == kPathsMax) break;
      std::string path;
      tree.append_path(node, path);
      console->may_see(tree, path, *who) ? paths.push_back(std::move(path)) : void(++hidden);
    }
    std::ranges::sort(paths);
    for (const std::string& path : paths) ephemerals.push_back(json::value(path));
    for (const WatchPart& part : parts) {
      truncated = truncated || part.watches.size() == kPathsMax;
      for (const auto& watch : part.watches) {
        if (!console->may_see(tree, watch.path, *who)) {
          ++hidden;
          continue;
        }
        watches.push_back(json::object{{"path", watch.path}, {"kind", kind_of(watch)}});
      }
    }
  });
  if (!served) return reply(not_served());
  json::object answer = session_json(line, owned);
  answer["ephemeral_paths"] = std::move(ephemerals);
  answer["watch_paths"] = std::move(watches);
  answer["hidden"] = hidden;
  answer["truncated"] = truncated;
  reply(json_answer(answer));
}

void one_session(const ConsolePtr& console, const CensusPtr& census, const HttpRequest& request,
                 const HttpReply& reply) {
  const auto id = admin::parse_hex(request.parameter("id").value_or(""));
  if (!id) return reply(bad_argument("`id` is a session's id, 0x..."));
  const auto who = who_asks(*console, request, reply);
  if (!who) return;
  const SessionLine* line = census->find(*id);
  if (line == nullptr) {
    return reply(console_error(404, error_name(ErrorCode::kUnknownSession),
                               "there is no such session (any more)"));
  }
  ask_reactors<WatchPart>(
      console,
      [session = line->id](Reactor& reactor, WatchPart& part) {
        reactor.for_each_client([&](const Client& client) {
          if (client.lane->session.value != session) return;
          part.watches = reactor.lane().watches().of_watcher(client.lane->id, kPathsMax);
        });
      },
      [console, census, line, who = *who, reply](const std::vector<WatchPart>& parts) {
        tell_session(console, *line, who, parts, reply);
      });
}

// ---- who holds a node

struct Watcher {
  std::int64_t session = 0;
  std::string_view kind;
};

// Who hears of `path`, on this reactor: watches of the path itself, and recursive ones above it.
void find_watchers(Reactor& reactor, const std::string& path, std::vector<Watcher>& found) {
  const watch::WatchTable& watches = reactor.lane().watches();
  const auto take = [&](std::string_view at, bool recursive_only) {
    for (const auto& entry : watches.at_path(at, kPathsMax)) {
      const lane::Connection* connection = reactor.lane().find(entry.watcher);
      if (connection == nullptr || (recursive_only && kind_of(entry) != "recursive")) continue;
      found.push_back({connection->session.value, kind_of(entry)});
    }
  };
  take(path, false);
  for (std::string_view above = path; above.size() > 1;) {
    above = above.substr(0, std::max<std::size_t>(above.rfind('/'), 1));
    take(above, true);
  }
}

// The number at the end of a sequential znode's name; its prefix may be anything.
std::optional<std::int64_t> sequence_of(std::string_view name) {
  constexpr std::size_t kDigits = 10;
  if (name.size() < kDigits) return std::nullopt;
  const std::string_view digits = name.substr(name.size() - kDigits);
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return std::stoll(std::string(digits));
}

struct Contender {
  std::int64_t sequence = 0;
  std::string path;
  std::int64_t owner = 0;
  friend auto operator<=>(const Contender&, const Contender&) = default;
};

struct Holders {
  txn::Identities ids;
  ErrorCode error = ErrorCode::kOk;
  std::int64_t owner = 0;
  bool begun = false;
  std::vector<Contender> contenders;
};

ConsoleWalk::Step look_at(const Console& console, Holders& holders, const tree::Tree& tree,
                          tree::NodeId node) {
  using Step = ConsoleWalk::Step;
  const std::int64_t owner = tree.node_stat(node).ephemeral_owner;
  const bool ephemeral = tree::kind_of(owner) == tree::NodeKind::kEphemeral;
  if (!std::exchange(holders.begun, true)) {
    if (ephemeral) holders.owner = owner;
    if (console.may(tree, node, perms::kRead, *holders.ids)) return Step::kInto;
    holders.error = ErrorCode::kNoAuth;
    return Step::kStop;
  }
  const auto sequence = ephemeral ? sequence_of(tree.name(node)) : std::nullopt;
  if (sequence) {
    Contender& contender = holders.contenders.emplace_back(*sequence, "", owner);
    tree.append_path(node, contender.path);
  }
  return holders.contenders.size() < kPathsMax * 10 ? Step::kOver : Step::kStop;
}

json::value owner_json(const Console& console, const Census& census, std::int64_t owner) {
  if (owner == 0) return nullptr;
  std::size_t ephemerals = 0;
  console.from.lane.read(
      [&](const tree::Tree& tree) { ephemerals = tree.ephemerals(wire::SessionId(owner)).size(); });
  const SessionLine* line = census.find(owner);
  return session_json(line != nullptr ? *line : SessionLine{.id = owner, .address = {}},
                      ephemerals);
}

void tell_holders(const Console& console, const Census& census, Holders& holders,
                  const std::vector<std::vector<Watcher>>& parts, const HttpReply& reply) {
  json::array watchers, contenders;
  for (const auto& part : parts) {
    for (const Watcher& watcher : part) {
      watchers.push_back(
          json::object{{"session", admin::hex_text(watcher.session)}, {"kind", watcher.kind}});
    }
  }
  std::ranges::sort(holders.contenders);
  if (holders.contenders.size() > kPathsMax) holders.contenders.resize(kPathsMax);
  for (const Contender& contender : holders.contenders) {
    contenders.push_back(
        json::object{{"path", contender.path}, {"owner", admin::hex_text(contender.owner)}});
  }
  reply(json_answer(json::object{{"owner", owner_json(console, census, holders.owner)},
                                 {"watchers", std::move(watchers)},
                                 {"contenders", std::move(contenders)}}));
}

void holders_of(const ConsolePtr& console, const CensusPtr& census, const HttpRequest& request,
                const HttpReply& reply) {
  const auto path = path_argument(request, reply);
  if (!path) return;
  const auto who = who_asks(*console, request, reply);
  if (!who) return;
  auto holders = std::make_shared<Holders>();
  holders->ids = *who;
  ConsoleWalk::begin(
      console->context(), console->from.lane, {.top = *path},
      [console, holders](const tree::Tree& tree, tree::NodeId node) {
        return look_at(*console, *holders, tree, node);
      },
      [console, census, holders, path = *path, reply](ConsoleWalk::End end) {
        if (holders->error != ErrorCode::kOk)
          return reply(console_error(holders->error, "holders", path));
        if (end == ConsoleWalk::End::kNotServed) return reply(not_served());
        if (end == ConsoleWalk::End::kNoNode)
          return reply(console_error(ErrorCode::kNoNode, "holders", path));
        ask_reactors<std::vector<Watcher>>(
            console,
            [path](Reactor& reactor, std::vector<Watcher>& found) {
              find_watchers(reactor, path, found);
            },
            [console, census, holders, reply](const std::vector<std::vector<Watcher>>& parts) {
              tell_holders(*console, *census, *holders, parts, reply);
            });
      });
}

}  // namespace

void add_session_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  auto taker = std::make_shared<CensusTaker>(console);
  const auto add = [&](ConsoleRow row, auto handle) {
    add_row(routes, std::move(row),
            [console, taker, handle](const HttpRequest& request, const HttpReply& reply) {
              taker->with([console, handle, request, reply](const CensusPtr& census) {
                handle(console, census, request, reply);
              });
            });
  };
  add({"sessions", "Sessions and their clients", {"limit", "after", "match"}},
      [](const ConsolePtr& with, const CensusPtr& census, const HttpRequest& request,
         const HttpReply& reply) { list_sessions(with, *census, request, reply); });
  add({"session", "One session with its ephemerals and watches", {"id!"}}, one_session);
  add({"holders", "Who holds a znode: its owner, watchers, and the queue of a lock", {"path!"}},
      holders_of);
}

}  // namespace drover::server
