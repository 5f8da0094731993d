#include "server/admin_pages.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

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

void add_probes(net::HttpRouter& routes, const PageSources& sources) {
  routes.add(
      {.method = "GET",
       .path = "/livez",
       .handle = [sources](const net::HttpRequest&, const net::HttpReply& reply) {
         with_view(sources, {}, [reply](const std::optional<admin::StatusView>& view) {
           if (view) return reply({.body = "ok\n"});
           reply({.status = 503, .body = "a thread that serves clients did not answer in time\n"});
         });
       }});
}

}  // namespace drover::server
