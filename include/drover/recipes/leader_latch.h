#pragma once
// Elects one leader among any number of candidates; Curator's LeaderLatch, on the same znodes.
//
// ## Layout
//
// | Znode                              | Mode                 | Data                             |
// | ---------------------------------- | -------------------- | -------------------------------- |
// | `path/_c_<uuid>-latch-<sequence>`  | ephemeral sequential | the candidate's id, may be empty |
//
// Missing parents are created as containers. The candidate whose text after the last `latch-` is
// the smallest leads; the others each watch the one before them.
//
// ## Guarantees
//
// - Candidates become leader in the order in which their znodes were created; one wakes up when a
//   leader goes, not all.
// - Leadership begins only after this client has seen its own znode at the head, owned by its
//   present session. It ends, with the stop_token, as soon as the connection is suspended (or, by
//   option, when the session is lost), the own znode is deleted, or the latch is closed.
// - After a reconnection or a new session the candidate stands again by itself.
// - fencing_token() grows from one leader to the next.
//
// ## Does not guarantee
//
// - That two never believe to lead at the same moment: a leader that was frozen learns late that
//   its session is over, while the next one leads already. What the leader writes has to be fenced:
//   by a version, by a check of its znode in the same transaction, or by fencing_token().
// - With ErrorPolicy::kSession, that leadership ends before the server gives it to another.
//
// ## Example
//
//     drover::LeaderLatch latch(client, "/app/leader", "host-1");
//     latch.start();
//     auto lost = latch.await_leadership(drover::kForever, drover::block);   // Result<stop_token>
//     while (lost && !lost->stop_requested()) lead_a_little();

#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/lock_hold.h>
#include <drover/recipes/participant.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drover {

struct LeaderLatchOptions {
  ErrorPolicy error_policy = ErrorPolicy::kStandard;
};

// One candidate. Thread-safe. Dropping it ends its candidacy in the background.
class LeaderLatch {
 public:
  LeaderLatch(Client client, std::string path, std::string id = {},
              LeaderLatchOptions options = {});
  LeaderLatch(LeaderLatch&&) noexcept = default;
  LeaderLatch& operator=(LeaderLatch&& other) noexcept;
  ~LeaderLatch();

  // Stands for leader, in the background, as long as it takes. Errors: kBadArguments when it was
  // started before.
  Result<void> start();
  // Withdraws, and waits until that is done. Who waits for leadership gets kClosed. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return run<void>(kForever, "close the latch ", token,
                     [](auto state, const auto&) { return close_now(std::move(state)); });
  }

  [[nodiscard]] bool is_leader() const noexcept;
  // Stopped when the present leadership ends; already stopped while there is none.
  [[nodiscard]] std::stop_token leadership() const;
  // Of the present leadership: the czxid of the own znode. 0 while there is none.
  [[nodiscard]] std::int64_t fencing_token() const noexcept;
  // Waits until it leads, and answers leadership(). Result<std::stop_token>. Errors besides the
  // client's: kTimedOut after `at_most`, kClosed; kNoAuth and its like when it cannot stand at all.
  template <CompletionTokenFor<std::stop_token> Token = detail::DefaultToken>
  [[nodiscard]] auto await_leadership(std::chrono::milliseconds at_most = kForever,
                                      Token&& token = Token()) {
    return run<std::stop_token>(at_most, "await leadership at ", token, await_now);
  }
  // Begins and ends of leadership from now on, true and false in turn (isLeader, notLeader). It
  // ends with the latch, as await_leadership does.
  [[nodiscard]] Stream<bool> changes();

  // All who stand, the leader first. Result<std::vector<Participant>>.
  template <CompletionTokenFor<std::vector<Participant>> Token = detail::DefaultToken>
  [[nodiscard]] auto participants(Token&& token = Token()) {
    return run<std::vector<Participant>>(
        kForever, "list the participants of ", token,
        [](auto state, const auto&) { return participants_now(std::move(state)); });
  }
  // The first of them, if there is any. Result<std::optional<Participant>>.
  template <CompletionTokenFor<std::optional<Participant>> Token = detail::DefaultToken>
  [[nodiscard]] auto leader(Token&& token = Token()) {
    return run<std::optional<Participant>>(
        kForever, "read the leader of ", token,
        [](auto state, const auto&) { return leader_now(std::move(state)); });
  }

  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] const std::string& id() const noexcept;
  // The own znode, empty while there is none.
  [[nodiscard]] std::string node_path() const;

 private:
  class State;

  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(std::chrono::milliseconds at_most, const char* what) const;
  template <typename T, typename Token, typename Work>
  auto run(std::chrono::milliseconds at_most, const char* what, Token& token, Work work) {
    auto patience = make_patience(at_most, what);
    return detail::run_recipe<T>(
        patience, token, [state = state_, patience, work] { return work(state, patience); });
  }
  static boost::asio::awaitable<Result<void>> close_now(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<std::stop_token>> await_now(std::shared_ptr<State> state,
                                                                   Patience patience);
  static boost::asio::awaitable<Result<std::vector<Participant>>> participants_now(
      std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<std::optional<Participant>>> leader_now(
      std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace drover
