#pragma once
// Who may do something until some time, told at once and without a session that has to live:
// kazoo's NonBlockingLease and MultiNonBlockingLease, on their znodes.
//
// ## Layout
//
// | Znode                        | Mode                 | Data                                |
// | ---------------------------- | -------------------- | ----------------------------------- |
// | `path`                       | persistent           | empty                               |
// | `path/lease_holder`          | persistent           | JSON: `version` 1, `holder`, `end`  |
// | `path/<32 hex>__lock__<seq>` | ephemeral sequential | the identifier, while it is asked   |
//
// `end` is UTC, `2026-11-22T03:00:00`. MultiNonBlockingLease has one such path for each of its
// leases: `path/0`, `path/1` ..
//
// ## Guarantees
//
// - As long as the clocks of all who ask agree, at most one holder has the lease at a time. It
//   outlives its holder's session; the same identifier gets it again before its end.
//
// ## Does not guarantee
//
// - Anything beyond what clocks that differ allow. `end` is in whole seconds.
// - That what is done is done before the end: nobody is told when it comes.
//
// ## Example
//
//     drover::kazoo::NonBlockingLease lease(client, "/leases/cleanup", 70min, "host-7");
//     if (auto obtained = lease.obtain(drover::block); obtained && *obtained) clean_up();

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace drover::kazoo {

struct LeaseOptions {
  // What the lease goes by.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

// One of `count` leases at `path/0` .., the first that is free. Thread-safe.
class MultiNonBlockingLease {
 public:
  // `identifier`: whoever asks under the same one renews it; kazoo's default is the host's name.
  MultiNonBlockingLease(Client client, int count, const std::string& path,
                        std::chrono::seconds duration, std::string identifier,
                        LeaseOptions options = {});

  // Result<bool>: true: it is this identifier's from now on for `duration`. It waits for others who
  // ask at this moment, not for the lease. Errors besides the client's: kBadArguments (no
  // identifier), kCorruptPayload (the holder's znode is not understood).
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto obtain(Token&& token = Token()) {
    return detail::run_recipe<bool>(make_patience(), token,
                                    [state = state_] { return obtain_now(state); });
  }

 protected:
  struct State;
  explicit MultiNonBlockingLease(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  static std::shared_ptr<const State> make_state(Client client, std::vector<std::string> paths,
                                                 std::chrono::seconds duration,
                                                 std::string identifier, LeaseOptions options);

 private:
  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience() const;
  static boost::asio::awaitable<Result<bool>> obtain_now(std::shared_ptr<const State> state);
  static boost::asio::awaitable<Result<bool>> obtain_at(std::shared_ptr<const State> state,
                                                        std::string path);

  std::shared_ptr<const State> state_;
};

// A single one, at `path`.
class NonBlockingLease : public MultiNonBlockingLease {
 public:
  NonBlockingLease(Client client, std::string path, std::chrono::seconds duration,
                   std::string identifier, LeaseOptions options = {});
};

}  // namespace drover::kazoo
