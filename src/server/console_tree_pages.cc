// Reading the tree: node, children, subtree, search.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cstring>
#include <functional>
#include <queue>

#include "admin/console_json.h"
#include "server/console.h"
#include "tree/quota.h"
#include "txn/read.h"
#include "wire/client_records.h"

namespace drover::server {

namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;
using net::HttpResponse;
using wire::OpCode;

namespace {

using Ids = std::vector<Id>;

// One read of the client protocol, as any client's.
ErrorCode read(const Console& console, const tree::Tree& tree, OpCode op, std::string_view path,
               const Ids& ids, base::ByteBuffer& answer) {
  base::ByteBuffer body;
  wire::JuteWriter out(body);
  out.write_string(path);
  if (op == OpCode::kGetData) out.write_bool(false);  // no watch
  txn::WatchWish wish;
  return txn::Reader(tree, console.auth(), console.from.length_max)
      .read(op, body.view(), wire::SessionId(), ids, answer, wish);
}

// ---- node

json::value quota_numbers(const Console& console, const tree::Tree& tree, const std::string& path,
                          const Ids& ids) {
  base::ByteBuffer answer;
  if (read(console, tree, OpCode::kGetData, path, ids, answer) != ErrorCode::kOk) return nullptr;
  wire::JuteReader in(answer.view());
  const auto track = tree::StatsTrack::parse(in.read_bytes());
  if (!track) return nullptr;
  const auto number = [](std::int64_t value) {
    return value < 0 ? json::value(nullptr) : json::value(value);
  };
  return json::object{{"count", number(track->count())},
                      {"bytes", number(track->bytes())},
                      {"count_hard", number(track->count_hard_limit())},
                      {"bytes_hard", number(track->byte_hard_limit())}};
}

json::value quota_of(const Console& console, const tree::Tree& tree, std::string_view path,
                     const Ids& ids) {
  if (path == "/") return nullptr;
  const json::value limits = quota_numbers(console, tree, tree::limits_path(path), ids);
  if (limits.is_null()) return nullptr;
  json::value used = quota_numbers(console, tree, tree::stats_path(path), ids);
  json::object quota{{"limits", limits}, {"used", nullptr}};
  if (used.is_object()) {
    const auto& all = used.get_object();
    quota["used"] = json::object{{"count", all.at("count")}, {"bytes", all.at("bytes")}};
  }
  return quota;
}

json::value acl_of(const Console& console, const tree::Tree& tree, std::string_view path,
                   const Ids& ids) {
  base::ByteBuffer answer;
  if (read(console, tree, OpCode::kGetAcl, path, ids, answer) != ErrorCode::kOk) return nullptr;
  wire::JuteReader in(answer.view());
  AclList acl;
  for (const wire::AclView& entry : wire::decode_acl(in).value_or(std::vector<wire::AclView>())) {
    acl.push_back({entry.perms,
                   {std::string(entry.scheme.value_or("")), std::string(entry.id.value_or(""))}});
  }
  return admin::acl_json(acl);
}

HttpResponse node_page(const Console& console, const std::string& path, const Ids& ids) {
  ErrorCode error = ErrorCode::kOk;
  json::object page;
  const bool served = console.from.lane.read([&](const tree::Tree& tree) {
    base::ByteBuffer answer;
    error = read(console, tree, OpCode::kGetData, path, ids, answer);
    if (error != ErrorCode::kOk) return;
    wire::JuteReader in(answer.view());
    const auto data = in.read_bytes();
    const std::int64_t owner = tree.node_stat(tree.find(path)).ephemeral_owner;
    page = {{"path", path},
            {"stat", admin::stat_json(wire::decode_stat(in))},
            {"kind", kind_text(owner)},
            {"ttl_ms", nullptr},
            {"data", admin::base64_text(data.value_or(std::string_view()))},
            {"acl", acl_of(console, tree, path, ids)},
            {"quota", quota_of(console, tree, path, ids)}};
    if (tree::kind_of(owner) == tree::NodeKind::kTtl) page["ttl_ms"] = tree::ttl_ms_of(owner);
  });
  if (!served) return not_served();
  if (error != ErrorCode::kOk) return console_error(error, "get", path);
  return json_answer(page);
}

// ---- children

struct Child {
  std::string name;
  Stat stat;
  std::int64_t owner = 0;  // stored form
  friend bool operator<(const Child& a, const Child& b) { return a.name < b.name; }
};

// The first `limit` by name behind `after`, and whether there are more, in memory for `limit`.
struct ChildrenPage {
  std::string after, glob;
  std::size_t limit = 0;
  txn::Identities ids;
  tree::NodeId parent = tree::kNoNode;
  ErrorCode error = ErrorCode::kOk;
  std::int64_t total = 0;
  bool more = false;
  std::priority_queue<Child> first;  // the last of them on top

  void look_at(const tree::Tree& tree, tree::NodeId node) {
    const std::string_view name = tree.name(node);
    if (!matches_glob(glob, name)) return;
    ++total;
    if (name <= after) return;
    if (first.size() == limit) {
      more = true;
      if (name >= first.top().name) return;
      first.pop();
    }
    first.push({std::string(name), tree.stat(node), tree.node_stat(node).ephemeral_owner});
  }
  json::object answer() {
    std::vector<json::value> sorted;
    json::value next = nullptr;
    if (more && !first.empty()) next = first.top().name;
    for (; !first.empty(); first.pop()) {
      const Child& child = first.top();
      sorted.push_back(json::object{{"name", child.name},
                                    {"num_children", child.stat.num_children},
                                    {"data_length", child.stat.data_length},
                                    {"kind", kind_text(child.owner)},
                                    {"mtime", child.stat.mtime}});
    }
    return {{"children", json::array(sorted.rbegin(), sorted.rend())},
            {"total", total},
            {"next", next}};
  }
};

HttpResponse walk_error(ConsoleWalk::End end, std::string_view operation, std::string_view path) {
  switch (end) {
    case ConsoleWalk::End::kNotServed:
      return not_served();
    case ConsoleWalk::End::kNoNode:
      return console_error(ErrorCode::kNoNode, operation, path);
    default:
      return console_error(413, error_name(ErrorCode::kMarshallingError),
                           fmt::format("{} {}: too many nodes for one request", operation, path),
                           path);
  }
}

void children(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto path = path_argument(request, reply);
  if (!path) return;
  const auto limit = number_argument(request, reply, "limit", 200, 1, 1000);
  if (!limit) return;
  const auto who = who_asks(*console, request, reply);
  if (!who) return;
  auto page = std::make_shared<ChildrenPage>();
  page->after = request.parameter("after").value_or("");
  page->glob = request.parameter("match").value_or("");
  page->limit = static_cast<std::size_t>(*limit);
  page->ids = *who;
  bool top = true;
  ConsoleWalk::begin(
      console->context(), console->from.lane, {.top = *path},
      [console, page, top](const tree::Tree& tree, tree::NodeId node) mutable {
        using Step = ConsoleWalk::Step;
        if (!std::exchange(top, false)) {
          page->look_at(tree, node);
          return Step::kOver;
        }
        if (console->may(tree, node, perms::kRead, *page->ids)) return Step::kInto;
        page->error = ErrorCode::kNoAuth;
        return Step::kStop;
      },
      [page, path = *path, reply](ConsoleWalk::End end) {
        if (page->error != ErrorCode::kOk) return reply(console_error(page->error, "ls", path));
        if (end != ConsoleWalk::End::kDone) return reply(walk_error(end, "ls", path));
        reply(json_answer(page->answer()));
      });
}

// ---- subtree

void subtree(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto path = path_argument(request, reply);
  if (!path) return;
  const auto who = who_asks(*console, request, reply);
  if (!who) return;
  struct Sums {
    bool begun = false, refused = false;
    std::int64_t count = 0, bytes = 0, ephemerals = 0;
  };
  auto sums = std::make_shared<Sums>();
  ConsoleWalk::begin(
      console->context(), console->from.lane, {.top = *path},
      [console, sums, ids = *who](const tree::Tree& tree, tree::NodeId node) {
        // As getAllChildrenNumber: who may read the top may know how much there is.
        if (!std::exchange(sums->begun, true)) {
          sums->refused = !console->may(tree, node, perms::kRead, *ids);
          if (sums->refused) return ConsoleWalk::Step::kStop;
        }
        ++sums->count;
        const auto data = tree.data(node);
        sums->bytes += data ? static_cast<std::int64_t>(data->size()) : 0;
        const auto kind = tree::kind_of(tree.node_stat(node).ephemeral_owner);
        sums->ephemerals += kind == tree::NodeKind::kEphemeral ? 1 : 0;
        return ConsoleWalk::Step::kInto;
      },
      [sums, path = *path, reply](ConsoleWalk::End end) {
        if (sums->refused) return reply(console_error(ErrorCode::kNoAuth, "count", path));
        if (end != ConsoleWalk::End::kDone) return reply(walk_error(end, "count", path));
        reply(json_answer(json::object{
            {"count", sums->count}, {"bytes", sums->bytes}, {"ephemerals", sums->ephemerals}}));
      });
}

// ---- search

// Names ask for READ of the parent, data for READ of the node itself, as a client that lists and
// gets would need; what is not listed is not looked into.
struct Search {
  std::string text;
  bool in_data = false;
  std::size_t limit = 0;
  txn::Identities ids;
  bool resumes = false;  // the first node was looked at by an earlier request
  std::string path;      // of the node that is looked at, at the end of the last one
  std::int64_t visited = 0;
  json::array matches;
  // Data that is large is looked through a piece at a time.
  static constexpr std::size_t kPieceBytes = 64 * 1024;
  struct Piece {
    tree::NodeId node = tree::kNoNode;
    std::int64_t mzxid = 0;  // data that changes meanwhile is begun anew
    std::size_t at = 0;
  } piece;

  // memmem takes time in proportion to the bytes, whatever they are.
  [[nodiscard]] bool in(std::string_view where) const {
    return ::memmem(where.data(), where.size(), text.data(), text.size()) != nullptr;
  }
  // Whether the text is in the next piece of the data; false with `piece.at` > 0: not up to there.
  [[nodiscard]] bool in_next_piece(tree::NodeId node, std::int64_t mzxid, std::string_view data) {
    if (piece.node != node || piece.mzxid != mzxid) piece = {.node = node, .mzxid = mzxid};
    const bool found = in(data.substr(piece.at, kPieceBytes + text.size() - 1));
    piece.at += kPieceBytes;
    if (found || piece.at >= data.size()) piece = {};
    return found;
  }
  ConsoleWalk::Step look_at(const Console& console, const tree::Tree& tree, tree::NodeId node) {
    const bool readable = console.may(tree, node, perms::kRead, *ids);
    const auto goes_on = readable ? ConsoleWalk::Step::kInto : ConsoleWalk::Step::kOver;
    const bool looked_at = std::exchange(resumes, false);
    // By name: the last component, so that a match is told once and not for all below it.
    bool found = false;
    if (looked_at) {
      // By an earlier request.
    } else if (!in_data) {
      found = in(tree.name(node));
    } else if (const auto data = tree.data(node); readable && data) {
      found = in_next_piece(node, tree.node_stat(node).mzxid, *data);
      if (!found && piece.at > 0) return ConsoleWalk::Step::kAgain;
    }
    path.clear();
    tree.append_path(node, path);
    if (looked_at) return goes_on;
    ++visited;
    if (found) {
      matches.push_back(json::object{{"path", path}, {"where", in_data ? "data" : "path"}});
      if (matches.size() == limit) return ConsoleWalk::Step::kStop;
    }
    return goes_on;
  }
};

void search(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  constexpr std::size_t kTextMax = 256;
  constexpr auto kPatience = std::chrono::seconds(4);
  auto state = std::make_shared<Search>();
  state->text = request.parameter("q").value_or("");
  if (state->text.empty() || state->text.size() > kTextMax)
    return reply(bad_argument("`q` is the text to look for, 1 to 256 bytes"));
  const auto where = request.parameter("in").value_or("path");
  if (where != "path" && where != "data") return reply(bad_argument("`in` is path or data"));
  state->in_data = where == "data";
  HttpRequest with_under = request;
  if (!request.parameter("under")) with_under.query.emplace_back("under", "/");
  const auto under = path_argument(with_under, reply, "under");
  if (!under) return;
  const auto limit = number_argument(request, reply, "limit", 200, 1, 1000);
  if (!limit) return;
  std::optional<std::string> after;
  if (request.parameter("after")) {
    after = path_argument(request, reply, "after");
    if (!after) return;
    if (*after != *under && *under != "/" && !after->starts_with(*under + "/"))
      return reply(bad_argument("`after` is not below `under`"));
  }
  const auto who = who_asks(*console, request, reply);
  if (!who) return;
  state->limit = static_cast<std::size_t>(*limit);
  state->ids = *who;
  state->resumes = after.has_value();
  ConsoleWalk::begin(
      console->context(), console->from.lane, {.top = *under, .from = after, .patience = kPatience},
      [console, state](const tree::Tree& tree, tree::NodeId node) {
        return state->look_at(*console, tree, node);
      },
      [state, under = *under, reply](ConsoleWalk::End end) {
        using End = ConsoleWalk::End;
        if (end == End::kNotServed || end == End::kNoNode)
          return reply(walk_error(end, "search", under));
        const bool complete = end == End::kDone;
        reply(json_answer(
            json::object{{"matches", std::move(state->matches)},
                         {"visited", state->visited},
                         {"complete", complete},
                         {"next", complete ? json::value(nullptr) : json::value(state->path)}}));
      });
}

}  // namespace

void add_tree_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  add_row(routes, {"node", "One znode: data, Stat, ACL, quota", {"path!"}},
          [console](const HttpRequest& request, const HttpReply& reply) {
            const auto path = path_argument(request, reply);
            if (!path) return;
            const auto who = who_asks(*console, request, reply);
            if (who) reply(node_page(*console, *path, **who));
          });
  const auto add = [&](ConsoleRow row, auto handle) {
    add_row(routes, std::move(row),
            [console, handle](const HttpRequest& request, const HttpReply& reply) {
              handle(console, request, reply);
            });
  };
  add({"children", "The children of a znode, by name", {"path!", "after", "limit", "match"}},
      children);
  add({"subtree", "How much a subtree holds", {"path!"}}, subtree);
  add({"search", "Znodes whose name or data holds a text", {"q!", "in", "under", "limit", "after"}},
      search);
}

}  // namespace drover::server
