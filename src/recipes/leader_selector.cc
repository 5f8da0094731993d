#include <drover/recipes/leader_selector.h>
#include <drover/recipes/mutex.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <mutex>

#include "recipes/background.h"
#include "recipes/read_participants.h"

namespace drover {

class LeaderSelector::State : public recipes::Background {
 public:
  State(Client client, std::string path, Body body, LeaderSelectorOptions options)
      : Background(std::move(client)),
        path_(std::move(path)),
        body_(std::move(body)),
        options_(std::move(options)),
        mutex_at_path_(
            this->client(), path_,
            {.node_data = options_.id.empty() ? std::optional<Bytes>() : to_bytes(options_.id),
             .error_policy = options_.error_policy}) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& id() const { return options_.id; }
  [[nodiscard]] bool has_leadership() const { return has_leadership_; }
  bool requeue() {
    if (is_closing() || is_standing_ || is_queued_.exchange(true)) return false;
    bell().ring();
    return true;
  }
  void interrupt() {
    std::stop_source leadership{std::nostopstate};
    {
      const std::lock_guard lock(mutex_);
      leadership = leadership_;
    }
    leadership.request_stop();
  }
  boost::asio::awaitable<Result<std::vector<Participant>>> participants(std::size_t most);
  using Background::client;

 protected:
  boost::asio::awaitable<Result<void>> step() override;
  boost::asio::awaitable<Result<void>> clean_up() override { co_return Result<void>(); }

 private:
  boost::asio::awaitable<Result<LockHold>> acquire();
  boost::asio::awaitable<void> lead(std::stop_token lost, std::int64_t fencing_token);

  const std::string path_;
  const Body body_;
  const LeaderSelectorOptions options_;
  Mutex mutex_at_path_;
  std::atomic<bool> is_queued_ = true;  // start() stands once
  std::atomic<bool> is_standing_ = false;
  std::atomic<bool> has_leadership_ = false;
  std::mutex mutex_;
  std::stop_source leadership_{std::nostopstate};  // of the body that runs
};

boost::asio::awaitable<Result<void>> LeaderSelector::State::step() {
  if (!is_queued_ && !options_.auto_requeue) co_return co_await bell().wait();
  is_standing_ = true;
  is_queued_ = false;
  auto hold = co_await acquire();
  Result<void> result;
  if (hold) {
    co_await lead(hold->lost(), hold->fencing_token());
    result = co_await hold->release();
  } else if (!is_closing()) {
    result = std::unexpected(std::move(hold.error()));
  }
  is_standing_ = false;
  co_return result;
}

// The mutex; gives up when the selector is closed.
boost::asio::awaitable<Result<LockHold>> LeaderSelector::State::acquire() {
  const auto answer = std::make_shared<std::optional<Result<LockHold>>>();
  boost::asio::cancellation_signal give_up;
  mutex_at_path_.acquire(kForever, boost::asio::bind_cancellation_slot(
                                       give_up.slot(), [answer, self = shared_from_this(),
                                                        this](Result<LockHold> hold) {
                                         answer->emplace(std::move(hold));
                                         bell().ring();
                                       }));
  bool has_given_up = false;
  while (!*answer) {
    if (is_closing() && !std::exchange(has_given_up, true)) {
      give_up.emit(boost::asio::cancellation_type::terminal);
    }
    static_cast<void>(co_await bell().wait());
  }
  co_return std::move(**answer);
}

boost::asio::awaitable<void> LeaderSelector::State::lead(std::stop_token lost,
                                                         std::int64_t fencing_token) {
  std::stop_source leadership;
  const std::stop_callback stops(lost, [leadership]() mutable { leadership.request_stop(); });
  {
    const std::lock_guard lock(mutex_);
    leadership_ = leadership;
  }
  has_leadership_ = true;
  const auto has_returned = std::make_shared<bool>(false);
  const Leadership told{.lost = leadership.get_token(), .fencing_token = fencing_token};
  boost::asio::co_spawn(client().get_executor(), body_(told),
                        [has_returned, self = shared_from_this(), this](const std::exception_ptr&) {
                          *has_returned = true;
                          bell().ring();
                        });
  while (!*has_returned) {
    if (is_closing()) leadership.request_stop();
    static_cast<void>(co_await bell().wait());
  }
  has_leadership_ = false;
}

boost::asio::awaitable<Result<std::vector<Participant>>> LeaderSelector::State::participants(
    std::size_t most) {
  auto paths = co_await mutex_at_path_.participants();
  if (!paths) co_return std::unexpected(std::move(paths.error()));
  co_return co_await recipes::read_participants(client(), std::move(*paths), most);
}

LeaderSelector::LeaderSelector(Client client, std::string path, Body body,
                               LeaderSelectorOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(body),
                                     std::move(options))) {}
LeaderSelector& LeaderSelector::operator=(LeaderSelector&& other) noexcept {
  if (state_) state_->request_close();
  state_ = std::move(other.state_);
  return *this;
}
LeaderSelector::~LeaderSelector() {
  if (state_) state_->request_close();
}

Result<void> LeaderSelector::start() {
  return state_->start();
}
bool LeaderSelector::requeue() {
  return state_->requeue();
}
void LeaderSelector::interrupt_leadership() {
  state_->interrupt();
}
bool LeaderSelector::has_leadership() const noexcept {
  return state_->has_leadership();
}
const std::string& LeaderSelector::id() const noexcept {
  return state_->id();
}
std::shared_ptr<detail::Patience> LeaderSelector::make_patience(const char* what) const {
  return std::make_shared<detail::Patience>(state_->client(), kForever, what + state_->path(),
                                            state_->path());
}

boost::asio::awaitable<Result<void>> LeaderSelector::close_now(std::shared_ptr<State> state) {
  co_return co_await state->close();
}
boost::asio::awaitable<Result<std::vector<Participant>>> LeaderSelector::participants_now(
    std::shared_ptr<State> state) {
  co_return co_await state->participants(std::vector<Participant>().max_size());
}
boost::asio::awaitable<Result<std::optional<Participant>>> LeaderSelector::leader_now(
    std::shared_ptr<State> state) {
  auto first = co_await state->participants(1);
  if (!first) co_return std::unexpected(std::move(first.error()));
  if (first->empty()) co_return std::nullopt;
  co_return std::move(first->front());
}

}  // namespace drover
