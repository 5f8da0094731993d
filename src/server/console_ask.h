#pragma once
// Asks every reactor for its share of something. Each answers on its own thread, so nobody waits
// for anybody; the last one hands all shares to the admin thread.

#include <atomic>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "server/console.h"

namespace drover::server {

// `add` fills one reactor's part, on that reactor's thread; `done` comes on the admin thread, or
// never when the server stops.
template <typename Part>
void ask_reactors(const ConsolePtr& console, std::function<void(Reactor&, Part&)> add,
                  std::function<void(std::vector<Part>)> done) {
  struct Round {
    std::vector<Part> parts;
    std::atomic<std::size_t> missing;
  };
  auto round = std::make_shared<Round>();
  round->parts.resize(console->from.reactors.size());
  round->missing = console->from.reactors.size();
  for (std::size_t i = 0; i < round->parts.size(); ++i) {
    Reactor* reactor = console->from.reactors[i];
    boost::asio::post(reactor->context(), [console, round, reactor, i, add, done] {
      add(*reactor, round->parts[i]);
      if (round->missing.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      boost::asio::post(console->context(), [round, done] { done(std::move(round->parts)); });
    });
  }
}

}  // namespace drover::server
