#pragma once
// Asks every reactor for its share of something. Each answers on its own thread, so nobody waits
// for anybody; the last one hands all shares to the admin thread.

#include <atomic>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "server/clock.h"
#include "server/console.h"

namespace drover::server {

// `add` fills one reactor's part, on that reactor's thread; `done` comes on the admin thread, or
// never when the server stops.
template <typename Part>
void ask_reactors(const ConsolePtr& console, std::function<void(Reactor&, Part&)> add,
                  std::function<void(std::vector<Part>)> done) {
  struct Round {
    std::function<void(Reactor&, Part&)> add;
    std::function<void(std::vector<Part>)> done;
    std::vector<Part> parts;
    std::atomic<std::size_t> missing;
  };
  auto round = std::make_shared<Round>();
  round->add = std::move(add);
  round->done = std::move(done);
  round->parts.resize(console->from.reactors.size());
  round->missing = console->from.reactors.size();
  for (std::size_t i = 0; i < round->parts.size(); ++i) {
    Reactor* reactor = console->from.reactors[i];
    boost::asio::post(reactor->context(), [console, round, reactor, i] {
      round->add(*reactor, round->parts[i]);
      if (round->missing.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      boost::asio::post(console->context(), [round] { round->done(std::move(round->parts)); });
    });
  }
}

// The same where one reactor's part may take long: `add` does a slice of it, and answers whether
// there is more, which follows when the reactor has done what else it had.
template <typename Part>
void ask_reactors_in_slices(const ConsolePtr& console, std::function<bool(Reactor&, Part&)> add,
                            std::function<void(std::vector<Part>)> done) {
  struct Round : std::enable_shared_from_this<Round> {
    ConsolePtr console;
    std::function<bool(Reactor&, Part&)> add;
    std::function<void(std::vector<Part>)> done;
    std::vector<Part> parts;
    std::atomic<std::size_t> missing;

    void slice(std::size_t i) {
      Reactor* reactor = console->from.reactors[i];
      boost::asio::post(reactor->context(), [self = this->shared_from_this(), reactor, i] {
        const auto began = SteadyClock::now();
        const bool more = self->add(*reactor, self->parts[i]);
        self->console->from.lane.note_hold(began);
        if (more) return self->slice(i);
        if (self->missing.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        boost::asio::post(self->console->context(), [self] { self->done(std::move(self->parts)); });
      });
    }
  };
  auto round = std::make_shared<Round>();
  round->console = console;
  round->add = std::move(add);
  round->done = std::move(done);
  round->parts.resize(console->from.reactors.size());
  round->missing = round->parts.size();
  for (std::size_t i = 0; i < round->parts.size(); ++i) round->slice(i);
}

}  // namespace drover::server
