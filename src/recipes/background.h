#pragma once
// A recipe that keeps something up in the background: a coroutine on the client's executor that
// looks at the tree, acts, waits for its bell, and begins again.

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "recipes/bell.h"

namespace drover::recipes {

// All of it is called on the client's executor, but for what says otherwise. Kept alive by its
// coroutine, from start() until it has been told to close and has cleaned up.
class Background : public std::enable_shared_from_this<Background> {
 public:
  explicit Background(Client client);
  virtual ~Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Any thread. Starts the coroutine; kBadArguments the second time.
  [[nodiscard]] Result<void> start();
  // Any thread. The coroutine will end; nothing is awaited.
  void request_close() noexcept;
  // The same, and waits for the end. Result<void>: what became of the clean-up.
  boost::asio::awaitable<Result<void>> close();
  // Any thread.
  [[nodiscard]] bool is_closing() const {
    return is_closing_ || client_.closing_token().stop_requested();
  }

 protected:
  // One look and what follows from it, the wait included. Called again and again while connected.
  // After an error it is called again, after a pause; one that will not go away ends the recipe.
  virtual boost::asio::awaitable<Result<void>> step() = 0;
  // Whether an error of step() will not go away.
  [[nodiscard]] virtual bool gives_up(const Error& error) const;
  // At the end; also when step() gave up for good.
  virtual boost::asio::awaitable<Result<void>> clean_up() = 0;
  virtual void connection_changed(ConnectionState) {}
  // step() will not be called again, because of this: kClosed, or what step() answered.
  virtual void ended(const Error&) {}

  [[nodiscard]] Client& client() { return client_; }
  [[nodiscard]] Bell& bell() { return bell_; }

 private:
  struct End {
    Result<void> result;  // of the clean-up
  };
  static boost::asio::awaitable<void> run(std::shared_ptr<Background> self);
  boost::asio::awaitable<Error> run_steps();

  Client client_;
  Bell bell_;
  Subscription connection_;
  std::atomic<bool> has_started_ = false;
  std::atomic<bool> is_closing_ = false;
  StreamSource<End> done_;
  std::optional<Result<void>> result_;
};

// Whether trying again makes no sense: the path, the permission, the client.
[[nodiscard]] bool is_fatal(const Error& error);

// The last component.
[[nodiscard]] std::string_view node_name(std::string_view path);

[[nodiscard]] Error closed_error(std::string_view what, std::string_view path);

}  // namespace drover::recipes
