// Changing the tree: create, set, setAcl, delete. Each is the request that a client would send,
// with the identities of whoever asks, and nobody writes without saying who it is.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "admin/console_json.h"
#include "server/console.h"
#include "txn/path.h"
#include "wire/client_records.h"

namespace drover::server {

namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;
using net::HttpResponse;
using wire::OpCode;

namespace {

// CreateMode's numbers.
constexpr std::int32_t kSequential = 2, kContainer = 4, kTtl = 5, kTtlSequential = 6;

// ---- bodies

// What a body says, or the sentence that refuses it.
struct Body {
  json::object fields;
  std::string refusal;

  const json::value* find(std::string_view key) const { return fields.if_contains(key); }
  std::optional<std::string> text(std::string_view key) {
    const auto* value = find(key);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    refuse(fmt::format("`{}` is missing, or no text", key));
    return std::nullopt;
  }
  std::int64_t number(std::string_view key, std::int64_t when_absent, std::int64_t least,
                      std::int64_t most) {
    const auto* value = find(key);
    if (value == nullptr || value->is_null()) return when_absent;
    const auto* given = value->if_int64();
    if (given != nullptr && *given >= least && *given <= most) return *given;
    refuse(fmt::format("`{}` is a number from {} to {}", key, least, most));
    return when_absent;
  }
  bool flag(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr || value->is_null()) return false;
    if (!value->is_bool()) refuse(fmt::format("`{}` is true or false", key));
    return value->is_bool() && value->get_bool();
  }
  std::string path(bool sequential = false) {
    const auto given = text("path");
    if (given && !txn::is_valid_path(sequential ? *given + "0" : *given)) {
      refuse(
          "`path` is no path: it begins with / and has no empty, . or .. part and no / at its "
          "end");
    }
    return given.value_or("");
  }
  std::string data() {
    const auto* value = find("data");
    if (value == nullptr || value->is_null()) return {};
    const auto given = text("data");
    const auto bytes = given ? admin::parse_base64(*given) : std::nullopt;
    if (!bytes) refuse("`data` is not base64");
    return bytes.value_or("");
  }
  AclList acl() {
    const auto acl = admin::parse_acl(*find("acl"));
    if (!acl) refuse(acl.error());
    return acl.value_or(AclList());
  }
  void refuse(std::string why) {
    if (refusal.empty()) refusal = std::move(why);
  }
};

Body parse_body(std::string_view text) {
  Body body;
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) {
    body.refuse(fmt::format("the body is no JSON: {}", error.message()));
  } else if (!value.is_object()) {
    body.refuse("the body is no JSON object");
  } else {
    body.fields = std::move(value.get_object());
  }
  return body;
}

std::vector<wire::AclView> views_of(const AclList& acl) {
  std::vector<wire::AclView> views;
  for (const Acl& entry : acl) views.push_back({entry.perms, entry.id.scheme, entry.id.id});
  return views;
}

// ---- one request

using Make = std::function<void(const std::string& answer)>;

// `what` (`set /a`) for errors; `make` gives the answer to a success.
void write(const ConsolePtr& console, const txn::Identities& who, OpCode op, base::ByteBuffer body,
           std::string operation, std::string path, const HttpReply& reply, Make make) {
  constexpr std::size_t kHeader = 8;
  if (body.size() + kHeader > static_cast<std::size_t>(console->from.frame_size_max)) {
    return reply(console_error(413, error_name(ErrorCode::kMarshallingError),
                               fmt::format("{} {}: more than jute.maxbuffer ({} bytes)", operation,
                                           path, console->from.frame_size_max),
                               path));
  }
  console->from.lane.write(who, op, std::move(body),
                           [operation = std::move(operation), path = std::move(path), reply,
                            make = std::move(make)](const ConsoleLane::Answer& answer) {
                             if (answer.error != ErrorCode::kOk)
                               return reply(console_error(answer.error, operation, path));
                             make(answer.body);
                           });
}

void create(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto who = who_asks(*console, request, reply, true);
  if (!who) return;
  Body body = parse_body(request.body);
  const bool sequential = body.flag("sequential");
  const std::string path = body.path(sequential);
  const std::string data = body.data();
  const std::string kind =
      body.find("kind") != nullptr ? body.text("kind").value_or("") : std::string("persistent");
  AclList acl{{perms::kAll, {"world", "anyone"}}};
  if (body.find("acl") != nullptr && !body.find("acl")->is_null()) acl = body.acl();
  wire::CreateRequest create{.path = path, .data = data, .acl = views_of(acl)};
  OpCode op = OpCode::kCreate2;
  if (kind == "persistent") {
    create.flags = sequential ? kSequential : 0;
  } else if (kind == "container") {
    op = OpCode::kCreateContainer;
    create.flags = kContainer;
    if (sequential) body.refuse("a container is not sequential");
  } else if (kind == "ttl") {
    op = OpCode::kCreateTtl;
    create.flags = sequential ? kTtlSequential : kTtl;
    create.ttl_ms = body.number("ttl_ms", -1, 1, tree::kTtlMsMax);
    if (create.ttl_ms == -1) body.refuse("a ttl node needs `ttl_ms`");
  } else if (kind == "ephemeral") {
    body.refuse("an ephemeral node lives as long as its client's session: the console has none");
  } else {
    body.refuse("`kind` is persistent, container or ttl");
  }
  if (!body.refusal.empty()) return reply(bad_argument(body.refusal));
  base::ByteBuffer record;
  wire::JuteWriter out(record);
  create.encode(out, op == OpCode::kCreateTtl);
  write(
      console, *who, op, std::move(record), "create", path, reply,
      [reply](const std::string& answer) {
        wire::JuteReader in(answer);
        const auto real = in.read_bytes().value_or(std::string_view());
        reply(json_answer(
            json::object{{"path", real}, {"stat", admin::stat_json(wire::decode_stat(in))}}, 201));
      });
}

Make stat_answer(const HttpReply& reply) {
  return [reply](const std::string& answer) {
    wire::JuteReader in(answer);
    reply(json_answer(json::object{{"stat", admin::stat_json(wire::decode_stat(in))}}));
  };
}

void set_data(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto who = who_asks(*console, request, reply, true);
  if (!who) return;
  Body body = parse_body(request.body);
  const std::string path = body.path();
  const std::string data = body.data();
  if (body.find("data") == nullptr) body.refuse("`data` is missing");
  const auto version = static_cast<std::int32_t>(body.number("version", -1, -1, INT32_MAX));
  if (!body.refusal.empty()) return reply(bad_argument(body.refusal));
  base::ByteBuffer record;
  wire::JuteWriter out(record);
  wire::SetDataRequest{.path = path, .data = data, .version = version}.encode(out);
  write(console, *who, OpCode::kSetData, std::move(record), "set", path, reply, stat_answer(reply));
}

void set_acl(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto who = who_asks(*console, request, reply, true);
  if (!who) return;
  Body body = parse_body(request.body);
  const std::string path = body.path();
  AclList acl;
  if (body.find("acl") == nullptr) {
    body.refuse("`acl` is missing");
  } else {
    acl = body.acl();
  }
  const auto version = static_cast<std::int32_t>(body.number("version", -1, -1, INT32_MAX));
  if (!body.refusal.empty()) return reply(bad_argument(body.refusal));
  base::ByteBuffer record;
  wire::JuteWriter out(record);
  wire::SetAclRequest{.path = path, .acl = views_of(acl), .version = version}.encode(out);
  write(console, *who, OpCode::kSetAcl, std::move(record), "setAcl", path, reply,
        stat_answer(reply));
}

// ---- delete

// A subtree, leaves first, in multis: each deletes all of its nodes or none.
class SubtreeDelete : public std::enable_shared_from_this<SubtreeDelete> {
 public:
  SubtreeDelete(ConsolePtr console, txn::Identities who, std::string top, std::int64_t expected,
                const HttpReply& reply)
      : console_(std::move(console)),
        who_(std::move(who)),
        top_(std::move(top)),
        expected_(expected),
        reply_(reply) {}

  void begin() {
    ConsoleWalk::begin(
        console_->context(), console_->from.lane, {.top = top_},
        [self = shared_from_this()](const tree::Tree& tree, tree::NodeId node) {
          return self->look_at(tree, node);
        },
        [self = shared_from_this()](ConsoleWalk::End end) { self->on_listed(end); });
  }

 private:
  static constexpr std::size_t kNodesMax = 1'000'000;
  static constexpr std::size_t kBytesMax = 64u << 20;  // of paths kept here
  static constexpr std::size_t kMultiNodesMax = 500;
  static constexpr std::size_t kMultiBytesMax = 256 * 1024;

  ConsoleWalk::Step look_at(const tree::Tree& tree, tree::NodeId node) {
    using Step = ConsoleWalk::Step;
    // Who may not list it must not learn how much there is.
    if (paths_.empty() && !console_->may(tree, node, perms::kRead, *who_)) {
      refused_ = true;
      return Step::kStop;
    }
    tree.append_path(node, paths_.emplace_back());
    bytes_ += paths_.back().size();
    return paths_.size() >= kNodesMax || bytes_ >= kBytesMax ? Step::kStop : Step::kInto;
  }

  void on_listed(ConsoleWalk::End end) {
    using End = ConsoleWalk::End;
    if (refused_) return reply_(console_error(ErrorCode::kNoAuth, "delete", top_));
    if (end == End::kNotServed) return reply_(not_served());
    if (end == End::kNoNode) return reply_(console_error(ErrorCode::kNoNode, "delete", top_));
    if (end != End::kDone) {
      return reply_(console_error(413, error_name(ErrorCode::kMarshallingError),
                                  fmt::format("delete {}: too many nodes for one request; delete "
                                              "what is below it piece by piece",
                                              top_),
                                  top_));
    }
    const auto count = static_cast<std::int64_t>(paths_.size());
    if (count != expected_) {
      return reply_(json_answer(
          json::object{{"error", error_name(ErrorCode::kBadVersion)},
                       {"message", fmt::format("delete {}: it is {} nodes now; say expect={} to "
                                               "delete them all",
                                               top_, count, count)},
                       {"path", top_},
                       {"count", count}},
          409));
    }
    next();
  }

  void next() {
    if (paths_.empty()) return reply_(json_answer(json::object{{"deleted", deleted_}}));
    base::ByteBuffer record;
    wire::JuteWriter out(record);
    std::vector<std::string> group;
    while (!paths_.empty() && group.size() < kMultiNodesMax && record.size() < kMultiBytesMax) {
      wire::MultiHeader{OpCode::kDelete, false, -1}.encode(out);
      wire::PathVersionRequest{.path = paths_.back(), .version = -1}.encode(out);
      group.push_back(std::move(paths_.back()));
      paths_.pop_back();
    }
    wire::MultiHeader{OpCode::kError, true, -1}.encode(out);
    console_->from.lane.write(
        who_, OpCode::kMulti, std::move(record),
        [self = shared_from_this(), group = std::move(group)](const ConsoleLane::Answer& answer) {
          self->on_answer(group, answer);
        });
  }

  void on_answer(const std::vector<std::string>& group, const ConsoleLane::Answer& answer) {
    const auto [error, at] = first_error(answer);
    if (error == ErrorCode::kOk) {
      deleted_ += static_cast<std::int64_t>(group.size());
      return next();
    }
    HttpResponse response =
        console_error(error, "delete", at < group.size() ? group[at] : group.back());
    if (deleted_ > 0) {  // what went before stays deleted, and has to be told
      auto body = json::parse(response.body).get_object();
      body["deleted"] = deleted_;
      body["message"] = fmt::format("{} ({} nodes below {} are deleted already)",
                                    std::string_view(body["message"].get_string()), deleted_, top_);
      response = json_answer(body, response.status);
    }
    reply_(std::move(response));
  }

  static std::pair<ErrorCode, std::size_t> first_error(const ConsoleLane::Answer& answer) {
    std::pair<ErrorCode, std::size_t> found{answer.error, SIZE_MAX};
    wire::JuteReader in(answer.body);
    for (std::size_t i = 0; in.remaining() > 0; ++i) {
      const auto header = wire::MultiHeader::decode(in);
      if (!in.ok() || header.done) break;
      if (header.op != OpCode::kError) continue;  // a delete's result has no body
      const auto error = static_cast<ErrorCode>(in.read_int());
      // The others of a failed multi say ok, or runtime inconsistency.
      if (error == ErrorCode::kOk || error == ErrorCode::kRuntimeInconsistency) continue;
      return {error, i};
    }
    return found;
  }

  ConsolePtr console_;
  txn::Identities who_;
  std::string top_;
  std::int64_t expected_;
  HttpReply reply_;
  bool refused_ = false;
  std::vector<std::string> paths_;  // parents before children; taken from the end
  std::size_t bytes_ = 0;
  std::int64_t deleted_ = 0;
};

void delete_node(const ConsolePtr& console, const HttpRequest& request, const HttpReply& reply) {
  const auto who = who_asks(*console, request, reply, true);
  if (!who) return;
  const auto path = path_argument(request, reply);
  if (!path) return;
  const auto version = number_argument(request, reply, "version", -1, -1, INT32_MAX);
  if (!version) return;
  const auto recursive = request.parameter("recursive").value_or("false");
  if (recursive != "true" && recursive != "false")
    return reply(bad_argument("`recursive` is true or false"));
  if (recursive == "true") {
    const auto expected = number_argument(request, reply, "expect", -1, 0, INT32_MAX);
    if (!expected) return;
    std::make_shared<SubtreeDelete>(console, *who, *path, *expected, reply)->begin();
    return;
  }
  base::ByteBuffer record;
  wire::JuteWriter out(record);
  wire::PathVersionRequest{.path = *path, .version = static_cast<std::int32_t>(*version)}.encode(
      out);
  write(console, *who, OpCode::kDelete, std::move(record), "delete", *path, reply,
        [reply](const std::string&) { reply(json_answer(json::object{{"deleted", 1}})); });
}

}  // namespace

void add_write_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  // Data is base64 in JSON.
  const auto body_max = static_cast<std::uint64_t>(console->from.frame_size_max) * 2 + 64 * 1024;
  const auto add = [&](const char* method, const char* name, const char* summary,
                       const std::vector<std::string>& parameters, auto handle) {
    routes.add(
        {.method = method,
         .path = fmt::format("/console/api/{}", name),
         .handle = [console, handle](const HttpRequest& request,
                                     const HttpReply& reply) { handle(console, request, reply); },
         .body_bytes_max = body_max,
         // No body is read from who does not say who it is.
         .gate =
             [console](const HttpRequest& request,
                       const std::function<void(std::optional<HttpResponse>)>& decide) {
               auto who = identify(*console, request, true);
               who ? decide(std::nullopt) : decide(std::move(who.error()));
             },
         .summary = summary,
         .parameters = parameters,
         .needs_identity = true,
         .own_hosts_only = true});
  };
  add("POST", "node", "Creates a znode", {}, create);
  add("PUT", "node", "Sets data", {}, set_data);
  add("PUT", "acl", "Sets an ACL", {}, set_acl);
  add("DELETE", "node", "Deletes a znode, or with recursive=true a subtree of `expect` nodes",
      {"path!", "version", "recursive", "expect"}, delete_node);
}

}  // namespace drover::server
