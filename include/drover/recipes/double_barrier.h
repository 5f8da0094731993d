#pragma once
// Processes that begin a piece of work together and end it together; Curator's
// DistributedDoubleBarrier, on the same znodes, which kazoo's DoubleBarrier shares.
//
// ## Layout
//
// | Znode          | Mode       | Data                      |
// | -------------- | ---------- | ------------------------- |
// | `path/<uuid>`  | ephemeral  | the client's default data |
// | `path/ready`   | persistent | the client's default data |
//
// Missing parents are created as containers. `ready` is there from when enough members have come
// until the last one has left.
//
// ## Guarantees
//
// - enter() succeeds only after `members` of them were there at one moment, or `ready` says so.
// - leave() succeeds only after all who entered have left, or have lost their sessions.
//
// ## Does not guarantee
//
// - That exactly `members` enter: more may.
// - That a second round on the same path is clean while stragglers of the first one are leaving:
//   take another path, or wait until leave() has succeeded everywhere.
// - That one who did not come in time leaves no trace: after kTimedOut or kCancelled his znode
// stays
//   until leave(), or until his session ends, and counts for the others. (As in Curator.)
//
// ## Example
//
//     drover::DoubleBarrier barrier(client, "/jobs/step-1", 3);
//     if (barrier.enter(30s, drover::block)) {
//       compute();
//       barrier.leave(30s, drover::block);
//     }

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace drover {

struct DoubleBarrierOptions {
  std::optional<Bytes> data{};       // of this member's znode; default: the client's default data
  std::optional<Parents> parents{};  // what missing ones become; default: as all recipes' do
  bool hex_name = false;             // the uuid as 32 digits, without dashes, as kazoo has it
};

// One member. Thread-safe; one operation at a time.
class DoubleBarrier {
 public:
  // `members`: how many have to come, at least 1.
  DoubleBarrier(const Client& client, std::string path, int members,
                DoubleBarrierOptions options = {});

  // Waits until all have come. Result<void>. Errors besides the client's: kTimedOut after
  // `at_most`, kSessionExpired (this member's znode is gone), kBadArguments (fewer than one
  // member).
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto enter(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    auto patience = make_patience(at_most, "enter the barrier ");
    return detail::run_recipe<void>(
        patience, token, [state = state_, patience] { return enter_now(state, patience); });
  }
  // Waits until all have left. Result<void>. Errors besides the client's: kTimedOut after
  // `at_most`, kNotOwner: this member is not in the barrier, though it is expected there.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto leave(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    auto patience = make_patience(at_most, "leave the barrier ");
    return detail::run_recipe<void>(
        patience, token, [state = state_, patience] { return leave_now(state, patience); });
  }

  [[nodiscard]] const std::string& path() const noexcept;
  // This member's.
  [[nodiscard]] const std::string& node_path() const noexcept;

 private:
  struct State;

  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(std::chrono::milliseconds at_most, const char* what) const;
  static boost::asio::awaitable<Result<void>> enter_now(std::shared_ptr<State> state,
                                                        Patience patience);
  static boost::asio::awaitable<Result<void>> leave_now(std::shared_ptr<State> state,
                                                        Patience patience);
  static boost::asio::awaitable<Result<bool>> leave_step(std::shared_ptr<State> state,
                                                         std::optional<OneShot>& watch);

  std::shared_ptr<State> state_;
};

}  // namespace drover
