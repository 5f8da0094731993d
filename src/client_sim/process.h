#pragma once
// A process that uses the client library, on a simulated machine of its own: one thread, a clock,
// chance and connections, all of them virtual. The library finds them through the executor and
// knows of nothing.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/prng.h"
#include "client/environment.h"
#include "sim/network.h"
#include "sim/schedule.h"

namespace drover::client_sim {

struct ProcessOptions {
  std::uint64_t seed = 0;
  std::int64_t drift_per_mille = 0;  // of its clock
  std::int64_t step_us_max = 0;      // until the thread comes to the next function
};

class Process final : public boost::asio::execution_context,
                      public sim::Host,
                      private client::Environment {
 public:
  class Executor;

  // `host` is its number in the network; servers are hosts 0, 1, .. and named s1, s2, ..
  Process(sim::HostId host, const ProcessOptions& options, sim::Schedule& schedule,
          sim::Network& network);
  ~Process() override;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] Executor executor();
  [[nodiscard]] sim::HostId host() const { return host_; }

  // SIGSTOP: nothing runs, everything waits. The network goes on.
  void freeze(std::int64_t ms);
  [[nodiscard]] bool is_frozen() const { return frozen_until_ > schedule_.now(); }
  // Whether it was at any moment since then.
  [[nodiscard]] bool was_frozen_since(base::Instant moment) const { return frozen_until_ > moment; }
  // SIGKILL, or the power is gone (`silent`). What runs here still is a ghost: it may come to its
  // end, and frees what it has, but nobody hears of it any more.
  void kill(bool silent);
  [[nodiscard]] bool is_dead() const { return is_dead_; }
  // Functions that have run.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  // Throws away whatever is still to come. Nothing runs afterwards.
  void discard();

  // ---- sim::Host
  bool on_accept(sim::StreamId, int) override { return false; }
  void on_connected(sim::StreamId stream) override;
  void on_bytes(sim::StreamId stream, const std::string& bytes) override;
  void on_closed(sim::StreamId stream) override;

 private:
  using Function = std::move_only_function<void()>;
  class VirtualAlarm;
  class VirtualConnection;

  void post(Function function);
  void wake();
  void run_one();

  // ---- client::Environment
  base::Instant now() override;
  std::uint64_t random_number() override { return prng_.next(); }
  std::unique_ptr<client::Alarm> make_alarm(const boost::asio::any_io_executor& executor) override;
  std::shared_ptr<client::Connection> connect(const boost::asio::any_io_executor& executor,
                                              const client::HostPort& to,
                                              client::Connection::Events events) override;

  [[nodiscard]] base::Instant world_time(base::Instant local) const;

  const sim::HostId host_;
  const ProcessOptions options_;
  sim::Schedule& schedule_;
  sim::Network& network_;
  base::Prng prng_;
  std::deque<Function> ready_;
  bool is_woken_ = false;
  base::Instant frozen_until_;
  bool is_dead_ = false;
  bool is_discarded_ = false;
  std::uint64_t steps_ = 0;
  // Rings that are to come; here, so that no cycle outlives the process.
  std::map<std::uint64_t, std::pair<boost::asio::any_io_executor, Function>> rings_;
  std::uint64_t last_ring_ = 0;
  std::map<sim::StreamId, std::shared_ptr<VirtualConnection>> connections_;
};

class Process::Executor {
 public:
  explicit Executor(Process& process) : process_(&process) {}

  Process& query(boost::asio::execution::context_t) const noexcept { return *process_; }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  template <typename F>
  void execute(F&& function) const {
    process_->post(std::forward<F>(function));
  }
  friend bool operator==(const Executor&, const Executor&) = default;

 private:
  Process* process_;
};

inline Process::Executor Process::executor() {
  return Executor(*this);
}

}  // namespace drover::client_sim
