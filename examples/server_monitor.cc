// server_monitor server HOST|client: which servers are there, now and from now on.
//
// A server says that it is there by an ephemeral znode: it goes at once when the server closes its
// session, and after the session timeout when it dies without a word. Clients watch the parent.
//
//     /servers                       persistent
//     /servers/server<id><sequence>  ephemeral sequential; data: the name of the host

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

// Not a container: a server removes those once they are empty, and "no servers" is a list too.
awaitable<void> ensure_parent(drover::Client client) {
  const auto made = co_await client.create("/servers", drover::as_bytes(""));
  if (!made && made.error().code != ErrorCode::kNodeExists) drover::value_or_throw(made);
}

awaitable<void> serve(drover::Client client, std::string host, std::string id) {
  co_await ensure_parent(client);
  // Sequential, so that a host that starts again before its old session has expired gets a znode of
  // its own; an old one with the same name would vanish later, and the live server with it.
  const auto made = co_await client.create("/servers/server" + id, drover::as_bytes(host),
                                           {.mode = drover::CreateMode::kEphemeralSequential});
  const std::string path = drover::value_or_throw(made).path;
  example::print(host, " is online");
  // Here it would serve. When its session is lost, so is its znode, and the watch says so (exit 3).
  co_await example::keep(client, path);
}

awaitable<std::vector<std::string>> read_hosts(drover::Client client,
                                               std::vector<std::string> names) {
  std::vector<std::string> hosts;
  for (const auto& name : names) {
    const auto node = co_await client.get("/servers/" + name);
    // It went after the list was read. The watch has fired by now, so the next list comes soon.
    if (!node && node.error().code == ErrorCode::kNoNode) continue;
    hosts.emplace_back(drover::as_text(drover::value_or_throw(node).data));
  }
  std::ranges::sort(hosts);
  co_return hosts;
}

awaitable<void> monitor(drover::Client client) {
  co_await ensure_parent(client);
  std::string shown;
  for (;;) {
    // A one-shot watch tells of one change. It is set by the read itself, so nothing can happen
    // between the list and the watch; and what happens before the next round is in the next list.
    // Several changes may be one event: each list is true, but not every state is seen.
    auto servers = drover::value_or_throw(co_await client.watch_children("/servers"));
    const auto hosts = co_await read_hosts(client, servers.value.names);
    auto line = example::bracketed(hosts);
    if (line != shown) example::print(line);
    shown = std::move(line);
    const auto event = co_await servers.changed.fired();
    // The watch outlives a lost connection, not the session. The client gets a new session by
    // itself, and this program has nothing in the old one: it reads again.
    if (!event && event.error().code == ErrorCode::kSessionExpired) continue;
    drover::value_or_throw(event);
  }
}

awaitable<void> server_monitor(drover::Client client, const example::Arguments& arguments) {
  if (arguments.words[0] == "client") return monitor(std::move(client));
  return serve(std::move(client), arguments.words[1], arguments.id);
}

bool is_client(const example::Arguments& arguments) {
  return arguments.words.size() == 1 && arguments.words[0] == "client";
}

bool accepts(const example::Arguments& arguments) {
  return is_client(arguments) || (arguments.words.size() == 2 && arguments.words[0] == "server");
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(
      argc, argv,
      {.usage = "server_monitor server HOST|client", .accepts = accepts, .outlives_session = true},
      server_monitor);
}
