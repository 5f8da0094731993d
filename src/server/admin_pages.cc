#include "server/admin_pages.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "admin/health.h"
#include "admin/json_text.h"
#include "admin/monitor.h"
#include "admin/openapi.h"
#include "server/build_info.h"

namespace drover::server {

namespace asio = boost::asio;

namespace {

// The first of view and deadline makes the page.
struct Pending {
  Pending(asio::io_context& context, std::function<void(std::optional<admin::StatusView>)> make)
      : timer(context), make_page(std::move(make)) {}
  void finish(std::optional<admin::StatusView> view) {
    timer.cancel();
    if (const auto make = std::exchange(make_page, nullptr)) make(std::move(view));
  }
  asio::steady_timer timer;
  std::function<void(std::optional<admin::StatusView>)> make_page;
};

}  // namespace

net::HttpResponse busy() {
  return {.status = 503, .body = "a thread that serves clients did not answer in time\n"};
}

void with_view(const PageSources& sources, const Wanted& wanted,
               std::function<void(std::optional<admin::StatusView>)> make_page,
               std::chrono::milliseconds patience) {
  auto& context = sources.admin.context();
  auto pending = std::make_shared<Pending>(context, std::move(make_page));
  pending->timer.expires_after(patience);
  pending->timer.async_wait([weak = std::weak_ptr(pending)](boost::system::error_code aborted) {
    const auto late = weak.lock();
    if (!aborted && late) late->finish(std::nullopt);
  });
  sources.status.collect(
      wanted, [&context, &status = sources.status, wanted, pending](admin::StatusView view) {
        asio::post(context, [&status, wanted, pending, view = std::move(view)]() mutable {
          if (!pending->make_page) return;
          status.finish(wanted, view);
          pending->finish(std::move(view));
        });
      });
}

Identity identity_of(const PageSources& sources, const net::HttpRequest& request) {
  const auto header = request.header("authorization");
  if (!header || header->empty()) return {};
  const auto blank = std::min(header->find(' '), header->size());
  const std::string_view scheme = header->substr(0, blank);
  std::string_view rest = header->substr(blank);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  auto ids = txn::authenticate(sources.auth, scheme, rest, request.remote_address);
  const bool says_nothing = rest.empty() && scheme == "digest";  // Apache lets only clients do that
  if (!ids || says_nothing) return {.verdict = Identity::Verdict::kUnknown, .ids = {}};
  return {.verdict = Identity::Verdict::kKnown,
          .ids = std::make_shared<const std::vector<Id>>(std::move(*ids))};
}

void authorize(const PageSources& sources, const net::HttpRequest& request,
               std::function<void(unsigned, std::string_view)> decide) {
  const Identity who = identity_of(sources, request);
  if (who.verdict == Identity::Verdict::kMissing)
    return decide(401, "Auth info is missing for the command");
  if (who.verdict == Identity::Verdict::kUnknown) return decide(401, "Not authenticated");
  asio::post(sources.replica_reactor.context(),
             [sources, ids = who.ids, decide = std::move(decide)]() mutable {
               SharedTree& shared = sources.shared;
               bool all = true;
               {
                 const ReadHold hold(shared.gate, sources.replica_reactor.index());
                 const auto acl = shared.tree.acl(shared.tree.acl_key(shared.tree.find("/")));
                 for (const auto one : {perms::kRead, perms::kWrite, perms::kCreate, perms::kDelete,
                                        perms::kAdmin}) {
                   all = all && txn::allowed(sources.auth, acl.get(), one, *ids);
                 }
               }
               asio::post(sources.admin.context(), [all, decide = std::move(decide)] {
                 all ? decide(200, "") : decide(403, "Not authorized");
               });
             });
}

void add_metrics(net::HttpRouter& routes, const PageSources& sources) {
  routes.add({.method = "GET",
              .path = "/metrics",
              .handle =
                  [sources](const net::HttpRequest&, const net::HttpReply& reply) {
                    ++sources.status.admin_counters().requests;
                    with_view(sources, {.metrics = true},
                              [reply](const std::optional<admin::StatusView>& view) {
                                if (!view) return reply(busy());
                                reply({.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                       .body = admin::prometheus_text(*view)});
                              });
                  },
              .summary = "Every metric, for a Prometheus server"});
}

namespace {

void add_probe(net::HttpRouter& routes, const PageSources& sources, admin::Probe probe,
               std::string path, std::string summary) {
  const auto handle = [sources, probe](const net::HttpRequest& request,
                                       const net::HttpReply& reply) {
    const bool json = request.parameter("format") == "json" ||
                      request.header("accept").value_or("").starts_with("application/json");
    const auto page = [probe, json, reply](const std::optional<admin::StatusView>& view) {
      const auto checks = admin::health_checks(probe, view ? &*view : nullptr);
      net::HttpResponse response{.status = admin::all_hold(checks) ? 200U : 503U};
      response.body =
          json ? admin::json_text(admin::health_json(checks)) : admin::health_text(checks);
      if (json) response.content_type = "application/json";
      reply(std::move(response));
    };
    with_view(sources, {}, page, kProbePatience);
  };
  routes.add(
      {.method = "GET", .path = std::move(path), .handle = handle, .summary = std::move(summary)});
}

}  // namespace

void add_probes(net::HttpRouter& routes, const PageSources& sources) {
  add_probe(routes, sources, admin::Probe::kLive, "/livez",
            "Every thread answers and the disk does not hang: else restart the server");
  add_probe(routes, sources, admin::Probe::kReady, "/readyz",
            "Clients are served: else send them elsewhere; says why not");
  add_probe(routes, sources, admin::Probe::kStartup, "/startupz",
            "Clients have been served since the start");
}

void add_description(net::HttpRouter& routes, const std::string& command_url) {
  std::vector<admin::PathInfo> paths;
  for (const net::HttpRoute& route : routes.routes()) {
    if (!route.summary.empty())
      paths.push_back({.method = route.method,
                       .path = route.path,
                       .summary = route.summary,
                       .parameters = route.parameters,
                       .needs_identity = route.needs_identity});
  }
  const std::string summary = "This description";
  paths.push_back({.method = "GET", .path = "/openapi.json", .summary = summary});
  routes.add(
      {.method = "GET",
       .path = "/openapi.json",
       .handle =
           [text = admin::json_text(admin::openapi(paths, command_url, zookeeper_version()))](
               const net::HttpRequest&, const net::HttpReply& reply) {
             reply({.content_type = "application/json", .body = text});
           },
       .summary = summary});
}

}  // namespace drover::server
