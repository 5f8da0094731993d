#include <drover/detail/environment.h>
#include <drover/recipes/codec.h>
#include <drover/recipes/kazoo_counter.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace drover::kazoo {
namespace {

template <typename Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string python_text(std::int64_t value) {
  return std::to_string(value);
}

// What repr() makes of it: without an exponent from 0.0001 on and below 1e16.
std::string python_text(double value) {
  constexpr double kFixedMin = 1e-4;
  constexpr double kFixedEnd = 1e16;
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  const double size = std::abs(value);
  const bool is_fixed = size == 0 || (size >= kFixedMin && size < kFixedEnd);
  std::array<char, 64> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    is_fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string written(text.data(), end);
  if (is_fixed && !written.contains('.')) written += ".0";
  return written;
}

// False: the result has too many bits.
bool change_by(std::int64_t pre, std::int64_t delta, bool is_negative, std::int64_t& post) {
  return !(is_negative ? __builtin_sub_overflow(pre, delta, &post)
                       : __builtin_add_overflow(pre, delta, &post));
}
bool change_by(double pre, double delta, bool is_negative, double& post) {
  post = is_negative ? pre - delta : pre + delta;
  return true;
}

}  // namespace

template <typename Number>
struct BasicCounter<Number>::State {
  Client client;
  std::string path;
  Options options;

  [[nodiscard]] Result<Number> decode(BytesView data) const;
  [[nodiscard]] Result<Bytes> encode(Number value) const;
};

template <typename Number>
Result<Number> BasicCounter<Number>::State::decode(BytesView data) const {
  if (data.empty()) return options.default_value;
  if constexpr (std::is_integral_v<Number>) {
    if (options.support_curator) return BigEndianInt32::decode(data);
  }
  Number value = 0;
  if (parse(as_text(data), value)) return value;
  return failure("the counter " + path + " holds no number of 64 bits", ErrorCode::kCorruptPayload);
}

template <typename Number>
Result<Bytes> BasicCounter<Number>::State::encode(Number value) const {
  if (!options.support_curator) return to_bytes(python_text(value));
  if constexpr (std::is_integral_v<Number>) {
    if (std::in_range<std::int32_t>(value)) {
      return BigEndianInt32::encode(static_cast<std::int32_t>(value));
    }
  }
  return failure("change the counter " + path + ": the result is no integer of 32 bits",
                 ErrorCode::kBadArguments);
}

template <typename Number>
BasicCounter<Number>::BasicCounter(Client client, std::string path, Options options)
    : state_(std::make_shared<const State>(State{
          .client = std::move(client), .path = std::move(path), .options = std::move(options)})) {}

template <typename Number>
const std::string& BasicCounter<Number>::path() const noexcept {
  return state_->path;
}

template <typename Number>
typename BasicCounter<Number>::Patience BasicCounter<Number>::make_patience(
    const char* what) const {
  return std::make_shared<detail::Patience>(state_->client, kForever, what + path(), path());
}

template <typename Number>
boost::asio::awaitable<Result<Number>> BasicCounter<Number>::value_now(
    std::shared_ptr<const State> state) {
  Client client = state->client;
  auto node = co_await client.get(state->path);
  if (node) co_return state->decode(node->data);
  if (node.error().code == ErrorCode::kNoNode) co_return state->options.default_value;
  co_return std::unexpected(std::move(node.error()));
}

template <typename Number>
boost::asio::awaitable<Result<typename BasicCounter<Number>::Outcome>>
BasicCounter<Number>::change_now(std::shared_ptr<const State> state, Patience patience,
                                 Number delta, bool is_negative) {
  Client client = state->client;
  const auto began = detail::now(client.get_executor());
  const CreateOptions with_parents{.parents = Parents::kPersistent};
  for (int tries = 0;; ++tries) {
    auto node = co_await client.get(state->path);
    if (!node && node.error().code != ErrorCode::kNoNode) {
      co_return std::unexpected(std::move(node.error()));
    }
    const Result<Number> pre = node ? state->decode(node->data) : state->options.default_value;
    if (!pre) co_return std::unexpected(pre.error());
    Number post = 0;
    if (!change_by(*pre, delta, is_negative, post)) {
      co_return failure("change the counter " + state->path + ": the result has over 64 bits",
                        ErrorCode::kBadArguments);
    }
    const auto data = state->encode(post);
    if (!data) co_return std::unexpected(data.error());
    Error lost;
    if (node) {
      const SetOptions how{.version = node->stat.version};
      auto set = co_await client.set(state->path, *data, how);
      if (set) co_return Outcome{*pre, post};
      lost = std::move(set.error());
    } else {
      auto created = co_await client.create(state->path, *data, with_parents);
      if (created) co_return Outcome{*pre, post};
      lost = std::move(created.error());
    }
    const bool is_race = lost.code == ErrorCode::kBadVersion || lost.code == ErrorCode::kNoNode ||
                         lost.code == ErrorCode::kNodeExists;
    const auto delay =
        retry::next_delay(state->options.retry, tries, detail::now(client.get_executor()) - began,
                          detail::random_number(client.get_executor()));
    if (!is_race || !delay) co_return std::unexpected(std::move(lost));
    auto paused = co_await patience->wait(detail::pause(client, *delay));
    if (!paused) co_return std::unexpected(std::move(paused.error()));
  }
}

template class BasicCounter<std::int64_t>;
template class BasicCounter<double>;

}  // namespace drover::kazoo
