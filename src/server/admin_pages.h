#pragma once
// The pages of the admin port: which path shows what. A page collects a StatusView, hands it to a
// pure function of `admin`, and answers. Each group of pages is one function that adds its rows.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "admin/status_view.h"
#include "net/http_router.h"
#include "server/admin_server.h"
#include "server/reactor.h"
#include "server/shared_tree.h"
#include "server/status.h"
#include "txn/auth.h"

namespace drover::server {

// What pages are made from. All of it outlives the admin server's run.
struct PageSources {
  AdminServer& admin;
  StatusCollector& status;
  Reactor& replica_reactor;  // number 0, on whose thread the replica lives
  SharedTree& shared;
  const txn::AuthOptions& auth;
};

// Who asks, by the header `Authorization: <scheme>[ <auth>]` (`digest user:password`, `ip`), as an
// auth packet of a client would say it.
struct Identity {
  enum class Verdict { kMissing, kUnknown, kKnown } verdict = Verdict::kMissing;
  txn::Identities ids;
};
[[nodiscard]] Identity identity_of(const PageSources& sources, const net::HttpRequest& request);
// Apache's rule for what may be done to the whole server: all five permissions on `/`. `decide`
// comes on the admin thread with the status: 200, 401, 403, and the sentence for those.
void authorize(const PageSources& sources, const net::HttpRequest& request,
               std::function<void(unsigned status, std::string_view why)> decide);

// How long a reactor may take to answer for itself.
inline constexpr std::chrono::milliseconds kViewPatience{5'000};

// Makes the page on the admin thread, from a view with what is wanted; nullopt: a reactor did not
// answer in time.
void with_view(const PageSources& sources, const Wanted& wanted,
               std::function<void(std::optional<admin::StatusView>)> make_page,
               std::chrono::milliseconds patience = kViewPatience);
[[nodiscard]] net::HttpResponse busy();  // what a page says then

// GET /metrics, for a Prometheus server to scrape.
void add_metrics(net::HttpRouter& routes, const PageSources& sources);

// GET /livez, /readyz, /startupz: 200 or 503, as text or (Accept: application/json, ?format=json)
// as JSON.
inline constexpr std::chrono::milliseconds kProbePatience{2'000};
void add_probes(net::HttpRouter& routes, const PageSources& sources);

// GET /openapi.json: what has a summary in the table, and Apache's commands. To be added last.
void add_description(net::HttpRouter& routes, const std::string& command_url);

}  // namespace drover::server
