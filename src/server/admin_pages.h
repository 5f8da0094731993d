#pragma once
// The pages of the admin port: which path shows what. A page collects a StatusView, hands it to a
// pure function of `admin`, and answers. Each group of pages is one function that adds its rows.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "admin/status_view.h"
#include "net/http_router.h"
#include "server/admin_server.h"
#include "server/status.h"

namespace drover::server {

// What pages are made from. All of it outlives the admin server's run.
struct PageSources {
  AdminServer& admin;
  StatusCollector& status;
};

// How long a reactor may take to answer for itself.
inline constexpr std::chrono::milliseconds kViewPatience{5'000};

// Makes the page on the admin thread, from a view with what is wanted; nullopt: a reactor did not
// answer in time.
void with_view(const PageSources& sources, const Wanted& wanted,
               std::function<void(std::optional<admin::StatusView>)> make_page,
               std::chrono::milliseconds patience = kViewPatience);

// GET /livez
void add_probes(net::HttpRouter& routes, const PageSources& sources);

}  // namespace drover::server
