#pragma once
// What the chapters of the console's API share: where facts come from, who asks, how errors are
// told. Not for others; console_pages.h is the door.

#include <boost/json/object.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_router.h"
#include "server/admin_pages.h"
#include "server/console_lane.h"
#include "server/console_pages.h"
#include "server/console_walk.h"

namespace drover::server {

struct Console {
  explicit Console(const ConsoleSources& sources_in) : from(sources_in) {}

  ConsoleSources from;

  [[nodiscard]] boost::asio::io_context& context() const { return from.pages.admin.context(); }
  [[nodiscard]] const txn::AuthOptions& auth() const { return from.pages.auth; }
  [[nodiscard]] bool may(const tree::Tree& tree, tree::NodeId node, std::int32_t perms,
                         const std::vector<Id>& ids) const;
  // Names are shown to who could list them: READ of the parent, or of the node itself. Of what is
  // not there the nearest that is decides.
  [[nodiscard]] bool may_see(const tree::Tree& tree, std::string_view path,
                             const std::vector<Id>& ids) const;
};
using ConsolePtr = std::shared_ptr<Console>;

// ---- answers
[[nodiscard]] net::HttpResponse json_answer(const boost::json::value& value, unsigned status = 200);
// `error` is a code's name, `message` one sentence.
[[nodiscard]] net::HttpResponse console_error(unsigned status, std::string_view error,
                                              std::string_view message, std::string_view path = {});
// What `operation` (`delete`) on `path` came to.
[[nodiscard]] net::HttpResponse console_error(ErrorCode error, std::string_view operation,
                                              std::string_view path);
[[nodiscard]] net::HttpResponse not_served();
[[nodiscard]] net::HttpResponse bad_argument(std::string_view message);

// ---- who asks
// By the header Authorization (`digest user:password`, `Basic <base64>`); nobody has the empty
// list. Error: 401, when that says nobody we know, or nobody although `must`.
[[nodiscard]] std::expected<txn::Identities, net::HttpResponse> identify(
    const Console& console, const net::HttpRequest& request, bool must);
// nullopt: answered with that error.
[[nodiscard]] std::optional<txn::Identities> who_asks(const Console& console,
                                                      const net::HttpRequest& request,
                                                      const net::HttpReply& reply,
                                                      bool must = false);

// ---- arguments. nullopt: answered with 400.
[[nodiscard]] std::optional<std::string> path_argument(const net::HttpRequest& request,
                                                       const net::HttpReply& reply,
                                                       std::string_view name = "path");
[[nodiscard]] std::optional<std::int64_t> number_argument(const net::HttpRequest& request,
                                                          const net::HttpReply& reply,
                                                          std::string_view name,
                                                          std::int64_t when_absent,
                                                          std::int64_t least, std::int64_t most);
// A glob of `*` and `?`; nothing matches everything.
[[nodiscard]] bool matches_glob(std::string_view glob, std::string_view text);
[[nodiscard]] std::string_view kind_text(std::int64_t ephemeral_owner);

// ---- the chapters
using ConsoleHandler = std::function<void(const net::HttpRequest&, const net::HttpReply&)>;
struct ConsoleRow {
  std::string name;                       // below /console/api/
  std::string summary;                    // for /openapi.json
  std::vector<std::string> parameters{};  // as in HttpRoute
  bool needs_identity = false;
};
void add_row(net::HttpRouter& routes, ConsoleRow row, ConsoleHandler handle);  // GET
void add_tree_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_write_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_session_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_ensemble_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_hot_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_history_pages(net::HttpRouter& routes, const ConsolePtr& console);
void add_series_pages(net::HttpRouter& routes, const ConsolePtr& console);

}  // namespace drover::server
