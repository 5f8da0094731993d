#pragma once
// Not for users: what all recipes stand on. A recipe's work is a coroutine, written once, that runs
// on its client's executor (one function at a time, so its state needs no lock) and answers in the
// style that the caller's completion token chooses.
//
//   template <CompletionTokenFor<int> Token = detail::DefaultToken>
//   auto count(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
//     auto patience = std::make_shared<detail::Patience>(state_->client, at_most, "count /a");
//     return detail::run_recipe<int>(patience, token, [state = state_, patience] {
//       return do_count(state, patience);  // boost::asio::awaitable<Result<int>>
//     });
//   }

#include <drover/client.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace drover::detail {

// How long the caller of a recipe waits, and whether he still does. When he has given up, by
// cancellation or because his time is over, the operation that the coroutine waits for ends with
// kCancelled; what comes after that, as a rule cleaning up, is not disturbed any more.
//
// His time is for waiting for others: a request that is under way when it ends may still finish,
// within connection_timeout, unless the connection is down. So zero means: try, and do not wait.
//
// All but cancel() belongs to the client's executor.
class Patience : public std::enable_shared_from_this<Patience> {
 public:
  // `what` is what the error says that it was all about, "lock /a/b", with the path in `path`.
  Patience(Client client, std::chrono::milliseconds at_most, std::string what, std::string path);

  [[nodiscard]] const boost::asio::any_io_executor& executor() const {
    return client_.get_executor();
  }
  // On any thread: the caller has given up.
  void cancel();

  void begin();
  // The time begins again, for a next step that may take as long. A cancellation stays.
  void begin_again();
  void end();
  // The caller does not wait any longer for what depends on others.
  [[nodiscard]] bool is_over() const { return is_due_ || reason_; }
  // kTimedOut or kCancelled. Requires is_over().
  [[nodiscard]] Error error() const;
  [[nodiscard]] boost::asio::cancellation_slot slot() { return signal_.slot(); }

  // Waits for what depends on others. Errors besides those of `event`: kTimedOut, kCancelled.
  template <typename T>
  boost::asio::awaitable<Result<T>> wait(boost::asio::awaitable<Result<T>> event) {
    if (is_over()) co_return std::unexpected(error());
    is_waiting_ = true;
    Result<T> result = co_await std::move(event);
    is_waiting_ = false;
    co_return result;
  }

 private:
  void start_timer(std::chrono::milliseconds delay, void (Patience::*expired)());
  void due();
  void overdue() { stop(ErrorCode::kTimedOut); }
  void stop(ErrorCode reason);

  Client client_;
  std::chrono::milliseconds at_most_;
  std::string what_;
  std::string path_;
  bool has_begun_ = false;
  bool is_due_ = false;
  bool is_waiting_ = false;
  std::optional<ErrorCode> reason_;  // why the coroutine was interrupted
  std::shared_ptr<Timer> timer_;
  boost::asio::cancellation_signal signal_;
};

[[nodiscard]] Error unexpected_exception_error(const std::exception_ptr& exception);

template <typename T>
boost::asio::awaitable<Result<T>> without_exceptions(boost::asio::awaitable<Result<T>> work) {
  std::exception_ptr exception;
  try {
    co_return co_await std::move(work);
  } catch (...) {
    exception = std::current_exception();
  }
  co_return std::unexpected(unexpected_exception_error(exception));
}

template <typename T>
boost::asio::awaitable<void> work_for(std::shared_ptr<Patience> patience, Handler<T> handler,
                                      boost::asio::awaitable<Result<T>> work) {
  // An operation that is cancelled answers so; nothing is thrown.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  patience->begin();
  Result<T> result = co_await without_exceptions<T>(std::move(work));
  if (!result && result.error().code == ErrorCode::kCancelled && patience->is_over()) {
    result = std::unexpected(patience->error());
  }
  patience->end();
  handler(std::move(result));
}

// What async_initiate calls; drover::block asks it where the answer will come from.
template <typename T, typename MakeWork>
struct RecipeInitiation {
  boost::asio::any_io_executor executor;
  std::shared_ptr<Patience> patience;
  MakeWork make_work;

  template <typename H>
  void operator()(H&& handler) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr(patience)](boost::asio::cancellation_type) {
        if (const auto waiting = weak.lock()) waiting->cancel();
      });
    }
    using Receiver = Deliverer<T, std::decay_t<H>>;
    Handler<T> erased(std::make_unique<Receiver>(std::forward<H>(handler), executor));
    // The handler keeps the signal: a coroutine that never waited uses it once more behind its end.
    boost::asio::co_spawn(
        executor, work_for<T>(patience, std::move(erased), make_work()),
        boost::asio::bind_cancellation_slot(patience->slot(),
                                            [patience = patience](const std::exception_ptr&) {}));
  }
};

// Runs the coroutine that `make_work` makes, an awaitable<Result<T>>, once the token says so. The
// coroutine may meet kCancelled at every operation, and ends then, having cleaned up.
template <typename T, typename Token, typename MakeWork>
auto run_recipe(std::shared_ptr<Patience> patience, Token& token, MakeWork make_work) {
  auto executor = patience->executor();
  return boost::asio::async_initiate<Token, void(Result<T>)>(
      RecipeInitiation<T, MakeWork>{std::move(executor), std::move(patience), std::move(make_work)},
      token);
}

// Waits. Errors: kCancelled.
[[nodiscard]] boost::asio::awaitable<Result<void>> pause(Client client,
                                                         std::chrono::milliseconds delay);

// For recipes that begin anew when their znode is gone: how often, by the client's retry policy.
class Retries {
 public:
  explicit Retries(Client client) : client_(std::move(client)) {}
  // Waits as long as the policy says. False: it says to give up, or the caller has.
  [[nodiscard]] boost::asio::awaitable<bool> again(std::shared_ptr<Patience> patience);

 private:
  Client client_;
  int tries_ = 0;
  std::chrono::milliseconds paused_{0};
};

// New ones every time: a uuid as `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`, and its 32 digits alone.
[[nodiscard]] std::string random_uuid(const Client& client);
[[nodiscard]] std::string random_hex(const Client& client);
[[nodiscard]] std::uint64_t random_number(const Client& client);

// `parent` and `name` with one slash between.
[[nodiscard]] std::string child_path(std::string_view parent, std::string_view name);
// What the client makes of the missing parents of a recipe's znodes.
[[nodiscard]] Parents recipe_parents(const Client& client);

}  // namespace drover::detail
