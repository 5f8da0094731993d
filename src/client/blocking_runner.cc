#include "client/blocking_runner.h"

#include <boost/asio/post.hpp>
#include <chrono>

namespace drover::client {

namespace asio = boost::asio;

BlockingRunner::BlockingRunner(std::vector<HostPort> hosts, const SessionMachine::Options& options,
                               Listener listener)
    : listener_(std::move(listener)),
      runner_(std::make_shared<SessionRunner>(
          thread_.context().get_executor(), std::move(hosts), options,
          SessionRunner::Owner{.take = [this](Delivery& delivery) { take(delivery); },

                               .batch_ended =
                                   [this] {
                                     answer_waiters();
                                     return false;
                                   }})) {
  asio::post(thread_.context(), [this] { runner_->start(life_); });
}

template <typename F>
auto BlockingRunner::on_thread(F f) -> decltype(f()) {
  std::packaged_task<decltype(f())()> task(std::move(f));
  auto result = task.get_future();
  asio::post(thread_.context(), [&task] { task(); });
  return result.get();
}

void BlockingRunner::take(Delivery& delivery) {
  if (const auto* event = std::get_if<WatchedEvent>(&delivery)) return listener_(*event);
  auto& completion = std::get<Completion>(delivery);
  const auto answer = answers_.find(completion.id);
  DROVER_ASSERT(answer != answers_.end(), "an answer that nobody asked for");
  answer->second.set_value(std::move(completion));
  answers_.erase(answer);
}

void BlockingRunner::answer_waiters() {
  const auto state = runner_->machine().state();
  const bool is_over = state == SessionState::kClosed || state == SessionState::kAuthFailed;
  if (!runner_->machine().is_connected() && !is_over) return;
  for (auto& waiter : waiters_) waiter.set_value(!is_over);
  waiters_.clear();
}

// --- calls from other threads

std::future<Completion> BlockingRunner::ask(Request request) {
  std::promise<Completion> answer;
  auto result = answer.get_future();
  asio::post(thread_.context(),
             [this, answer = std::move(answer), asked = std::move(request)]() mutable {
               answers_.emplace(runner_->submit(std::move(asked)), std::move(answer));
               runner_->flush();
             });
  return result;
}

void BlockingRunner::add_auth(Credential credential) {
  on_thread([&] {
    runner_->add_auth(std::move(credential));
    runner_->flush();
  });
}

bool BlockingRunner::forget_watches(WatcherType type, std::string path) {
  return on_thread([&] {
    const bool found = runner_->forget_watches(type, path);
    runner_->flush();
    return found;
  });
}

bool BlockingRunner::has_watch(WatcherType type, std::string path) {
  return on_thread([&] { return runner_->machine().has_watch(type, path); });
}

void BlockingRunner::drop_connection() {
  asio::post(thread_.context(), [this] { runner_->drop_connection(); });
}

void BlockingRunner::close() {
  std::promise<Completion> answer;
  auto closed = answer.get_future();
  const auto at_most = on_thread([&] {
    answers_.emplace(runner_->close(), std::move(answer));
    runner_->flush();
    return std::chrono::milliseconds(runner_->timeout_ms());
  });
  static_cast<void>(closed.wait_for(at_most));
}

bool BlockingRunner::wait_connected(std::chrono::milliseconds at_most) {
  auto connected = std::make_shared<std::promise<bool>>();
  auto result = connected->get_future();
  asio::post(thread_.context(), [this, connected] {
    waiters_.push_back(std::move(*connected));
    answer_waiters();
  });
  return result.wait_for(at_most) == std::future_status::ready && result.get();
}

}  // namespace drover::client
