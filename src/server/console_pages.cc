#include "server/console_pages.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "admin/console_json.h"
#include "server/console.h"
#include "txn/path.h"

namespace drover::server {

namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;
using net::HttpResponse;

bool Console::may(const tree::Tree& tree, tree::NodeId node, std::int32_t perms,
                  const std::vector<Id>& ids) const {
  const tree::AclKey key = tree.acl_key(node);
  return key == tree::kOpenAcl || txn::allowed(auth(), tree.acl(key).get(), perms, ids);
}

bool Console::may_see(const tree::Tree& tree, std::string_view path,
                      const std::vector<Id>& ids) const {
  const tree::NodeId node = tree.find(path);
  if (node != tree::kNoNode && may(tree, node, perms::kRead, ids)) return true;
  while (path.size() > 1) {
    path = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    const tree::NodeId above = tree.find(path);
    if (above != tree::kNoNode) return may(tree, above, perms::kRead, ids);
  }
  return false;
}

// ---- answers

HttpResponse json_answer(const json::value& value, unsigned status) {
  return {.status = status,
          .content_type = "application/json",
          .headers = {{"Cache-Control", "no-store"}},
          .body = json::serialize(value) + "\n"};
}

HttpResponse console_error(unsigned status, std::string_view error, std::string_view message,
                           std::string_view path) {
  json::object body{{"error", error}, {"message", message}};
  if (!path.empty()) body["path"] = path;
  return json_answer(body, status);
}

namespace {

struct Told {
  unsigned status;
  std::string_view why;
};

Told told(ErrorCode error) {
  switch (error) {
    case ErrorCode::kNoNode:
      return {404, "there is no such node"};
    case ErrorCode::kNodeExists:
      return {409, "the node is already there"};
    case ErrorCode::kNotEmpty:
      return {409, "the node has children"};
    case ErrorCode::kBadVersion:
      return {409, "somebody has changed it since: the version is another"};
    case ErrorCode::kNoAuth:
      return {403, "its ACL does not let you"};
    case ErrorCode::kQuotaExceeded:
      return {403, "a quota would be exceeded"};
    case ErrorCode::kNoChildrenForEphemerals:
      return {409, "an ephemeral node cannot have children"};
    case ErrorCode::kInvalidAcl:
      return {400, "the ACL is empty, or names a scheme or an id that cannot be"};
    case ErrorCode::kBadArguments:
      return {400, "an argument cannot be"};
    case ErrorCode::kMarshallingError:
      return {413, "it is too large"};
    case ErrorCode::kUnimplemented:
      return {400, "this server does not do that (extendedTypesEnabled=false?)"};
    case ErrorCode::kConnectionLoss:
    case ErrorCode::kSessionExpired:
    case ErrorCode::kSessionMoved:
      return {503,
              "the server stopped serving before it was answered; it may or may not have "
              "happened"};
    default:
      return {500, "it failed"};
  }
}

}  // namespace

HttpResponse console_error(ErrorCode error, std::string_view operation, std::string_view path) {
  const auto [status, why] = told(error);
  return console_error(status, error_name(error), fmt::format("{} {}: {}", operation, path, why),
                       path);
}

HttpResponse not_served() {
  return console_error(503, error_name(ErrorCode::kConnectionLoss),
                       "the server does not serve now: it has no leader");
}

HttpResponse bad_argument(std::string_view message) {
  return console_error(400, error_name(ErrorCode::kBadArguments), message);
}

// ---- who asks

namespace {

HttpResponse who_are_you(std::string_view why) {
  HttpResponse response = console_error(401, error_name(ErrorCode::kAuthFailed), why);
  // Not Basic: the browser would open a dialogue of its own.
  response.headers.emplace_back("WWW-Authenticate", "digest");
  return response;
}

// `Basic` is what proxies and curl -u can say.
bool basic_to_digest(HttpRequest& request) {
  constexpr std::string_view kBasic = "Basic ";
  for (auto& [name, value] : request.headers) {
    if (name != "authorization" || !value.starts_with(kBasic)) continue;
    const auto pair = admin::parse_base64(std::string_view(value).substr(kBasic.size()));
    if (!pair) return false;
    value = "digest " + *pair;
  }
  return true;
}

}  // namespace

namespace {
bool lacks_enforced_scheme(const Console& console, const std::vector<Id>& ids) {
  const auto& schemes = console.from.enforced_auth_schemes;
  return !schemes.empty() && std::ranges::none_of(ids, [&](const Id& id) {
    return std::ranges::find(schemes, id.scheme) != schemes.end();
  });
}
}  // namespace

std::expected<txn::Identities, HttpResponse> identify(const Console& console,
                                                      const HttpRequest& request, bool must) {
  HttpRequest head{.method = {},
                   .path = {},
                   .query = {},
                   .headers = request.headers,
                   .body_file = {},
                   .remote_address = request.remote_address};
  if (!basic_to_digest(head))
    return std::unexpected(who_are_you("Authorization: what follows Basic is not base64"));
  Identity who = identity_of(console.from.pages, head);
  switch (who.verdict) {
    case Identity::Verdict::kKnown:
      if (lacks_enforced_scheme(console, *who.ids)) break;
      return who.ids;
    case Identity::Verdict::kUnknown:
      return std::unexpected(
          who_are_you("Authorization: `digest user:password` or Basic; this is neither"));
    case Identity::Verdict::kMissing:
      break;
  }
  if (!must && console.from.enforced_auth_schemes.empty())
    return std::make_shared<const std::vector<Id>>();
  return std::unexpected(who_are_you("say who you are: Authorization: digest user:password"));
}

std::optional<txn::Identities> who_asks(const Console& console, const HttpRequest& request,
                                        const HttpReply& reply, bool must) {
  auto who = identify(console, request, must);
  if (who) return std::move(*who);
  reply(std::move(who.error()));
  return std::nullopt;
}

// ---- arguments

std::optional<std::string> path_argument(const HttpRequest& request, const HttpReply& reply,
                                         std::string_view name) {
  const auto given = request.parameter(name);
  if (!given) {
    reply(bad_argument(fmt::format("`{}` is missing", name)));
    return std::nullopt;
  }
  if (!txn::is_valid_path(*given)) {
    reply(console_error(400, error_name(ErrorCode::kBadArguments),
                        fmt::format("`{}` is no path: it begins with / and has no empty, . or .. "
                                    "part and no / at its end",
                                    name),
                        *given));
    return std::nullopt;
  }
  return std::string(*given);
}

std::optional<std::int64_t> number_argument(const HttpRequest& request, const HttpReply& reply,
                                            std::string_view name, std::int64_t when_absent,
                                            std::int64_t least, std::int64_t most) {
  const auto given = request.parameter(name);
  if (!given) return when_absent;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
  if (error == std::errc() && end == given->data() + given->size() && value >= least &&
      value <= most) {
    return value;
  }
  reply(bad_argument(fmt::format("`{}` is a number from {} to {}", name, least, most)));
  return std::nullopt;
}

// The usual two pointers: a `*` that took too little is gone back to, the last one only.
bool matches_glob(std::string_view glob, std::string_view text) {
  if (glob.empty()) return true;
  std::size_t g = 0, t = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = {++g, t};
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star) {
      g = star->first;
      t = ++star->second;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

std::string_view kind_text(std::int64_t ephemeral_owner) {
  switch (tree::kind_of(ephemeral_owner)) {
    case tree::NodeKind::kPersistent:
      return "persistent";
    case tree::NodeKind::kEphemeral:
      return "ephemeral";
    case tree::NodeKind::kContainer:
      return "container";
    case tree::NodeKind::kTtl:
      return "ttl";
  }
  return "?";
}

// ---- the table

void add_row(net::HttpRouter& routes, ConsoleRow row, ConsoleHandler handle) {
  routes.add({.method = "GET",
              .path = fmt::format("/console/api/{}", row.name),
              .handle = std::move(handle),
              .summary = std::move(row.summary),
              .parameters = std::move(row.parameters),
              .needs_identity = row.needs_identity,
              .own_hosts_only = true});
}

namespace {

// Whether some ACL of the tree names one of the identities: looked for a slice of the lists at a
// time. A list that is made meanwhile may be missed.
class WhoAmI : public std::enable_shared_from_this<WhoAmI> {
 public:
  WhoAmI(ConsolePtr console, txn::Identities ids, HttpReply reply)
      : console_(std::move(console)),
        ids_(std::move(ids)),
        reply_(std::move(reply)),
        timer_(console_->context()) {}

  void slice() {
    constexpr std::size_t kSliceEntries = 1000;
    bool more = false;
    const bool served = console_->from.lane.read([&](const tree::Tree& tree) {
      for (std::size_t entries = 0; entries < kSliceEntries && at_ < tree.acl_places(); ++at_) {
        const AclList* acl = tree.acl_at(at_);
        entries += 1 + (acl == nullptr ? 0 : acl->size());
        known_ = known_ || (acl != nullptr && names_one(*acl));
      }
      more = !known_ && at_ < tree.acl_places();
    });
    if (!served) return reply_(not_served());
    if (!more) return answer();
    timer_.expires_after(std::chrono::milliseconds(1));
    timer_.async_wait([self = shared_from_this()](boost::system::error_code) { self->slice(); });
  }

 private:
  [[nodiscard]] bool names_one(const AclList& acl) const {
    return std::ranges::any_of(acl, [this](const Acl& entry) {
      return std::ranges::find(*ids_, entry.id) != ids_->end();
    });
  }
  void answer() {
    const bool super =
        std::ranges::any_of(*ids_, [](const Id& id) { return id.scheme == "super"; });
    reply_(json_answer(json::object{{"identities", admin::identities_json(*ids_)},
                                    {"known", known_ || super},
                                    {"super", super}}));
  }

  ConsolePtr console_;
  txn::Identities ids_;
  HttpReply reply_;
  boost::asio::steady_timer timer_;
  std::size_t at_ = 0;
  bool known_ = false;
};

}  // namespace

void add_console_api(net::HttpRouter& routes, const ConsoleSources& sources) {
  const auto console = std::make_shared<Console>(sources);
  const ConsoleRow whoami{
      .name = "whoami",
      .summary = "Whose identities the request has, and whether an ACL names one",
      .needs_identity = true};
  add_row(routes, whoami, [console](const HttpRequest& request, const HttpReply& reply) {
    const auto who = who_asks(*console, request, reply, true);
    if (who) std::make_shared<WhoAmI>(console, *who, reply)->slice();
  });
  add_tree_pages(routes, console);
  add_write_pages(routes, console);
  add_session_pages(routes, console);
  add_ensemble_pages(routes, console);
  add_series_pages(routes, console);
  add_hot_pages(routes, console);
  add_history_pages(routes, console);
}

}  // namespace drover::server
