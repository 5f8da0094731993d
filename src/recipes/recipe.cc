#include <drover/detail/environment.h>
#include <drover/detail/recipe.h>

#include <algorithm>

namespace drover::detail {

Patience::Patience(Client client, std::chrono::milliseconds at_most, std::string what,
                   std::string path)
    : client_(std::move(client)),
      at_most_(std::max(at_most, std::chrono::milliseconds(0))),
      what_(std::move(what)),
      path_(std::move(path)) {}

void Patience::cancel() {
  boost::asio::post(executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->stop(ErrorCode::kCancelled);
  });
}

void Patience::begin() {
  has_begun_ = true;
  if (at_most_.count() > 0) return start_timer(at_most_, &Patience::due);
  is_due_ = true;
  start_timer(client_.options().connection_timeout, &Patience::overdue);
}

void Patience::begin_again() {
  end();
  if (reason_ == ErrorCode::kCancelled) return;
  reason_.reset();
  is_due_ = false;
  begin();
}

void Patience::end() {
  if (timer_) timer_->cancel();
  timer_.reset();
}

Error Patience::error() const {
  if (reason_ == ErrorCode::kCancelled) {
    return {.code = ErrorCode::kCancelled, .message = what_ + ": cancelled", .path = path_};
  }
  return {.code = ErrorCode::kTimedOut,
          .message = what_ + ": not within " + std::to_string(at_most_.count()) + " ms",
          .path = path_};
}

void Patience::start_timer(std::chrono::milliseconds delay, void (Patience::*expired)()) {
  timer_ = Timer::start(executor(), delay, [weak = weak_from_this(), expired] {
    if (const auto self = weak.lock()) (*self.*expired)();
  });
}

void Patience::due() {
  is_due_ = true;
  if (is_waiting_ || !client_.is_connected()) return overdue();
  start_timer(client_.options().connection_timeout, &Patience::overdue);
}

void Patience::stop(ErrorCode reason) {
  if (reason_) return;
  reason_ = reason;
  // Before the coroutine has begun there is nothing to interrupt: it will see the reason.
  if (has_begun_) signal_.emit(boost::asio::cancellation_type::terminal);
}

Error unexpected_exception_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& thrown) {
    return {.code = ErrorCode::kSystemError, .message = thrown.what()};
  } catch (...) {
    return {.code = ErrorCode::kSystemError, .message = "an exception of unknown type"};
  }
}

boost::asio::awaitable<Result<void>> pause(Client client, std::chrono::milliseconds delay) {
  Stream<bool> nothing(std::make_shared<Channel<bool>>(client.get_executor()));
  const auto never = co_await nothing.next(delay);
  if (!never && never.error().code != ErrorCode::kTimedOut)
    co_return std::unexpected(never.error());
  co_return Result<void>();
}

boost::asio::awaitable<bool> Retries::again(std::shared_ptr<Patience> patience) {
  const auto delay =
      retry::next_delay(client_.options().retry, tries_, paused_, random_number(client_));
  if (!delay || patience->is_over()) co_return false;
  ++tries_;
  paused_ += *delay;
  const auto paused = co_await patience->wait(pause(client_, *delay));
  co_return paused.has_value();
}

std::uint64_t random_number(const Client& client) {
  return random_number(client.get_executor());
}

std::string random_hex(const Client& client) {
  constexpr std::uint64_t kVersionMask = 0xffff'ffff'ffff'0fff;
  constexpr std::uint64_t kVariantMask = 0x3fff'ffff'ffff'ffff;
  const std::uint64_t halves[] = {
      (random_number(client) & kVersionMask) | 0x4000,
      (random_number(client) & kVariantMask) | (std::uint64_t{2} << 62)};
  std::string hex;
  for (const std::uint64_t half : halves) {
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[half >> shift & 0xf];
  }
  return hex;
}

std::string random_uuid(const Client& client) {
  std::string uuid = random_hex(client);
  for (const std::size_t at : {8, 13, 18, 23}) uuid.insert(at, 1, '-');
  return uuid;
}

std::string child_path(std::string_view parent, std::string_view name) {
  std::string path(parent);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

Parents recipe_parents(const Client& client) {
  return client.options().container_parents ? Parents::kContainer : Parents::kPersistent;
}

}  // namespace drover::detail
