// Hot paths and top clients. The lanes look at a sample of requests only while somebody asks.

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <chrono>
#include <cmath>
#include <map>

#include "admin/console_json.h"
#include "lane/hot_sampler.h"
#include "server/clock.h"
#include "server/console.h"
#include "server/console_ask.h"

namespace drover::server {

namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;

namespace {

// The lanes stop looking when nobody has asked for so long.
constexpr std::int64_t kInterestMs = 60'000;
constexpr auto kLook = std::chrono::seconds(5);
constexpr std::size_t kShown = 20;

struct Client {
  std::string address;
  std::int64_t session = 0;
  double per_s = 0;
};

// Of one reactor, in its own terms and at once in requests per second.
struct HotPart {
  std::int64_t window_ms = 0;
  std::uint32_t every = 0;
  std::vector<lane::TopCounter::Entry> paths;
  std::vector<Client> clients;
};

double rate(std::int64_t requests, std::int64_t window_ms) {
  return std::round(static_cast<double>(requests) * 1e4 /
                    static_cast<double>(std::max<std::int64_t>(window_ms, 1))) /
         10;
}

void look(Reactor& reactor, HotPart& part) {
  lane::HotSampler& sampler = reactor.lane().hot();
  sampler.begin(now());
  lane::HotSampler::Report report = sampler.report(now());
  part.window_ms = report.window_ms;
  part.every = report.every;
  part.paths = std::move(report.paths);
  for (const auto& [id, requests] : report.connections) {
    const lane::Connection* connection = reactor.lane().find(id);
    if (connection == nullptr) continue;
    part.clients.push_back(
        {.address = connection->remote_address + ":" + std::to_string(connection->remote_port),
         .session = connection->session.value,
         .per_s = rate(requests, report.window_ms)});
  }
}

json::object hot_json(const Console& console, const std::vector<Id>& ids,
                      std::vector<HotPart> parts) {
  struct Rates {
    double reads = 0, writes = 0;
  };
  std::map<std::string, Rates> by_path;
  std::vector<Client> clients;
  std::int64_t window_ms = 0;
  std::uint32_t every = 0;
  for (HotPart& part : parts) {
    every = std::max(every, part.every);
    window_ms = std::max(window_ms, part.window_ms);
    for (const auto& entry : part.paths) {
      by_path[entry.key].reads += rate(entry.reads, part.window_ms);
      by_path[entry.key].writes += rate(entry.writes, part.window_ms);
    }
    std::ranges::move(part.clients, std::back_inserter(clients));
  }
  std::vector<std::pair<std::string, Rates>> paths(by_path.begin(), by_path.end());
  // Names decide between equals.
  std::ranges::sort(paths, {}, [](const auto& entry) {
    return std::pair(-(entry.second.reads + entry.second.writes), std::string_view(entry.first));
  });
  std::ranges::sort(clients, {}, [](const Client& client) {
    return std::pair(-client.per_s, std::string_view(client.address));
  });
  json::array shown_paths, shown_clients;
  std::int64_t hidden = 0;
  console.from.lane.read([&](const tree::Tree& tree) {
    for (const auto& [path, rates] : paths) {
      if (shown_paths.size() == kShown) break;
      if (!console.may_see(tree, path, ids)) {
        ++hidden;
        continue;
      }
      shown_paths.push_back(json::object{
          {"path", path}, {"reads_per_s", rates.reads}, {"writes_per_s", rates.writes}});
    }
  });
  for (const Client& client : clients) {
    if (shown_clients.size() == kShown) break;
    shown_clients.push_back(json::object{{"address", client.address},
                                         {"session", admin::hex_text(client.session)},
                                         {"requests_per_s", client.per_s}});
  }
  return {{"window_ms", window_ms},
          {"sample_every", every},
          {"paths", std::move(shown_paths)},
          {"clients", std::move(shown_clients)},
          {"hidden", hidden}};
}

// Turns the lanes' looking off again.
class Interest : public std::enable_shared_from_this<Interest> {
 public:
  explicit Interest(ConsolePtr console)
      : console_(std::move(console)), timer_(console_->context()) {}

  void renew() {
    asked_ms_ = now().ms();
    if (!std::exchange(waiting_, true)) wait();
  }

 private:
  void wait() {
    timer_.expires_after(kLook);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code aborted) {
      if (aborted) return;
      if (now().ms() - self->asked_ms_ < kInterestMs) return self->wait();
      self->waiting_ = false;
      for (Reactor* reactor : self->console_->from.reactors) {
        boost::asio::post(reactor->context(), [reactor] { reactor->lane().hot().end(); });
      }
    });
  }

  ConsolePtr console_;
  boost::asio::steady_timer timer_;
  std::int64_t asked_ms_ = 0;
  bool waiting_ = false;
};

}  // namespace

void add_hot_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  auto interest = std::make_shared<Interest>(console);
  add_row(routes, {"hot", "The busiest paths and clients of the last minute"},
          [console, interest](const HttpRequest& request, const HttpReply& reply) {
            const auto who = who_asks(*console, request, reply);
            if (!who) return;
            interest->renew();
            ask_reactors<HotPart>(console, look,
                                  [console, who = *who, reply](std::vector<HotPart> parts) {
                                    reply(json_answer(hot_json(*console, *who, std::move(parts))));
                                  });
          });
}

}  // namespace drover::server
