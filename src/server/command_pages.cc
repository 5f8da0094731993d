#include "server/command_pages.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <chrono>

#include "admin/commands.h"
#include "server/clock.h"

namespace drover::server {

namespace asio = boost::asio;
namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;
using net::HttpResponse;

namespace {

HttpResponse json_page(std::string body, unsigned status = 200) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

// One in so many milliseconds.
class RateLimit {
 public:
  explicit RateLimit(std::int64_t interval_ms) : interval_(interval_ms) {}
  bool take() {
    const auto time = SteadyClock::now();
    if (last_ && time - *last_ < interval_) return false;
    last_ = time;
    return true;
  }

 private:
  const std::chrono::milliseconds interval_;
  std::optional<SteadyClock::time_point> last_;
};

// Lives as long as the handlers that share it.
struct Commands {
  Commands(const PageSources& sources_in, const CommandOptions& options_in,
           SnapshotThread& snapshots_in, LiveRestore* restore_in, std::vector<Reactor*> reactors_in)
      : sources(sources_in),
        options(options_in),
        snapshots(snapshots_in),
        live_restore(restore_in),
        reactors(std::move(reactors_in)),
        snapshot_limit(options.rate_limit_ms),
        restore_limit(options.rate_limit_ms) {}

  void handle(const HttpRequest& request, const HttpReply& reply);
  static bool takes(const admin::Command& command, const HttpRequest& request,
                    const HttpReply& reply);
  void show(const admin::Command& command, const HttpReply& reply);
  void set_trace_mask(const HttpRequest& request, const HttpReply& reply);
  void guarded(const admin::Command& command, const HttpRequest& request, const HttpReply& reply);
  void snapshot(const HttpRequest& request, const HttpReply& reply);
  void before_restore(const HttpRequest& request,
                      std::function<void(std::optional<HttpResponse>)> decide);
  [[nodiscard]] std::optional<HttpResponse> restore_refusal(const HttpRequest& request);
  void restore(const HttpRequest& request, const HttpReply& reply);
  void shed(const HttpRequest& request, const HttpReply& reply);

  const PageSources sources;
  const CommandOptions options;
  SnapshotThread& snapshots;
  LiveRestore* const live_restore;
  const std::vector<Reactor*> reactors;
  RateLimit snapshot_limit, restore_limit;  // the admin thread's
};

void Commands::handle(const HttpRequest& request, const HttpReply& reply) {
  ++sources.status.admin_counters().requests;
  const std::string name = request.path.substr(options.url.size() + 1);
  if (name.empty()) {
    return reply(
        {.content_type = "text/html; charset=utf-8", .body = admin::command_index(options.url)});
  }
  const admin::Command* command = admin::find_command(name);
  if (command == nullptr) {
    return reply(json_page(admin::command_refused(name, "Unknown command: " + name)));
  }
  const std::string_view primary = command->names.front();
  if (command->authenticated) return guarded(*command, request, reply);
  if (!takes(*command, request, reply)) return;
  if (primary == "set_trace_mask") return set_trace_mask(request, reply);
  show(*command, reply);
}

// False: not with this method, and the answer says so.
bool Commands::takes(const admin::Command& command, const HttpRequest& request,
                     const HttpReply& reply) {
  const std::string_view method = command.post ? "POST" : "GET";
  if (request.method == method) return true;
  const std::string_view name = command.names.front();
  HttpResponse response =
      json_page(admin::command_refused(name, fmt::format("{} takes {}", name, method)), 405);
  response.headers.emplace_back("Allow", command.post ? "POST" : "GET, HEAD");
  reply(std::move(response));
  return false;
}

void Commands::show(const admin::Command& command, const HttpReply& reply) {
  with_view(
      sources, command.wanted, [reply, &command](const std::optional<admin::StatusView>& view) {
        if (view) return reply(json_page(admin::command_page(command, *view)));
        reply(
            json_page(admin::command_refused(command.names.front(),
                                             "a thread that serves clients did not answer in time"),
                      503));
      });
}

void Commands::set_trace_mask(const HttpRequest& request, const HttpReply& reply) {
  constexpr std::string_view kName = "set_trace_mask";
  constexpr std::string_view kNeeds = "setTraceMask requires long traceMask argument";
  const auto given = request.parameter("traceMask");
  if (!given) return reply(json_page(admin::command_error(kName, kNeeds)));
  std::int64_t mask = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), mask);
  if (error != std::errc() || end != given->data() + given->size()) {
    return reply(json_page(admin::command_error(kName, fmt::format("{}, got {}", kNeeds, *given))));
  }
  sources.status.set_trace_mask(static_cast<std::uint64_t>(mask));
  reply(json_page(admin::command_page(kName, {{"tracemask", mask}})));
}

// A body is only looked at once we know who sent it.
void Commands::guarded(const admin::Command& command, const HttpRequest& request,
                       const HttpReply& reply) {
  const std::string_view name = command.names.front();
  authorize(sources, request,
            [this, &command, name, request, reply](unsigned status, std::string_view why) {
              if (status != 200) return reply(json_page(admin::command_refused(name, why), status));
              if (!takes(command, request, reply)) return;
              if (name == "snapshot") return snapshot(request, reply);
              shed(request, reply);
            });
}

void Commands::snapshot(const HttpRequest& request, const HttpReply& reply) {
  const auto refuse = [&](unsigned status, std::string_view why) {
    reply(json_page(admin::command_refused("snapshot", why), status));
  };
  if (!options.snapshot_enabled) return refuse(503, "admin.snapshot.enabled is false");
  if (!snapshot_limit.take()) {
    ++sources.status.admin_counters().snapshots_limited;
    return refuse(429, fmt::format("one snapshot in {} ms (admin.rateLimiterIntervalInMS)",
                                   options.rate_limit_ms));
  }
  const bool streaming = request.parameter("streaming").value_or("true") != "false";
  snapshots.request([reply, streaming](const Result<storage::SnapshotFile>& file) {
    if (!file) {
      return reply(json_page(admin::command_refused("snapshot", file.error().message), 500));
    }
    HttpResponse response = json_page(admin::command_page("snapshot", json::object()));
    response.headers = {
        {"last_zxid", fmt::format("0x{:x}", static_cast<std::uint64_t>(file->zxid.value))},
        {"snapshot_size", std::to_string(file->bytes)}};
    if (streaming) {
      response.content_type = "application/octet-stream";
      response.file = file->path;
    }
    reply(std::move(response));
  });
}

bool announces_body(const HttpRequest& request) {
  return request.header("transfer-encoding").has_value() ||
         request.header("content-length").value_or("0") != "0";
}

// Before the body is read: it may be large, and nobody may send it who may not restore.
void Commands::before_restore(const HttpRequest& request,
                              std::function<void(std::optional<HttpResponse>)> decide) {
  authorize(sources, request,
            [this, request, decide = std::move(decide)](unsigned status, std::string_view why) {
              if (status == 200) return decide(restore_refusal(request));
              decide(json_page(admin::command_refused("restore", why), status));
            });
}

std::optional<HttpResponse> Commands::restore_refusal(const HttpRequest& request) {
  const auto refuse = [](unsigned status, std::string_view why) {
    return json_page(admin::command_refused("restore", why), status);
  };
  if (!options.restore_enabled) return refuse(503, "admin.restore.enabled is false");
  if (live_restore == nullptr) {
    return refuse(409,
                  "this server is a member of an ensemble, whose leader decides what it holds: "
                  "stop all members and restore each from the same snapshot "
                  "(docs/operations.md, Backup and restore)");
  }
  if (!announces_body(request)) return refuse(400, "the request has no body: send the snapshot");
  if (restore_limit.take()) return std::nullopt;
  ++sources.status.admin_counters().restores_limited;
  return refuse(429, fmt::format("one restore in {} ms (admin.rateLimiterIntervalInMS)",
                                 options.rate_limit_ms));
}

void Commands::restore(const HttpRequest& request, const HttpReply& reply) {
  ++sources.status.admin_counters().requests;
  if (!request.body_file) {
    return reply(json_page(admin::command_refused("restore", "the body is empty"), 400));
  }
  live_restore->begin(request.body_file, [this,
                                          reply](const Result<LiveRestore::Outcome>& outcome) {
    if (outcome) {
      return reply(json_page(admin::command_page("restore", {{"last_zxid", outcome->zxid.value}})));
    }
    ++sources.status.admin_counters().restores_failed;
    reply(json_page(admin::command_refused("restore", outcome.error().message), 500));
  });
}

void Commands::shed(const HttpRequest& request, const HttpReply& reply) {
  const auto refuse = [&](std::string_view why) {
    reply(json_page(admin::command_refused("shed_connections", why), 400));
  };
  if (request.body.empty()) return refuse("Request body is required");
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  if (error || !body.is_object())
    return refuse("Invalid JSON or failed to read request body: " +
                  (error ? error.message() : std::string("an object is needed")));
  const auto* percentage = body.get_object().if_contains("percentage");
  if (percentage == nullptr) return refuse("Missing required field: percentage");
  const auto* number = percentage->if_int64();
  if (number == nullptr || *number < 0 || *number > 100)
    return refuse("Percentage must be between 0 and 100");
  struct Sum {
    std::atomic<std::size_t> missing;
    std::atomic<std::int64_t> shed{0};
  };
  auto sum = std::make_shared<Sum>();
  sum->missing = reactors.size();
  for (Reactor* reactor : reactors) {
    asio::post(reactor->context(), [reactor, sum, reply, percent = *number] {
      sum->shed += reactor->shed(percent);
      if (--sum->missing != 0) return;
      reply(
          json_page(admin::command_page("shed_connections", {{"connections_shed", sum->shed.load()},
                                                             {"percentage_requested", percent}})));
    });
  }
}

}  // namespace

void add_commands(net::HttpRouter& routes, const PageSources& sources,
                  const CommandOptions& options, SnapshotThread& snapshots,
                  LiveRestore* live_restore, std::vector<Reactor*> reactors) {
  auto commands =
      std::make_shared<Commands>(sources, options, snapshots, live_restore, std::move(reactors));
  const auto handle = [commands](const HttpRequest& request, const HttpReply& reply) {
    commands->handle(request, reply);
  };
  routes.add(
      {.method = "GET",
       .path = options.url,
       .handle =
           [url = options.url](const HttpRequest&, const HttpReply& reply) {
             reply({.content_type = "text/html; charset=utf-8", .body = admin::command_index(url)});
           },
       .summary = "Apache ZooKeeper's commands, listed in HTML"});
  // A snapshot takes as long as the disk does.
  constexpr std::chrono::hours kPatience{1};
  routes.add({.method = "GET", .path = options.url + "/*", .handle = handle});
  routes.add({.method = "POST", .path = options.url + "/*", .handle = handle});
  // What asks for an identity: any will do as long as the ACL of `/` is open to all.
  for (const char* name : {"/snapshot", "/snap", "/shed_connections", "/shed"}) {
    for (const char* method : {"GET", "POST"}) {
      routes.add({.method = method,
                  .path = options.url + name,
                  .handle = handle,
                  .own_hosts_only = true,
                  .patience = kPatience});
    }
  }
  for (const char* name : {"/restore", "/rest"}) {
    routes.add(
        {.method = "GET", .path = options.url + name, .handle = handle, .own_hosts_only = true});
    routes.add(
        {.method = "POST",
         .path = options.url + name,
         .handle = [commands](const HttpRequest& request,
                              const HttpReply& reply) { commands->restore(request, reply); },
         .body_bytes_max = std::uint64_t{1} << 50,  // what the disk takes
         .gate = [commands](const HttpRequest& request,
                            auto decide) { commands->before_restore(request, std::move(decide)); },
         .own_hosts_only = true,
         .body_file_prefix = options.upload_prefix,
         .patience = kPatience});
  }
}

}  // namespace drover::server
