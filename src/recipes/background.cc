#include "recipes/background.h"

#include <drover/error_class.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace drover::recipes {
namespace {

constexpr std::chrono::milliseconds kPauseAfterError{1000};

}  // namespace

Background::Background(Client client)
    : client_(std::move(client)), bell_(client_), done_(client_.get_executor()) {}

Result<void> Background::start() {
  if (has_started_.exchange(true)) {
    return failure("it was started before", ErrorCode::kBadArguments);
  }
  connection_ = client_.on_connection_state([weak = weak_from_this()](ConnectionState state) {
    const auto self = weak.lock();
    if (!self) return;
    self->connection_changed(state);
    // Later: the coroutine may end, and drop the subscription that calls this.
    boost::asio::post(self->client_.get_executor(), [self] { self->bell_.ring(); });
  });
  boost::asio::co_spawn(client_.get_executor(), run(shared_from_this()),
                        [](const std::exception_ptr&) {});
  return {};
}

void Background::request_close() noexcept {
  is_closing_ = true;
  bell_.ring();
}

boost::asio::awaitable<Result<void>> Background::close() {
  const auto self = shared_from_this();
  request_close();
  if (!has_started_.exchange(true)) {
    ended(closed_error("the recipe", ""));
    result_ = Result<void>();
  }
  if (result_) co_return *result_;
  auto done = done_.subscribe(1);
  auto end = co_await done.next();
  if (!end) co_return std::unexpected(std::move(end.error()));
  co_return std::move(end->result);
}

boost::asio::awaitable<void> Background::run(std::shared_ptr<Background> self) {
  const Error why = co_await self->run_steps();
  self->ended(why);
  self->connection_.reset();
  auto result = co_await self->clean_up();
  self->result_ = result;
  self->done_.publish(End{std::move(result)});
}

boost::asio::awaitable<Error> Background::run_steps() {
  while (!is_closing()) {
    if (!client_.is_connected()) {
      static_cast<void>(co_await bell_.wait());
      continue;
    }
    auto done = co_await step();
    if (done) continue;
    if (gives_up(done.error()) && !is_closing()) co_return std::move(done.error());
    if (!is_closing()) static_cast<void>(co_await bell_.wait(kPauseAfterError));
  }
  co_return closed_error("the recipe", "");
}

bool Background::gives_up(const Error& error) const {
  return is_fatal(error);
}

bool is_fatal(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNoChildrenForEphemerals:
    case ErrorCode::kEphemeralOnLocalSession:
    case ErrorCode::kUnimplemented:
    case ErrorCode::kAuthFailed:
    case ErrorCode::kClosed:
      return true;
    default:
      return error_class(error.code) == ErrorClass::kUsage;
  }
}

std::string_view node_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

Error closed_error(std::string_view what, std::string_view path) {
  return {.code = ErrorCode::kClosed,
          .message = std::string(what) + " was closed",
          .path = std::string(path)};
}

}  // namespace drover::recipes
