#include <drover/recipes/leader_latch.h>

#include <algorithm>
#include <mutex>

#include "recipes/background.h"
#include "recipes/lock_order.h"
#include "recipes/read_participants.h"

namespace drover {
namespace {

constexpr std::string_view kNodeName = "latch-";

// The sorted names of all candidates; none when the path is missing.
boost::asio::awaitable<Result<std::vector<std::string>>> candidates(Client client,
                                                                    std::string path) {
  auto listing = co_await client.children(path);
  if (!listing) {
    if (listing.error().code == ErrorCode::kNoNode) co_return std::vector<std::string>();
    co_return std::unexpected(std::move(listing.error()));
  }
  const std::vector<std::string> lock_names(1, std::string(kNodeName));
  co_return recipes::sorted_children(std::move(listing->names), lock_names);
}

boost::asio::awaitable<Result<std::vector<std::string>>> candidate_paths(Client client,
                                                                         std::string path) {
  auto names = co_await candidates(client, path);
  if (!names) co_return names;
  for (auto& name : *names) name = detail::child_path(path, name);
  co_return names;
}

}  // namespace

// Changed on the client's executor only; what other threads read has the mutex.
class LeaderLatch::State : public recipes::Background {
 public:
  State(Client client, std::string path, std::string id, LeaderLatchOptions options)
      : Background(std::move(client)),
        path_(std::move(path)),
        id_(std::move(id)),
        options_(options),
        began_(this->client().get_executor()),
        changes_(this->client().get_executor()) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::string node_path() const {
    const std::lock_guard lock(mutex_);
    return node_path_;
  }
  [[nodiscard]] std::stop_token leadership() const {
    const std::lock_guard lock(mutex_);
    return leadership_.get_token();
  }
  [[nodiscard]] std::int64_t fencing_token() const {
    const std::lock_guard lock(mutex_);
    return leadership_.stop_requested() ? 0 : fencing_token_;
  }
  [[nodiscard]] Stream<bool> changes() { return changes_.subscribe(); }
  [[nodiscard]] Stream<std::stop_token> beginnings() { return began_.subscribe(1); }
  using Background::client;

 protected:
  boost::asio::awaitable<Result<void>> step() override;
  boost::asio::awaitable<Result<void>> clean_up() override;
  void connection_changed(ConnectionState state) override {
    const bool is_over =
        state == ConnectionState::kLost ||
        (state == ConnectionState::kSuspended && options_.error_policy == ErrorPolicy::kStandard);
    if (is_over) end_leadership();
  }
  void ended(const Error& error) override {
    end_leadership();
    began_.close(error);
    changes_.close(error);
  }

 private:
  boost::asio::awaitable<Result<void>> stand();
  boost::asio::awaitable<Result<void>> lead(std::stop_token suspect);
  boost::asio::awaitable<Result<void>> follow(std::string predecessor);
  // The own znode is not what it should be: away with it, stand anew.
  void reset();
  void set_node_path(std::string path) {
    const std::lock_guard lock(mutex_);
    node_path_ = std::move(path);
  }
  void begin_leadership(std::int64_t czxid);
  void end_leadership();

  const std::string path_;
  const std::string id_;
  const LeaderLatchOptions options_;
  StreamSource<std::stop_token> began_;
  StreamSource<bool> changes_;

  mutable std::mutex mutex_;
  std::string node_path_;
  std::stop_source leadership_ = [] {
    std::stop_source none;
    none.request_stop();
    return none;
  }();
  std::int64_t fencing_token_ = 0;
};

boost::asio::awaitable<Result<void>> LeaderLatch::State::step() {
  const auto suspect = client().suspect_token();
  if (node_path_.empty()) {
    if (auto stood = co_await stand(); !stood) co_return stood;
  }
  const auto names = co_await candidates(client(), path_);
  if (!names) co_return std::unexpected(names.error());
  const auto own = std::ranges::find(*names, recipes::node_name(node_path_));
  if (own == names->end()) {
    reset();
    co_return Result<void>();
  }
  if (own == names->begin()) co_return co_await lead(suspect);
  end_leadership();
  co_return co_await follow(detail::child_path(path_, *(own - 1)));
}

boost::asio::awaitable<Result<void>> LeaderLatch::State::stand() {
  const CreateOptions how{.mode = CreateMode::kEphemeralSequential,
                          .parents = detail::recipe_parents(client()),
                          .protect = true};
  auto created = co_await client().create(detail::child_path(path_, kNodeName), as_bytes(id_), how);
  if (!created) co_return std::unexpected(std::move(created.error()));
  set_node_path(std::move(created->path));
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> LeaderLatch::State::lead(std::stop_token suspect) {
  const auto session = client().session_id();
  auto own = co_await client().watch_data(node_path_);
  if (!own && own.error().code != ErrorCode::kNoNode) {
    co_return std::unexpected(std::move(own.error()));
  }
  if (!own || own->value.stat.ephemeral_owner != session) {
    reset();
    co_return Result<void>();
  }
  // What was read may be of before a suspension: then it proves nothing.
  if (suspect.stop_requested() || is_closing()) co_return Result<void>();
  begin_leadership(own->value.stat.czxid);
  bell().listen(own->changed);
  co_return co_await bell().wait();
}

boost::asio::awaitable<Result<void>> LeaderLatch::State::follow(std::string predecessor) {
  auto watched = co_await client().watch_data(std::move(predecessor));
  if (!watched) {
    if (watched.error().code == ErrorCode::kNoNode) co_return Result<void>();
    co_return std::unexpected(std::move(watched.error()));
  }
  bell().listen(watched->changed);
  co_return co_await bell().wait();
}

void LeaderLatch::State::reset() {
  end_leadership();
  client().remove_in_background(node_path_);
  set_node_path({});
}

void LeaderLatch::State::begin_leadership(std::int64_t czxid) {
  {
    const std::lock_guard lock(mutex_);
    if (!leadership_.stop_requested()) return;
    leadership_ = std::stop_source();
    fencing_token_ = czxid;
  }
  began_.publish(leadership_.get_token());
  changes_.publish(true);
}

void LeaderLatch::State::end_leadership() {
  std::stop_source over;
  {
    const std::lock_guard lock(mutex_);
    over = leadership_;
  }
  // Outside the lock: what hangs on the token runs here.
  if (over.request_stop()) changes_.publish(false);
}

boost::asio::awaitable<Result<void>> LeaderLatch::State::clean_up() {
  if (node_path_.empty()) co_return Result<void>();
  const std::string path = node_path_;
  set_node_path({});
  const RemoveOptions how{.guaranteed = true, .missing_ok = true};
  co_return co_await client().remove(path, how);
}

LeaderLatch::LeaderLatch(Client client, std::string path, std::string id,
                         LeaderLatchOptions options)
    : state_(std::make_shared<State>(std::move(client), std::move(path), std::move(id), options)) {}

LeaderLatch& LeaderLatch::operator=(LeaderLatch&& other) noexcept {
  if (state_) state_->request_close();
  state_ = std::move(other.state_);
  return *this;
}
LeaderLatch::~LeaderLatch() {
  if (state_) state_->request_close();
}

Result<void> LeaderLatch::start() {
  return state_->start();
}
bool LeaderLatch::is_leader() const noexcept {
  return !state_->leadership().stop_requested();
}
std::stop_token LeaderLatch::leadership() const {
  return state_->leadership();
}
std::int64_t LeaderLatch::fencing_token() const noexcept {
  return state_->fencing_token();
}
Stream<bool> LeaderLatch::changes() {
  return state_->changes();
}
const std::string& LeaderLatch::path() const noexcept {
  return state_->path();
}
const std::string& LeaderLatch::id() const noexcept {
  return state_->id();
}
std::string LeaderLatch::node_path() const {
  return state_->node_path();
}
LeaderLatch::Patience LeaderLatch::make_patience(std::chrono::milliseconds at_most,
                                                 const char* what) const {
  return std::make_shared<detail::Patience>(state_->client(), at_most, what + state_->path(),
                                            state_->path());
}

boost::asio::awaitable<Result<void>> LeaderLatch::close_now(std::shared_ptr<State> state) {
  co_return co_await state->close();
}

boost::asio::awaitable<Result<std::stop_token>> LeaderLatch::await_now(std::shared_ptr<State> state,
                                                                       Patience patience) {
  auto beginnings = state->beginnings();  // before the look, so that none is missed
  if (auto token = state->leadership(); !token.stop_requested()) co_return token;
  co_return co_await patience->wait(beginnings.next());
}

boost::asio::awaitable<Result<std::vector<Participant>>> LeaderLatch::participants_now(
    std::shared_ptr<State> state) {
  auto paths = co_await candidate_paths(state->client(), state->path());
  if (!paths) co_return std::unexpected(std::move(paths.error()));
  const std::size_t all = paths->size();
  co_return co_await recipes::read_participants(state->client(), std::move(*paths), all);
}

boost::asio::awaitable<Result<std::optional<Participant>>> LeaderLatch::leader_now(
    std::shared_ptr<State> state) {
  auto paths = co_await candidate_paths(state->client(), state->path());
  if (!paths) co_return std::unexpected(std::move(paths.error()));
  auto first = co_await recipes::read_participants(state->client(), std::move(*paths), 1);
  if (!first) co_return std::unexpected(std::move(first.error()));
  if (first->empty()) co_return std::nullopt;
  co_return std::move(first->front());
}

}  // namespace drover
