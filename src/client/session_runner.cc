#include "client/session_runner.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace drover::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

base::Instant steady_now() {
  return base::Instant{std::chrono::steady_clock::now().time_since_epoch()};
}

}  // namespace

struct SessionRunner::Link {
  explicit Link(asio::io_context& io) : socket(io) {}

  asio::ip::tcp::socket socket;
  std::array<char, 64 * 1024> input;
  base::ByteBuffer waiting;  // to be written after `writing`
  base::ByteBuffer writing;
};

SessionRunner::SessionRunner(std::vector<HostPort> hosts, SessionMachine::Options options,
                             Listener listener)
    : hosts_(std::move(hosts)), listener_(std::move(listener)), machine_([&] {
        options.host_count = hosts_.size();
        return options;
      }()) {
  asio::post(io_, [this] {
    drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      machine.start(now, effects);
    });
  });
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(io_);
    io_.run();
  });
}

SessionRunner::~SessionRunner() {
  io_.stop();
  thread_.join();
}

template <typename F>
void SessionRunner::drive(F f) {
  SessionEffects effects;
  f(machine_, steady_now(), effects);
  state_ = machine_.state();
  session_id_ = machine_.session_id().value;
  carry_out(effects);
}

template <typename F>
auto SessionRunner::on_thread(F f) -> decltype(f()) {
  std::packaged_task<decltype(f())()> task(std::move(f));
  auto result = task.get_future();
  asio::post(io_, [&task] { task(); });
  return result.get();
}

void SessionRunner::carry_out(SessionEffects& effects) {
  if (effects.disconnect) hang_up();
  if (effects.connect_to) connect(*effects.connect_to);
  if (!effects.send.empty() && link_) {
    link_->waiting.append(effects.send.view());
    if (link_->writing.empty()) write(link_);
  }
  for (auto& delivery : effects.deliveries) {
    if (const auto* event = std::get_if<WatchedEvent>(&delivery)) {
      listener_(*event);
      continue;
    }
    auto& completion = std::get<Completion>(delivery);
    const auto answer = answers_.find(completion.id);
    DROVER_ASSERT(answer != answers_.end(), "an answer that nobody asked for");
    answer->second.set_value(std::move(completion));
    answers_.erase(answer);
  }
  answer_waiters();
  arm_timer();
}

void SessionRunner::answer_waiters() {
  const bool is_over = state_ == SessionState::kClosed || state_ == SessionState::kAuthFailed;
  if (!machine_.is_connected() && !is_over) return;
  for (auto& waiter : waiters_) waiter.set_value(!is_over);
  waiters_.clear();
}

void SessionRunner::arm_timer() {
  const auto deadline = machine_.next_deadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(deadline->since_start)));
  timer_.async_wait([this](error_code error) {
    if (error) return;
    drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      machine.on_time(now, effects);
    });
  });
}

void SessionRunner::connect(std::size_t host) {
  hang_up();
  link_ = std::make_shared<Link>(io_);
  const auto& [name, port] = hosts_[host];
  const auto connected = [this, link = link_](error_code error, const asio::ip::tcp::endpoint&) {
    if (link != link_) return;
    if (error) return lost(link);
    link->socket.set_option(asio::ip::tcp::no_delay(true), error);
    drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      machine.on_connected(now, effects);
    });
    read(link);
  };
  // A name is resolved anew for every attempt: the server may have moved.
  resolver_.async_resolve(
      name, std::to_string(port),
      [this, link = link_, connected](error_code error,
                                      const asio::ip::tcp::resolver::results_type& found) {
        if (link != link_) return;
        if (error) return lost(link);
        asio::async_connect(link->socket, found, connected);
      });
}

void SessionRunner::read(const std::shared_ptr<Link>& link) {
  link->socket.async_read_some(
      asio::buffer(link->input), [this, link](error_code error, std::size_t size) {
        if (link != link_) return;
        if (error) return lost(link);
        drive([&](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
          machine.on_bytes({link->input.data(), size}, now, effects);
        });
        if (link == link_) read(link);
      });
}

void SessionRunner::write(const std::shared_ptr<Link>& link) {
  link->writing.swap(link->waiting);
  asio::async_write(link->socket, asio::buffer(link->writing.data(), link->writing.size()),
                    [this, link](error_code error, std::size_t) {
                      if (link != link_) return;
                      if (error) return lost(link);
                      link->writing.clear();
                      if (!link->waiting.empty()) write(link);
                    });
}

void SessionRunner::hang_up() {
  if (!link_) return;
  error_code ignored;
  link_->socket.close(ignored);
  link_.reset();
}

void SessionRunner::lost(const std::shared_ptr<Link>& link) {
  if (link != link_) return;
  hang_up();
  drive([](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
    machine.on_disconnected(now, effects);
  });
}

// --- calls from other threads
// ----------------------------------------------------------------------------

std::future<Completion> SessionRunner::ask(Request request) {
  auto answer = std::make_shared<std::promise<Completion>>();
  auto result = answer->get_future();
  asio::post(io_, [this, answer, asked = std::move(request)]() mutable {
    drive([&](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      const RequestId id = machine.submit(std::move(asked), now, effects);
      answers_.emplace(id, std::move(*answer));
    });
  });
  return result;
}

void SessionRunner::add_auth(Credential credential) {
  on_thread([&] {
    drive([&](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      machine.add_auth(std::move(credential), now, effects);
    });
  });
}

bool SessionRunner::forget_watches(WatcherType type, std::string path) {
  return on_thread([&] {
    bool found = false;
    drive([&](SessionMachine& machine, base::Instant, SessionEffects& effects) {
      found = machine.forget_watches(type, path, effects);
    });
    return found;
  });
}

bool SessionRunner::has_watch(WatcherType type, std::string path) {
  return on_thread([&] { return machine_.has_watch(type, path); });
}

void SessionRunner::drop_connection() {
  asio::post(io_, [this] {
    if (link_) lost(link_);
  });
}

void SessionRunner::close() {
  std::promise<Completion> answer;
  auto closed = answer.get_future();
  const auto at_most = on_thread([&] {
    drive([&](SessionMachine& machine, base::Instant now, SessionEffects& effects) {
      answers_.emplace(machine.close(now, effects), std::move(answer));
    });
    return std::chrono::milliseconds(machine_.timeout_ms());
  });
  static_cast<void>(closed.wait_for(at_most));
}

bool SessionRunner::wait_connected(std::chrono::milliseconds at_most) {
  auto connected = std::make_shared<std::promise<bool>>();
  auto result = connected->get_future();
  asio::post(io_, [this, connected] {
    waiters_.push_back(std::move(*connected));
    answer_waiters();
  });
  return result.wait_for(at_most) == std::future_status::ready && result.get();
}

}  // namespace drover::client
