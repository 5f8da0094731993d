#pragma once
// Not for users: how a completion token becomes a type-erased handler, once for all operations.

#include <drover/result.h>

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace drover {

// A completion token for an operation that answers Result<T>: boost::asio::use_awaitable (the
// default everywhere), boost::asio::use_future, drover::block, or a callback.
template <typename Token, typename T>
concept CompletionTokenFor =
    boost::asio::completion_token_for<std::remove_cvref_t<Token>, void(Result<T>)>;

namespace detail {

using DefaultToken = boost::asio::use_awaitable_t<>;

// Who takes an operation's result.
template <typename T>
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual bool take(Result<T> result) = 0;
  [[nodiscard]] virtual bool has_given_up() const { return false; }
};

// A completion handler of any type. Called once at most; thrown away uncalled when its executor
// ends.
template <typename T>
class Handler {
 public:
  Handler() = default;
  explicit Handler(std::unique_ptr<Receiver<T>> receiver) : receiver_(std::move(receiver)) {}

  // False: too late, the caller has given up and will not see the result.
  bool operator()(Result<T> result) {
    return std::exchange(receiver_, nullptr)->take(std::move(result));
  }
  [[nodiscard]] bool has_given_up() const { return receiver_->has_given_up(); }
  explicit operator bool() const { return receiver_ != nullptr; }

 private:
  std::unique_ptr<Receiver<T>> receiver_;
};

// Whether this thread is inside a function that `executor` runs, so that waiting here for another
// one to run there would be waiting for itself.
[[nodiscard]] bool is_running_in(const boost::asio::any_io_executor& executor);

[[nodiscard]] Error cancelled_error();

// Calls the handler where it belongs: on its own executor, at once if we are there.
template <typename T, typename H>
class Deliverer final : public Receiver<T> {
 public:
  Deliverer(H handler, const boost::asio::any_io_executor& fallback)
      : executor_(boost::asio::get_associated_executor(handler, fallback)),
        handler_(std::move(handler)) {}

  bool take(Result<T> result) override {
    boost::asio::dispatch(executor_,
                          [handler = std::move(handler_), value = std::move(result)]() mutable {
                            std::move(handler)(std::move(value));
                          });
    return true;
  }

 private:
  boost::asio::associated_executor_t<H, boost::asio::any_io_executor> executor_;
  H handler_;
};

// For one who may give up waiting: the first of result and cancellation wins.
template <typename T, typename H>
class CancellableDeliverer {
 public:
  CancellableDeliverer(H handler, const boost::asio::any_io_executor& fallback)
      : deliverer_(std::move(handler), fallback) {}

  bool take(Result<T> result) {
    if (is_done_.exchange(true)) return false;
    return deliverer_.take(std::move(result));
  }
  [[nodiscard]] bool is_done() const { return is_done_; }

 private:
  std::atomic<bool> is_done_ = false;
  Deliverer<T, H> deliverer_;
};

template <typename T, typename H>
class CancellableReceiver final : public Receiver<T> {
 public:
  explicit CancellableReceiver(std::shared_ptr<CancellableDeliverer<T, H>> deliverer)
      : deliverer_(std::move(deliverer)) {}
  bool take(Result<T> result) override { return deliverer_->take(std::move(result)); }
  [[nodiscard]] bool has_given_up() const override { return deliverer_->is_done(); }

 private:
  std::shared_ptr<CancellableDeliverer<T, H>> deliverer_;
};

template <typename T, typename H>
Handler<T> make_handler(const boost::asio::any_io_executor& fallback, H handler) {
  auto slot = boost::asio::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) {
    return Handler<T>(std::make_unique<Deliverer<T, H>>(std::move(handler), fallback));
  }
  auto shared = std::make_shared<CancellableDeliverer<T, H>>(std::move(handler), fallback);
  slot.assign([weak = std::weak_ptr(shared), fallback](boost::asio::cancellation_type) {
    // Posted: whoever cancels does not expect the handler to run under his hands.
    boost::asio::post(fallback, [weak] {
      if (const auto waiting = weak.lock()) waiting->take(std::unexpected(cancelled_error()));
    });
  });
  return Handler<T>(std::make_unique<CancellableReceiver<T, H>>(std::move(shared)));
}

// What async_initiate calls; drover::block asks it where the answer will come from.
template <typename T, typename Start>
struct Initiation {
  boost::asio::any_io_executor executor;
  Start start;

  template <typename H>
  void operator()(H&& handler) {
    start(make_handler<T, std::decay_t<H>>(executor, std::forward<H>(handler)));
  }
};

// Starts an operation that answers Result<T>, in the style that `token` chooses. `start` takes a
// Handler<T>; with use_awaitable it is called when the result is awaited.
template <typename T, typename Token, typename Start>
auto initiate(const boost::asio::any_io_executor& executor, Token&& token, Start start) {
  return boost::asio::async_initiate<Token, void(Result<T>)>(
      Initiation<T, Start>{executor, std::move(start)}, token);
}

}  // namespace detail
}  // namespace drover
