// watch_rules: what sessions and one-shot watches promise, as it happens to you.
//
// It sets three one-shot watches, tells of each event and of each change of the connection, and
// reads /w over and over beside that. Change things in another terminal, stop the server and start
// it again, and see that
//   * a watch tells once: a second change is read, but nobody tells of it
//   * the event comes before any answer that shows the change
//   * a server that is gone for less than the session timeout costs a DISCONNECTED: session and
//     watches go on, and a change made meanwhile is told of
//   * longer, and the session is over: EXPIRED, and a new one, in which watches are set anew
//
//     /w      persistent; watches: its data, and its children
//     /w/a    watch: whether it comes to be. It need not exist for that
//
// Which session it is goes to standard error.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ConnectionState;
using drover::ErrorCode;
using drover::EventType;
using drover::value_or_throw;

constexpr std::chrono::milliseconds kBetweenReads{20};
constexpr std::chrono::seconds kConnectPatience{5};

std::string_view name(EventType type) {
  switch (type) {
    case EventType::kNodeCreated:
      return "NodeCreated";
    case EventType::kNodeDeleted:
      return "NodeDeleted";
    case EventType::kNodeDataChanged:
      return "NodeDataChanged";
    case EventType::kNodeChildrenChanged:
      return "NodeChildrenChanged";
    default:
      return "None";
  }
}

awaitable<void> tell_states(drover::Client client, drover::Stream<ConnectionState> states) {
  for (;;) {
    const auto state = co_await states.next();
    switch (value_or_throw(state)) {
      case ConnectionState::kConnected:
      case ConnectionState::kReconnected:
      case ConnectionState::kReadOnly:
        example::print("CONNECTED");
        std::cerr << "session 0x" << std::hex << client.session_id() << std::endl;
        break;
      case ConnectionState::kSuspended:
        example::print("DISCONNECTED");
        break;
      case ConnectionState::kLost:
        example::print("EXPIRED");
        break;
    }
  }
}

awaitable<void> keep_reading(drover::Client client) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  std::string last;
  for (;;) {
    const auto node = co_await client.get("/w");
    if (node && drover::as_text(node->data) != last) {
      last = drover::as_text(node->data);
      example::print("read /w ", last);
    }
    timer.expires_after(kBetweenReads);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

awaitable<void> tell_once(drover::OneShot watch) {
  const auto event = co_await watch.fired();
  if (!event) co_return;  // the watch went with its session
  example::print("event ", name(event->type), " ", event->path);
}

awaitable<void> set_watches(drover::Client client) {
  const auto made = co_await client.create("/w", drover::as_bytes("nothing yet"));
  if (!made && made.error().code != ErrorCode::kNodeExists) value_or_throw(made);
  // Each read sets its watch on the server at the same moment: nothing gets lost between the two.
  auto children = value_or_throw(co_await client.watch_children("/w"));
  auto data = value_or_throw(co_await client.watch_data("/w"));
  auto birth = value_or_throw(co_await client.watch_exists("/w/a"));
  for (auto* changed : {&children.changed, &data.changed, &birth.changed}) {
    boost::asio::co_spawn(client.get_executor(), tell_once(std::move(*changed)),
                          boost::asio::detached);
  }
}

awaitable<void> watch(drover::Client client) {
  for (;;) {
    auto states = client.connection_states();
    try {
      co_await set_watches(client);
    } catch (const drover::Exception& error) {
      // It ended while the watches were being set.
      if (error.code() != ErrorCode::kSessionExpired) throw;
    }
    for (auto state = ConnectionState::kConnected; state != ConnectionState::kLost;) {
      state = value_or_throw(co_await states.next());
    }
  }
}

awaitable<void> watch_rules(drover::Client client, const example::Arguments&) {
  example::print("CONNECTING");
  auto states = client.connection_states();
  value_or_throw(co_await client.wait_connected(kConnectPatience));
  co_await example::together(tell_states(client, std::move(states)), keep_reading(client),
                             watch(client));
}

}  // namespace

int main(int argc, char** argv) {
  const example::About about = {
      .usage = "watch_rules",
      .accepts = [](const example::Arguments& arguments) { return arguments.words.empty(); },
      .outlives_session = true,
      .sees_connecting = true};
  return example::run(argc, argv, about, watch_rules);
}
