#include <drover/recipes/kazoo_lock.h>
#include <drover/recipes/kazoo_party.h>
#include <drover/recipes/kazoo_set_partitioner.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <utility>

namespace drover::kazoo {

using boost::asio::awaitable;

namespace {

using Names = std::vector<std::string>;

Names every_nth(const std::string& identifier, Names members, Names items) {
  std::ranges::sort(members);
  std::ranges::sort(items);
  const auto own = std::ranges::find(members, identifier);
  Names share;
  for (auto i = static_cast<std::size_t>(own - members.begin()); i < items.size();
       i += members.size()) {
    share.push_back(items[i]);
  }
  return share;
}

// The party's znodes, and what tells of the next change, once they have been the same for
// `boundary`.
awaitable<Result<Watched<Listing>>> watch_settled(Client client, std::string party,
                                                  std::chrono::milliseconds boundary,
                                                  std::shared_ptr<detail::Patience> patience) {
  for (;;) {
    auto members = co_await client.watch_children(party);
    if (!members) co_return std::unexpected(std::move(members.error()));
    auto changed = co_await patience->wait<WatchedEvent>(members->changed.fired(boundary));
    if (changed) continue;
    if (changed.error().code == ErrorCode::kTimedOut && !patience->is_over()) co_return members;
    co_return std::unexpected(std::move(changed.error()));
  }
}

struct Stopper {
  std::stop_source source;
  void operator()() { source.request_stop(); }
};

}  // namespace

// --- a share

struct SetPartition::State {
  Client client;
  std::string path;
  OneShot party_changed;
  std::vector<std::string> items{};
  std::vector<LockHold> holds{};
  std::stop_source changed{};
  std::vector<std::unique_ptr<std::stop_callback<Stopper>>> when_lost{};
};

SetPartition& SetPartition::operator=(SetPartition&& other) noexcept {
  drop();
  state_ = std::move(other.state_);
  return *this;
}

SetPartition::~SetPartition() {
  drop();
}

void SetPartition::drop() noexcept {
  if (!state_) return;
  state_->party_changed.cancel();  // follow() ends
  state_->when_lost.clear();
  state_->holds.clear();
  state_.reset();
}

const std::vector<std::string>& SetPartition::items() const noexcept {
  return state_->items;
}

std::stop_token SetPartition::changed() const noexcept {
  return state_->changed.get_token();
}

std::shared_ptr<detail::Patience> SetPartition::make_patience() const {
  return std::make_shared<detail::Patience>(state_->client, kForever,
                                            "release a share of " + state_->path, state_->path);
}

awaitable<Result<void>> SetPartition::release_now(std::shared_ptr<State> state) {
  state->items.clear();
  state->when_lost.clear();
  Result<void> all;
  auto holds = std::exchange(state->holds, {});
  for (LockHold& hold : holds) {
    auto released = co_await hold.release();
    if (!released && all) all = std::move(released);
  }
  co_return all;
}

awaitable<void> SetPartition::follow(std::shared_ptr<State> state) {
  // Why it ends makes no difference: who comes or goes is not known any more.
  static_cast<void>(co_await state->party_changed.fired());
  state->changed.request_stop();
}

// --- a member

struct SetPartitioner::State {
  Client client;
  std::string path;
  std::vector<std::string> items;
  std::string identifier;
  SetPartitionerOptions options;
  ShallowParty party;
};

SetPartitioner::SetPartitioner(const Client& client, std::string path,
                               std::vector<std::string> items, std::string identifier,
                               SetPartitionerOptions options) {
  if (!options.divide) options.divide = every_nth;
  ShallowParty party(client, detail::child_path(path, "party"), identifier);
  state_ = std::shared_ptr<State>(new State{.client = client,
                                            .path = std::move(path),
                                            .items = std::move(items),
                                            .identifier = std::move(identifier),
                                            .options = std::move(options),
                                            .party = std::move(party)});
}

SetPartitioner::~SetPartitioner() {
  if (state_) state_->client.remove_in_background(state_->party.node_path());
}

std::shared_ptr<detail::Patience> SetPartitioner::make_patience(
    std::chrono::milliseconds at_most) const {
  return std::make_shared<detail::Patience>(state_->client, at_most,
                                            "acquire a share of " + state_->path, state_->path);
}

awaitable<Result<bool>> SetPartitioner::leave_now(std::shared_ptr<State> state) {
  co_return co_await state->party.leave();
}

awaitable<Result<SetPartition>> SetPartitioner::acquire_now(std::shared_ptr<State> state,
                                                            Patience patience) {
  Client client = state->client;
  const std::string locks = detail::child_path(state->path, "locks");
  for (;;) {
    if (patience->is_over()) co_return std::unexpected(patience->error());
    auto joined = co_await state->party.join();
    if (!joined) co_return std::unexpected(std::move(joined.error()));
    auto settled =
        co_await watch_settled(client, state->party.path(), state->options.time_boundary, patience);
    // With the session this member's znode went.
    if (!settled && settled.error().code == ErrorCode::kSessionExpired) continue;
    if (!settled) co_return std::unexpected(std::move(settled.error()));
    Names members;
    bool is_member = false;
    for (const auto& name : settled->value.names) {
      members.push_back(name.substr(name.find('-') + 1));
      is_member = is_member || state->party.node_path().ends_with("/" + name);
    }
    if (!is_member) continue;

    // If anything goes wrong it is dropped, and with it what it holds.
    SetPartition share(std::shared_ptr<SetPartition::State>(new SetPartition::State{
        .client = client, .path = state->path, .party_changed = std::move(settled->changed)}));
    auto& given = *share.state_;
    auto items = state->options.divide(state->identifier, std::move(members), state->items);
    std::ranges::sort(items);
    for (const auto& item : items) {
      if (given.party_changed.has_fired()) break;
      Lock lock(client, detail::child_path(locks, item));
      auto hold = co_await patience->wait<LockHold>(lock.acquire());
      if (!hold) co_return std::unexpected(std::move(hold.error()));
      given.when_lost.push_back(std::make_unique<std::stop_callback<Stopper>>(
          hold->lost(), Stopper{.source = given.changed}));
      given.holds.push_back(std::move(*hold));
    }
    if (given.party_changed.has_fired()) {
      // Who is waited for elsewhere has it at once.
      auto released = co_await SetPartition::release_now(share.state_);
      if (!released) co_return std::unexpected(std::move(released.error()));
      continue;
    }
    given.items = std::move(items);
    boost::asio::co_spawn(client.get_executor(), SetPartition::follow(share.state_),
                          boost::asio::detached);
    co_return share;
  }
}

}  // namespace drover::kazoo
