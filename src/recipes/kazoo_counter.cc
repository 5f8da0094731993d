#include <drover/detail/environment.h>
#include <drover/recipes/codec.h>
#include <drover/recipes/kazoo_counter.h>

#include <charconv>
#include <limits>
#include <utility>

namespace drover::kazoo {

struct Counter::State {
  Client client;
  std::string path;
  CounterOptions options;

  [[nodiscard]] Result<std::int64_t> decode(BytesView data) const;
  [[nodiscard]] Result<Bytes> encode(std::int64_t value) const;
};

Result<std::int64_t> Counter::State::decode(BytesView data) const {
  if (data.empty()) return options.default_value;
  if (options.support_curator) return BigEndianInt32::decode(data);
  const auto text = as_text(data);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return failure("the counter " + path + " holds no number of 64 bits",
                   ErrorCode::kCorruptPayload);
  }
  return value;
}

Result<Bytes> Counter::State::encode(std::int64_t value) const {
  if (!options.support_curator) return to_bytes(std::to_string(value));
  if (!std::in_range<std::int32_t>(value)) {
    return failure("change the counter " + path + ": the result has more than 32 bits",
                   ErrorCode::kBadArguments);
  }
  return BigEndianInt32::encode(static_cast<std::int32_t>(value));
}

Counter::Counter(Client client, std::string path, CounterOptions options)
    : state_(std::make_shared<const State>(State{
          .client = std::move(client), .path = std::move(path), .options = std::move(options)})) {}

const std::string& Counter::path() const noexcept {
  return state_->path;
}

Counter::Patience Counter::make_patience(const char* what) const {
  return std::make_shared<detail::Patience>(state_->client, kForever, what + path(), path());
}

boost::asio::awaitable<Result<std::int64_t>> Counter::value_now(
    std::shared_ptr<const State> state) {
  Client client = state->client;
  auto node = co_await client.get(state->path);
  if (node) co_return state->decode(node->data);
  if (node.error().code == ErrorCode::kNoNode) co_return state->options.default_value;
  co_return std::unexpected(std::move(node.error()));
}

boost::asio::awaitable<Result<CounterOutcome>> Counter::change_now(
    std::shared_ptr<const State> state, Patience patience, std::int64_t delta, bool is_negative) {
  Client client = state->client;
  const auto began = detail::now(client.get_executor());
  const CreateOptions with_parents{.parents = Parents::kPersistent};
  for (int tries = 0;; ++tries) {
    auto node = co_await client.get(state->path);
    if (!node && node.error().code != ErrorCode::kNoNode) {
      co_return std::unexpected(std::move(node.error()));
    }
    const auto pre = node ? state->decode(node->data) : state->options.default_value;
    if (!pre) co_return std::unexpected(pre.error());
    std::int64_t post = 0;
    const bool is_too_far = is_negative ? __builtin_sub_overflow(*pre, delta, &post)
                                        : __builtin_add_overflow(*pre, delta, &post);
    if (is_too_far) {
      co_return failure("change the counter " + state->path + ": the result has over 64 bits",
                        ErrorCode::kBadArguments);
    }
    const auto data = state->encode(post);
    if (!data) co_return std::unexpected(data.error());
    Error lost;
    if (node) {
      const SetOptions how{.version = node->stat.version};
      auto set = co_await client.set(state->path, *data, how);
      if (set) co_return CounterOutcome{*pre, post};
      lost = std::move(set.error());
    } else {
      auto created = co_await client.create(state->path, *data, with_parents);
      if (created) co_return CounterOutcome{*pre, post};
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

}  // namespace drover::kazoo
