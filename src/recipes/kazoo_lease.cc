#include <drover/recipes/kazoo_lease.h>
#include <drover/recipes/kazoo_lock.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "recipes/json.h"

namespace drover::kazoo {

using boost::asio::awaitable;

namespace {

using Seconds = std::chrono::sys_seconds;

constexpr std::string_view kHolder = "lease_holder";
constexpr std::int64_t kVersion = 1;

struct Lease {
  std::int64_t version = kVersion;
  std::string holder;
  Seconds end;
};

// `YYYY-MM-DDTHH:MM:SS`.
std::string to_text(Seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int{date.year()},
      unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<Seconds> to_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() != kShape.size()) return std::nullopt;
  std::array<int, 6> numbers{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (is_digit != (kShape[i] == '0') || (!is_digit && text[i] != kShape[i])) return std::nullopt;
    if (!is_digit) {
      ++count;
    } else {
      numbers[count] = numbers[count] * 10 + (text[i] - '0');
    }
  }
  const std::chrono::year_month_day date(std::chrono::year(numbers[0]),
                                         std::chrono::month(static_cast<unsigned>(numbers[1])),
                                         std::chrono::day(static_cast<unsigned>(numbers[2])));
  if (!date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(numbers[3]) +
         std::chrono::minutes(numbers[4]) + std::chrono::seconds(numbers[5]);
}

// As Python's json.dumps spells it.
std::string encode(const Lease& lease) {
  return "{\"version\": " + std::to_string(lease.version) +
         ", \"holder\": " + recipes::json_string(lease.holder) + ", \"end\": \"" +
         to_text(lease.end) + "\"}";
}

Result<Lease> decode(std::string_view text, const std::string& path) {
  const auto corrupt = [&path] {
    return std::unexpected(Error{.code = ErrorCode::kCorruptPayload,
                                 .message = "the holder of the lease is not understood: " + path,
                                 .path = path});
  };
  const auto members = recipes::json_members(text);
  if (!members || !members->contains("version")) return corrupt();
  const auto version = recipes::json_to_integer(members->at("version"));
  if (!version) return corrupt();
  // What another version looks like is not known.
  if (*version != kVersion) return Lease{.version = *version, .holder = {}, .end = {}};
  if (!members->contains("holder") || !members->contains("end")) return corrupt();
  auto holder = recipes::json_to_string(members->at("holder"));
  const auto end = recipes::json_to_string(members->at("end"));
  if (!holder || !end) return corrupt();
  const auto time = to_time(*end);
  if (!time) return corrupt();
  return Lease{.version = *version, .holder = std::move(*holder), .end = *time};
}

std::vector<std::string> numbered(const std::string& path, int count) {
  std::vector<std::string> paths;
  for (int i = 0; i < count; ++i) paths.push_back(detail::child_path(path, std::to_string(i)));
  return paths;
}

}  // namespace

struct MultiNonBlockingLease::State {
  Client client;
  std::vector<std::string> paths;
  std::chrono::seconds duration;
  std::string identifier;
  LeaseOptions options;
};

std::shared_ptr<const MultiNonBlockingLease::State> MultiNonBlockingLease::make_state(
    Client client, std::vector<std::string> paths, std::chrono::seconds duration,
    std::string identifier, LeaseOptions options) {
  return std::shared_ptr<const State>(new State{.client = std::move(client),
                                                .paths = std::move(paths),
                                                .duration = duration,
                                                .identifier = std::move(identifier),
                                                .options = std::move(options)});
}

MultiNonBlockingLease::MultiNonBlockingLease(Client client, int count, const std::string& path,
                                             std::chrono::seconds duration, std::string identifier,
                                             LeaseOptions options)
    : state_(make_state(std::move(client), numbered(path, count), duration, std::move(identifier),
                        std::move(options))) {}

NonBlockingLease::NonBlockingLease(Client client, std::string path, std::chrono::seconds duration,
                                   std::string identifier, LeaseOptions options)
    : MultiNonBlockingLease(make_state(std::move(client),
                                       std::vector<std::string>(1, std::move(path)), duration,
                                       std::move(identifier), std::move(options))) {}

std::shared_ptr<detail::Patience> MultiNonBlockingLease::make_patience() const {
  const std::string path = state_->paths.empty() ? std::string() : state_->paths.front();
  return std::make_shared<detail::Patience>(state_->client, kForever, "obtain the lease " + path,
                                            path);
}

awaitable<Result<bool>> MultiNonBlockingLease::obtain_now(std::shared_ptr<const State> state) {
  if (state->identifier.empty()) {
    co_return failure("obtain a lease: it needs an identifier", ErrorCode::kBadArguments);
  }
  for (const std::string& path : state->paths) {
    auto obtained = co_await obtain_at(state, path);
    if (!obtained || *obtained) co_return obtained;
  }
  co_return false;
}

awaitable<Result<bool>> MultiNonBlockingLease::obtain_at(std::shared_ptr<const State> state,
                                                         std::string path) {
  Client client = state->client;
  LockOptions options;
  options.identifier = state->identifier;
  Lock lock(client, path, std::move(options));
  auto hold = co_await lock.acquire();
  if (!hold) co_return std::unexpected(std::move(hold.error()));
  const std::string holder_path = detail::child_path(path, kHolder);
  const auto now = state->options.now();
  auto held = co_await client.get(holder_path);
  if (!held && held.error().code != ErrorCode::kNoNode) {
    co_return std::unexpected(std::move(held.error()));
  }
  Transaction take;
  if (held) {
    const auto lease = decode(as_text(held->data), holder_path);
    if (!lease) co_return std::unexpected(lease.error());
    const bool is_others = lease->holder != state->identifier && now < lease->end;
    if (lease->version != kVersion || is_others) co_return false;
    take.remove(holder_path, held->stat.version);
  }
  const auto end = std::chrono::floor<std::chrono::seconds>(now + state->duration);
  take.create(holder_path, as_bytes(encode({.holder = state->identifier, .end = end})));
  auto taken = co_await client.commit(std::move(take));
  if (!taken) co_return std::unexpected(std::move(taken.error()));
  co_return true;
}

}  // namespace drover::kazoo
