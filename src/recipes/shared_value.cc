#include <drover/recipes/shared_value.h>

#include <mutex>

#include "recipes/background.h"

namespace drover::detail {

class SharedBytes::State : public recipes::Background {
 public:
  State(Client client, std::string path, Bytes seed,
        std::function<void(const Versioned<Bytes>&)> changed)
      : Background(std::move(client)),
        path_(std::move(path)),
        changed_(std::move(changed)),
        current_{.value = std::move(seed)} {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Versioned<Bytes> get() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  boost::asio::awaitable<Result<void>> create_and_read();
  boost::asio::awaitable<Result<void>> read();
  // Unless something newer is known.
  void update(const Versioned<Bytes>& read);
  using Background::client;

 protected:
  boost::asio::awaitable<Result<void>> step() override;
  boost::asio::awaitable<Result<void>> clean_up() override { co_return Result<void>(); }

 private:
  const std::string path_;
  const std::function<void(const Versioned<Bytes>&)> changed_;
  mutable std::mutex mutex_;
  Versioned<Bytes> current_;
};

void SharedBytes::State::update(const Versioned<Bytes>& read) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (read.mzxid <= current_.mzxid) return;
    is_first = current_.version == -1;
    current_ = read;
  }
  if (!is_first) changed_(read);
}

boost::asio::awaitable<Result<void>> SharedBytes::State::create_and_read() {
  const Bytes seed = get().value;
  const CreateOptions how{.parents = recipe_parents(client())};
  auto created = co_await client().create(path_, seed, how);
  if (!created && created.error().code != ErrorCode::kNodeExists) {
    co_return std::unexpected(std::move(created.error()));
  }
  co_return co_await read();
}

boost::asio::awaitable<Result<void>> SharedBytes::State::read() {
  auto node = co_await client().get(path_);
  if (!node) co_return std::unexpected(std::move(node.error()));
  update({std::move(node->data), node->stat.version, node->stat.mzxid});
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> SharedBytes::State::step() {
  auto watched = co_await client().watch_data(path_);
  if (watched) {
    auto& [data, stat] = watched->value;
    update({std::move(data), stat.version, stat.mzxid});
    bell().listen(watched->changed);
    co_return co_await bell().wait();
  }
  if (watched.error().code != ErrorCode::kNoNode) {
    co_return std::unexpected(std::move(watched.error()));
  }
  auto missing = co_await client().watch_exists(path_);
  if (!missing) co_return std::unexpected(std::move(missing.error()));
  if (missing->value) co_return Result<void>();
  bell().listen(missing->changed);
  co_return co_await bell().wait();
}

SharedBytes::SharedBytes(Client client, std::string path, Bytes seed,
                         std::function<void(const Versioned<Bytes>&)> changed)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(seed),
                                     std::move(changed))) {}
SharedBytes& SharedBytes::operator=(SharedBytes&& other) noexcept {
  if (state_) state_->request_close();
  state_ = std::move(other.state_);
  return *this;
}
SharedBytes::~SharedBytes() {
  if (state_) state_->request_close();
}

Versioned<Bytes> SharedBytes::get() const {
  return state_->get();
}
const std::string& SharedBytes::path() const noexcept {
  return state_->path();
}
SharedBytes::Patience SharedBytes::patience(const char* what) const {
  return std::make_shared<detail::Patience>(state_->client(), kForever, what + state_->path(),
                                            state_->path());
}

boost::asio::awaitable<Result<void>> SharedBytes::start(std::shared_ptr<State> state) {
  if (auto read = co_await state->create_and_read(); !read) co_return read;
  co_return state->start();
}

boost::asio::awaitable<Result<void>> SharedBytes::set(std::shared_ptr<State> state, Bytes value) {
  auto stat = co_await state->client().set(state->path(), value);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  state->update({std::move(value), stat->version, stat->mzxid});
  co_return Result<void>();
}

boost::asio::awaitable<Result<bool>> SharedBytes::try_set(std::shared_ptr<State> state,
                                                          Versioned<Bytes> previous, Bytes next) {
  if (previous.version < 0) {
    co_return failure("set the shared value " + state->path() + ": it was not read yet",
                      ErrorCode::kBadArguments);
  }
  const auto current = state->get();
  if (previous.mzxid != current.mzxid || previous.value != current.value) co_return false;
  const SetOptions how{.version = previous.version};
  auto stat = co_await state->client().set(state->path(), next, how);
  if (stat) {
    state->update({std::move(next), stat->version, stat->mzxid});
    co_return true;
  }
  if (stat.error().code != ErrorCode::kBadVersion) {
    co_return std::unexpected(std::move(stat.error()));
  }
  if (auto read = co_await state->read(); !read) co_return std::unexpected(read.error());
  co_return false;
}

boost::asio::awaitable<Result<void>> SharedBytes::close(std::shared_ptr<State> state) {
  co_return co_await state->close();
}

}  // namespace drover::detail
