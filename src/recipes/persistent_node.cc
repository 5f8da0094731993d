#include <drover/recipes/persistent_node.h>

#include <mutex>

#include "recipes/background.h"

namespace drover {
namespace {

CreateMode without_sequence(CreateMode mode) {
  switch (mode) {
    case CreateMode::kPersistentSequential:
      return CreateMode::kPersistent;
    case CreateMode::kEphemeralSequential:
      return CreateMode::kEphemeral;
    case CreateMode::kPersistentSequentialWithTtl:
      return CreateMode::kPersistentWithTtl;
    default:
      return mode;
  }
}

}  // namespace

class PersistentNode::State : public recipes::Background {
 public:
  State(Client client, std::string path, CreateMode mode, Bytes data,
        const PersistentNodeOptions& options)
      : Background(std::move(client)),
        base_path_(std::move(path)),
        mode_(mode),
        options_(options),
        data_(std::move(data)),
        creations_(this->client().get_executor()) {}

  [[nodiscard]] const std::string& base_path() const { return base_path_; }
  [[nodiscard]] std::string path() const {
    const std::lock_guard lock(mutex_);
    return path_;
  }
  [[nodiscard]] Bytes data() const {
    const std::lock_guard lock(mutex_);
    return data_;
  }
  void set_data(Bytes data) {
    const std::lock_guard lock(mutex_);
    data_ = std::move(data);
  }
  [[nodiscard]] Stream<std::string> creations() { return creations_.subscribe(); }
  using Background::client;

 protected:
  boost::asio::awaitable<Result<void>> step() override;
  boost::asio::awaitable<Result<void>> clean_up() override;
  void connection_changed(ConnectionState state) override {
    // It may have been the old session's, or have gone unseen.
    if (state == ConnectionState::kReconnected) is_up_ = false;
  }
  void ended(const Error& error) override { creations_.close(error); }
  [[nodiscard]] bool gives_up(const Error& error) const override {
    return recipes::is_fatal(error) ||
           (error.code == ErrorCode::kNoNode && !options_.container_parents && path_.empty());
  }

 private:
  // Creates it, or makes the one that is there its own. kNoNode: the parents are missing.
  boost::asio::awaitable<Result<void>> put_up();

  const std::string base_path_;
  const CreateMode mode_;
  const PersistentNodeOptions options_;
  bool is_up_ = false;
  mutable std::mutex mutex_;
  std::string path_;  // as created; empty before
  Bytes data_;
  StreamSource<std::string> creations_;
};

boost::asio::awaitable<Result<void>> PersistentNode::State::put_up() {
  const bool is_again = !path_.empty();
  const std::string path = is_again ? path_ : base_path_;
  const Bytes data = this->data();
  const CreateOptions how{
      .mode = is_again ? without_sequence(mode_) : mode_,
      .parents = options_.container_parents ? detail::recipe_parents(client()) : Parents::kNone,
      .protect = options_.protect && !is_again,
      .ttl = options_.ttl};
  auto created = co_await client().create(path, data, how);
  if (!created && created.error().code != ErrorCode::kNodeExists) {
    co_return std::unexpected(std::move(created.error()));
  }
  if (!created) {
    auto set = co_await client().set(path, data);
    if (!set && set.error().code == ErrorCode::kNoNode) co_return Result<void>();  // once more
    if (!set) co_return std::unexpected(std::move(set.error()));
  }
  {
    const std::lock_guard lock(mutex_);
    path_ = created ? created->path : path;
  }
  is_up_ = true;
  creations_.publish(path_);
  // set() may have come while the first creation was under way, and left the writing to us.
  if (const Bytes newer = this->data(); newer != data) {
    auto set = co_await client().set(path_, newer);
    if (!set) co_return std::unexpected(std::move(set.error()));
  }
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> PersistentNode::State::step() {
  if (!is_up_) {
    co_return co_await put_up();
  }
  auto watched = co_await client().watch_exists(path_);
  if (!watched) co_return std::unexpected(std::move(watched.error()));
  if (!watched->value) {
    is_up_ = false;
    co_return Result<void>();
  }
  bell().listen(watched->changed);
  co_return co_await bell().wait();
}

boost::asio::awaitable<Result<void>> PersistentNode::State::clean_up() {
  // A TTL is there for the znode to stay a while.
  if (path_.empty() || has_ttl(mode_)) co_return Result<void>();
  const RemoveOptions how{.guaranteed = true, .missing_ok = true};
  co_return co_await client().remove(path_, how);
}

PersistentNode::PersistentNode(Client client, std::string path, CreateMode mode, Bytes data,
                               PersistentNodeOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), mode, std::move(data),
                                     options)) {}
PersistentNode& PersistentNode::operator=(PersistentNode&& other) noexcept {
  if (state_) state_->request_close();
  state_ = std::move(other.state_);
  return *this;
}
PersistentNode::~PersistentNode() {
  if (state_) state_->request_close();
}

Result<void> PersistentNode::start() {
  return state_->start();
}
Stream<std::string> PersistentNode::creations() {
  return state_->creations();
}
std::string PersistentNode::path() const {
  return state_->path();
}
Bytes PersistentNode::data() const {
  return state_->data();
}
PersistentNode::Patience PersistentNode::make_patience(std::chrono::milliseconds at_most,
                                                       const char* what) const {
  return std::make_shared<detail::Patience>(state_->client(), at_most, what + state_->base_path(),
                                            state_->base_path());
}

boost::asio::awaitable<Result<std::string>> PersistentNode::wait_created_now(
    std::shared_ptr<State> state, Patience patience) {
  auto creations = state->creations();
  if (auto path = state->path(); !path.empty()) co_return path;
  co_return co_await patience->wait(creations.next());
}

boost::asio::awaitable<Result<void>> PersistentNode::set_now(std::shared_ptr<State> state,
                                                             Patience /*patience*/, Bytes data) {
  state->set_data(data);
  const auto path = state->path();
  if (path.empty()) co_return Result<void>();
  auto set = co_await state->client().set(path, data);
  // Missing: it is about to be created again, with this data.
  if (set || set.error().code == ErrorCode::kNoNode) co_return Result<void>();
  co_return std::unexpected(std::move(set.error()));
}

boost::asio::awaitable<Result<void>> PersistentNode::close_now(std::shared_ptr<State> state,
                                                               Patience /*patience*/) {
  co_return co_await state->close();
}

// Writes to the child twice per TTL.
class PersistentTtlNode::Toucher : public recipes::Background {
 public:
  Toucher(Client client, std::string parent, const std::string& name, std::chrono::milliseconds ttl)
      : Background(std::move(client)),
        parent_(std::move(parent)),
        path_(detail::child_path(parent_, name)),
        ttl_(ttl) {}

 protected:
  boost::asio::awaitable<Result<void>> step() override {
    auto touched = co_await client().set(path_, client().options().default_data);
    if (!touched && touched.error().code == ErrorCode::kNoNode) {
      const CreateOptions how{.mode = CreateMode::kPersistentWithTtl, .ttl = ttl_};
      auto created = co_await client().create(path_, how);
      // Without the parent there is nothing to touch yet.
      if (!created && created.error().code != ErrorCode::kNoNode &&
          created.error().code != ErrorCode::kNodeExists) {
        co_return std::unexpected(std::move(created.error()));
      }
    } else if (!touched) {
      co_return std::unexpected(std::move(touched.error()));
    }
    static_cast<void>(co_await bell().wait(ttl_ / 2));
    co_return Result<void>();
  }
  boost::asio::awaitable<Result<void>> clean_up() override { co_return Result<void>(); }

 private:
  const std::string parent_;
  const std::string path_;
  const std::chrono::milliseconds ttl_;
};

PersistentTtlNode::PersistentTtlNode(const Client& client, const std::string& path,
                                     std::chrono::milliseconds ttl, Bytes data,
                                     const std::string& touch)
    : node_(client, path, CreateMode::kPersistentWithTtl, std::move(data), {.ttl = ttl}),
      toucher_(std::make_shared<Toucher>(client, path, touch, ttl)) {}
PersistentTtlNode& PersistentTtlNode::operator=(PersistentTtlNode&& other) noexcept {
  stop_touching();
  node_ = std::move(other.node_);
  toucher_ = std::move(other.toucher_);
  return *this;
}
PersistentTtlNode::~PersistentTtlNode() {
  stop_touching();
}
void PersistentTtlNode::stop_touching() noexcept {
  if (toucher_) toucher_->request_close();
}
Result<void> PersistentTtlNode::start() {
  if (auto started = node_.start(); !started) return started;
  return toucher_->start();
}

}  // namespace drover
