// dns_status provide SERVICE ADDR REQ LOAD, dns_status collect SERVICE, dns_status pick SERVICE
// [COUNT]: a name service that knows how busy each host is, and picks the least busy one.
//
//     /dns2/<service>/<addr>           container, empty
//     /dns2/<service>/<addr>/status    ephemeral, "req=<n>;load=<x>"
//
// An ephemeral znode cannot have children, so the host's own znode is not ephemeral: its child is
// the mark of life, and carries the state. A container without children is removed by the server,
// some time later. So a host is alive when it has a status, not when it is in the list.
//
// `collect` shows every state as it comes, from a copy of the subtree that the client keeps up to
// date. `pick` asks the servers each time, as it is here to be right; who picks a thousand times a
// second picks from such a copy.

#include <drover/cache.h>

#include <charconv>
#include <tuple>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

std::string directory_of(const example::Arguments& arguments) {
  return "/dns2/" + arguments.words[1];
}

struct Status {
  std::int64_t requests = 0;
  double load = 0;

  friend auto operator<=>(const Status&, const Status&) = default;
};

// nullopt: this is none.
std::optional<Status> to_status(std::string_view text) {
  constexpr std::string_view kFirst = "req=";
  constexpr std::string_view kSecond = ";load=";
  const auto middle = text.find(kSecond);
  if (!text.starts_with(kFirst) || middle == text.npos) return std::nullopt;
  const auto requests = example::to_number(text.substr(kFirst.size(), middle - kFirst.size()));
  const auto rest = text.substr(middle + kSecond.size());
  Status status;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), status.load);
  if (!requests || error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  status.requests = *requests;
  return status;
}

void print_status(std::string_view address, const Status& status) {
  example::print("status ", address, " req=", status.requests, " load=", status.load);
}

awaitable<void> provide(drover::Client client, const example::Arguments& arguments) {
  const std::string address = arguments.words[2];
  const std::string path = directory_of(arguments) + "/" + address + "/status";
  const std::string text = "req=" + arguments.words[3] + ";load=" + arguments.words[4];
  for (;;) {
    const auto made = co_await client.create(
        path, drover::as_bytes(text),
        {.mode = drover::CreateMode::kEphemeral, .parents = drover::Parents::kContainer});
    if (made) break;
    if (made.error().code != ErrorCode::kNodeExists) throw drover::Exception(made.error());
    // Left over by this host's last life: see dns.cc.
    drover::value_or_throw(co_await client.remove(path, {.missing_ok = true}));
  }
  print_status(address, to_status(text).value());
  co_await example::keep(client, path);
}

awaitable<void> collect(drover::Client client, const example::Arguments& arguments) {
  drover::Cache cache(client, directory_of(arguments), {.depth_max = 2});
  auto events = cache.events();
  drover::value_or_throw(co_await cache.start());
  for (;;) {
    const auto event = drover::value_or_throw(co_await events.next());
    if (!event.after || example::name_of(event.path) != "status") continue;
    const std::string_view host = std::string_view(event.path).substr(0, event.path.rfind('/'));
    const auto status = to_status(drover::as_text(event.after->data));
    if (status) print_status(example::name_of(host), *status);
  }
}

// The one with the fewest requests; of those, with the least load. Empty: there is none.
awaitable<std::string> find_least(drover::Client client, std::string directory) {
  const auto hosts = drover::value_or_throw(co_await client.children(directory));
  std::optional<std::tuple<Status, std::string>> least;
  for (const auto& host : hosts.names) {
    const auto node = co_await client.get(directory + "/" + host + "/status");
    // It is dead, and its container still waits to be removed; or both went since we listed.
    if (!node && node.error().code == ErrorCode::kNoNode) continue;
    const auto status = to_status(drover::as_text(drover::value_or_throw(node).data));
    if (!status) continue;
    std::tuple each(*status, host);
    if (!least || each < *least) least = std::move(each);
  }
  co_return least ? std::get<1>(*least) : "";
}

awaitable<void> pick(drover::Client client, const example::Arguments& arguments) {
  std::int64_t left = arguments.words.size() > 2 ? *example::to_number(arguments.words[2]) : 1;
  for (; left > 0; --left) {
    const auto address = co_await find_least(client, directory_of(arguments));
    if (address.empty()) {
      throw drover::Exception(
          {.code = ErrorCode::kNoNode, .message = "nobody provides " + arguments.words[1]});
    }
    example::print("pick ", address);
  }
}

awaitable<void> run(drover::Client client, const example::Arguments& arguments) {
  const auto& what = arguments.words[0];
  if (what == "provide") return provide(std::move(client), arguments);
  if (what == "collect") return collect(std::move(client), arguments);
  return pick(std::move(client), arguments);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.empty()) return false;
  if (words[0] == "collect") return words.size() == 2;
  if (words[0] == "pick") {
    return words.size() == 2 || (words.size() == 3 && example::to_number(words[2]));
  }
  return words[0] == "provide" && words.size() == 5 && words[2].find('/') == words[2].npos &&
         to_status("req=" + words[3] + ";load=" + words[4]);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv,
                      {.usage = "dns_status provide SERVICE ADDR REQ LOAD|collect SERVICE|"
                                "pick SERVICE [COUNT]",
                       .accepts = accepts,
                       .outlives_session = true},
                      run);
}
