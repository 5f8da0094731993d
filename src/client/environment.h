#pragma once
// What a client needs of the world: time, alarms, chance and connections. The executor leads to it:
// mostly to the real world, in the simulator to another.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "client/connect_string.h"

namespace drover::client {

// One call that is to come. On its executor only.
class Alarm {
 public:
  virtual ~Alarm() = default;
  // Calls `ring` at `moment`, instead of what was set before, which is thrown away. What is due
  // already when it is replaced, cancelled or destroyed may still be called.
  virtual void set(base::Instant moment, std::move_only_function<void()> ring) = 0;
  virtual void cancel() = 0;
};

// A connection to a server, or the attempt to have one. On its executor only.
class Connection {
 public:
  // Called on the executor, never from inside connect() or write().
  struct Events {
    std::function<void()> connected;
    std::function<void(std::string_view)> bytes;
    std::function<void()> lost;  // or never had; nothing comes after it
  };

  virtual ~Connection() = default;
  // Takes what is in `bytes` and leaves it empty. Requires that it is connected.
  virtual void write(base::ByteBuffer& bytes) = 0;
  // Hangs up. No event comes after it.
  virtual void close() = 0;
};

// now() and random_number() may be called on any thread.
class Environment {
 public:
  // The one that `executor` belongs to, the real world unless its context was given another.
  [[nodiscard]] static Environment& of(const boost::asio::any_io_executor& executor);
  // What uses `context` lives in `environment` from now on, which must outlive it.
  static void give(boost::asio::execution_context& context, Environment& environment);

  virtual ~Environment() = default;
  // Monotonic.
  [[nodiscard]] virtual base::Instant now() = 0;
  [[nodiscard]] virtual std::uint64_t random_number() = 0;
  [[nodiscard]] virtual std::unique_ptr<Alarm> make_alarm(
      const boost::asio::any_io_executor& executor) = 0;
  // A name is resolved anew every time: the server may have moved.
  [[nodiscard]] virtual std::shared_ptr<Connection> connect(
      const boost::asio::any_io_executor& executor, const HostPort& to,
      Connection::Events events) = 0;
};

}  // namespace drover::client
