// drover::Client under load, one coroutine for each request in flight.

#include <drover/client.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "run.h"

namespace {

[[noreturn]] void give_up(const drover::Error& error) {
  std::fprintf(stderr, "cpp_client: %s\n", error.message.c_str());
  std::exit(1);
}

boost::asio::awaitable<void> get(drover::Client client, Run& run) {
  while (run.goes_on()) {
    const auto asked_at = Run::Clock::now();
    const auto node = co_await client.get(kPath);
    if (!node) give_up(node.error());
    run.answered(asked_at);
  }
}

boost::asio::awaitable<void> set(drover::Client client, Run& run, const std::string& data) {
  while (run.goes_on()) {
    const auto asked_at = Run::Clock::now();
    const auto stat = co_await client.set(kPath, drover::as_bytes(data));
    if (!stat) give_up(stat.error());
    run.answered(asked_at);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments options = arguments(argc, argv);
  const std::string data(static_cast<std::size_t>(options.bytes), 'x');
  auto client = drover::Client::open(options.server);
  if (!client) give_up(client.error());
  const auto made = client->create(kPath, drover::as_bytes(data), {}, drover::block);
  if (!made && made.error().code != drover::ErrorCode::kNodeExists) give_up(made.error());
  Run run;
  for (int slot = 0; slot < options.outstanding; ++slot) {
    boost::asio::co_spawn(client->get_executor(),
                          options.writes ? set(*client, run, data) : get(*client, run),
                          boost::asio::detached);
  }
  run.wait(options.seconds);
  if (const auto closed = client->close(drover::block); !closed) give_up(closed.error());
  run.print();
}
