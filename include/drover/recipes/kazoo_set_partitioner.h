#pragma once
// A set of things divided among those who take part: kazoo's SetPartitioner, on its znodes.
//
// ## Layout
//
// | Znode                                    | Mode                 | Data           |
// | ---------------------------------------- | -------------------- | -------------- |
// | `path/party/<32 hex digits>-<identifier>` | ephemeral            | the identifier |
// | `path/locks/<item>`                      | persistent           | empty          |
// | `path/locks/<item>/<32 hex>__lock__<seq>` | ephemeral sequential | empty          |
//
// ## Guarantees
//
// - Nobody has an item that another one has, as no two hold one kazoo::Lock: an item is used only
//   under its lock.
// - Once nobody comes or goes for `time_boundary`, and all have released what they had before,
//   every item is somebody's, and how many they have differs by one at most.
//
// ## Does not guarantee
//
// - Anything to members with the same identifier: they are given the same items, and all but one
//   wait.
// - That who does not release his share when it has changed lets the others go on: they wait for
//   his items.
// - That all agree on what the set is. Each divides the one that it was given.
//
// ## Example
//
//     drover::kazoo::SetPartitioner queues(client, "/queues", {"a", "b", "c"}, "host-7");
//     for (;;) {
//       auto share = co_await queues.acquire();
//       if (!share) co_return;
//       while (!share->changed().stop_requested()) co_await work_on(share->items());
//       co_await share->release();
//     }

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace drover::kazoo {

struct SetPartitionerOptions {
  // How long nobody may come or go before the set is divided. All members should say the same.
  std::chrono::milliseconds time_boundary{30'000};
  // Which of `items` are `identifier`'s. Every member's must agree with the others'. Default: of
  // the sorted items every n-th, beginning with the member's place among the sorted identifiers.
  std::function<std::vector<std::string>(const std::string& identifier,
                                         std::vector<std::string> members,
                                         std::vector<std::string> items)>
      divide{};
};

// What one member was given, and the locks of it. Move-only; its destructor releases them and does
// not wait. Thread-safe as a value is: one thread at a time.
class [[nodiscard]] SetPartition {
 public:
  SetPartition(SetPartition&&) noexcept = default;
  SetPartition& operator=(SetPartition&& other) noexcept;
  ~SetPartition();

  // Sorted. Empty when there are more members than items, and after release().
  [[nodiscard]] const std::vector<std::string>& items() const noexcept;
  // Stopped when members have come or gone, so that the set has to be divided anew, or when a lock
  // may be lost. Then: stop, release(), and SetPartitioner::acquire() again.
  [[nodiscard]] std::stop_token changed() const noexcept;

  // Result<void>: all locks are free; an error: one of them will be released in the background.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto release(Token&& token = Token()) {
    return detail::run_recipe<void>(make_patience(), token,
                                    [state = state_] { return release_now(state); });
  }

 private:
  friend class SetPartitioner;
  struct State;
  explicit SetPartition(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  void drop() noexcept;
  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience() const;
  static boost::asio::awaitable<Result<void>> release_now(std::shared_ptr<State> state);
  static boost::asio::awaitable<void> follow(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // nullptr: moved from
};

// Thread-safe. Dropping it leaves the party.
class SetPartitioner {
 public:
  // `identifier`: of this member, different from all others', and fit for a znode's name. Items are
  // names of znodes too.
  SetPartitioner(const Client& client, std::string path, std::vector<std::string> items,
                 std::string identifier, SetPartitionerOptions options = {});
  SetPartitioner(SetPartitioner&&) noexcept = default;
  SetPartitioner& operator=(SetPartitioner&&) = delete;
  ~SetPartitioner();

  // Joins the party, unless it was joined; waits until the members have been the same for
  // time_boundary, and then until this member's share is free. Result<SetPartition>. Errors besides
  // the client's: kTimedOut after `at_most`, with no item held.
  template <CompletionTokenFor<SetPartition> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire(std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<SetPartition>(
        patience, token, [state = state_, patience] { return acquire_now(state, patience); });
  }

  // Leaves the party; the others divide this member's share once it is released. Result<bool>:
  // false when it was not in it.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto leave(Token&& token = Token()) {
    return detail::run_recipe<bool>(make_patience(kForever), token,
                                    [state = state_] { return leave_now(state); });
  }

 private:
  struct State;
  using Patience = std::shared_ptr<detail::Patience>;
  [[nodiscard]] Patience make_patience(std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<SetPartition>> acquire_now(std::shared_ptr<State> state,
                                                                  Patience patience);
  static boost::asio::awaitable<Result<bool>> leave_now(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  // nullptr: moved from
};

}  // namespace drover::kazoo
