#include "client_sim/process.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <string>
#include <utility>

namespace drover::client_sim {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t kConnectMsMax = 30'000;

// s1 is host 0.
sim::HostId host_of(const client::HostPort& to) {
  int number = 0;
  std::from_chars(to.host.data() + 1, to.host.data() + to.host.size(), number);
  return number - 1;
}

}  // namespace

// Its ring is kept by the process.
class Process::VirtualAlarm final : public client::Alarm {
 public:
  VirtualAlarm(Process& process, asio::any_io_executor executor)
      : process_(process), executor_(std::move(executor)) {}
  ~VirtualAlarm() override { cancel(); }
  VirtualAlarm(const VirtualAlarm&) = delete;
  VirtualAlarm& operator=(const VirtualAlarm&) = delete;

  void set(base::Instant moment, Function ring) override {
    cancel();
    if (process_.is_discarded_) return;
    ring_ = ++process_.last_ring_;
    process_.rings_.emplace(ring_, std::pair(executor_, std::move(ring)));
    const base::Instant soon = process_.schedule_.now() + std::chrono::microseconds(1);
    const base::Instant when = std::max(process_.world_time(moment), soon);
    process_.schedule_.at(when, [process = &process_, number = ring_] {
      auto due = process->rings_.extract(number);
      if (due) asio::post(due.mapped().first, std::move(due.mapped().second));
    });
  }
  void cancel() override {
    // Taken out first: what it holds may come here when it goes.
    const auto gone = process_.rings_.extract(std::exchange(ring_, 0));
  }

 private:
  Process& process_;
  const asio::any_io_executor executor_;
  std::uint64_t ring_ = 0;
};

class Process::VirtualConnection final : public client::Connection,
                                         public std::enable_shared_from_this<VirtualConnection> {
 public:
  VirtualConnection(Process& process, asio::any_io_executor executor, sim::StreamId stream,
                    Events events)
      : process_(process),
        executor_(std::move(executor)),
        stream_(stream),
        events_(std::move(events)) {}

  void write(base::ByteBuffer& bytes) override {
    if (!process_.is_dead_) {
      process_.network_.send(stream_, process_.host_, std::string(bytes.view()));
    }
    bytes.clear();
  }
  void close() override {
    is_closed_ = true;
    if (!process_.is_dead_) process_.network_.close(stream_, process_.host_);
    process_.connections_.erase(stream_);
  }

  void tell_connected() {
    tell([](const Events& events) { events.connected(); });
  }
  void tell_bytes(std::string bytes) {
    tell([bytes = std::move(bytes)](const Events& events) { events.bytes(bytes); });
  }
  void tell_lost() {
    tell([](const Events& events) { events.lost(); });
  }

 private:
  template <typename F>
  void tell(F what) {
    asio::post(executor_, [self = shared_from_this(), what = std::move(what)] {
      if (!self->is_closed_) what(self->events_);
    });
  }

  Process& process_;
  const asio::any_io_executor executor_;
  const sim::StreamId stream_;
  const Events events_;
  bool is_closed_ = false;
};

Process::Process(sim::HostId host, const ProcessOptions& options, sim::Schedule& schedule,
                 sim::Network& network)
    : host_(host), options_(options), schedule_(schedule), network_(network), prng_(options.seed) {
  client::Environment::give(*this, *this);
  network_.add(host_, *this);
}

Process::~Process() {
  discard();
  shutdown();
  destroy();
}

// ---- the thread

void Process::post(Function function) {
  if (is_discarded_) return;
  ready_.push_back(std::move(function));
  wake();
}

void Process::wake() {
  if (ready_.empty() || is_frozen() || std::exchange(is_woken_, true)) return;
  const auto delay_us =
      static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(options_.step_us_max) + 1));
  schedule_.after_us(delay_us, [this] {
    is_woken_ = false;
    if (!is_frozen()) run_one();
  });
}

void Process::run_one() {
  if (ready_.empty()) return;
  Function function = std::move(ready_.front());
  ready_.pop_front();
  ++steps_;
  function();
  wake();
}

void Process::freeze(std::int64_t ms) {
  if (is_dead_) return;
  frozen_until_ = std::max(frozen_until_, schedule_.now() + std::chrono::milliseconds(ms));
  schedule_.at(frozen_until_, [this] { wake(); });
}

void Process::kill(bool silent) {
  if (std::exchange(is_dead_, true)) return;
  network_.host_down(host_, silent);
  frozen_until_ = {};
  const auto connections = connections_;
  for (const auto& [stream, connection] : connections) connection->tell_lost();
  wake();
}

// What goes may post, set and connect anew.
void Process::discard() {
  is_discarded_ = true;
  is_dead_ = true;
  while (!ready_.empty() || !rings_.empty() || !connections_.empty()) {
    const auto functions = std::exchange(ready_, {});
    const auto rings = std::exchange(rings_, {});
    const auto connections = std::exchange(connections_, {});
  }
}

// ---- the clock

base::Instant Process::now() {
  const auto world = schedule_.now().since_start;
  return {world + world * options_.drift_per_mille / 1000};
}

base::Instant Process::world_time(base::Instant local) const {
  return {local.since_start * 1000 / (1000 + options_.drift_per_mille) +
          std::chrono::nanoseconds(1)};
}

std::unique_ptr<client::Alarm> Process::make_alarm(const asio::any_io_executor& executor) {
  return std::make_unique<VirtualAlarm>(*this, executor);
}

// ---- the network

std::shared_ptr<client::Connection> Process::connect(const asio::any_io_executor& executor,
                                                     const client::HostPort& to,
                                                     client::Connection::Events events) {
  const sim::StreamId stream = is_dead_ ? 0 : network_.dial(host_, host_of(to), 0, kConnectMsMax);
  auto connection = std::make_shared<VirtualConnection>(*this, executor, stream, std::move(events));
  if (is_dead_) {
    connection->tell_lost();
  } else {
    connections_[stream] = connection;
  }
  return connection;
}

void Process::on_connected(sim::StreamId stream) {
  const auto found = connections_.find(stream);
  if (found != connections_.end()) found->second->tell_connected();
}

void Process::on_bytes(sim::StreamId stream, const std::string& bytes) {
  const auto found = connections_.find(stream);
  if (found != connections_.end()) found->second->tell_bytes(bytes);
}

void Process::on_closed(sim::StreamId stream) {
  const auto found = connections_.find(stream);
  if (found != connections_.end()) found->second->tell_lost();
}

}  // namespace drover::client_sim
