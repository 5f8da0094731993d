#pragma once
// Elects one leader after the other: each leads until it has done what it wanted; Curator's
// LeaderSelector, on the same znodes.
//
// ## Layout
//
// | Znode                             | Mode                 | Data                               |
// | --------------------------------- | -------------------- | ---------------------------------- |
// | `path/_c_<uuid>-lock-<sequence>`  | ephemeral sequential | the id, or the client's default    |
//
// It is a Mutex at `path`: a mutex on the same path contends with it.
//
// ## Guarantees
//
// - The body runs while the mutex is held, and leadership is given up when it returns.
// - Leaders come in the order in which they stood.
// - The body's stop_token is stopped when the mutex may be lost (or, by option, when the session
//   is), by interrupt_leadership() and by close().
//
// ## Does not guarantee
//
// - That the body ends when it is told to: nothing can interrupt it.
// - That two bodies never run at the same moment: what a leader writes has to be fenced, as that of
//   a LeaderLatch.
// - That a selector stands again by itself, unless auto_requeue is set.
//
// ## Example
//
//     drover::LeaderSelector selector(client, "/app/leader", lead, {.id = "host-1",
//                                                                   .auto_requeue = true});
//     selector.start();
//
// with
//
//     boost::asio::awaitable<void> lead(drover::Leadership leadership);

#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/lock_hold.h>
#include <drover/recipes/participant.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace drover {

// What a leader is told.
struct Leadership {
  std::stop_token lost;            // stop leading
  std::int64_t fencing_token = 0;  // grows from one leader to the next
};

struct LeaderSelectorOptions {
  std::string id{};
  bool auto_requeue = false;  // stand again after having led, and after errors
  ErrorPolicy error_policy = ErrorPolicy::kStandard;
};

// Thread-safe. Dropping it withdraws in the background; a body that runs is told to stop.
class LeaderSelector {
 public:
  // Runs on the client's executor, and must not block there; what leaves it is swallowed.
  // Everything that it uses has to live until it has returned.
  using Body = std::function<boost::asio::awaitable<void>(Leadership leadership)>;

  LeaderSelector(Client client, std::string path, Body body, LeaderSelectorOptions options = {});
  LeaderSelector(LeaderSelector&&) noexcept = default;
  LeaderSelector& operator=(LeaderSelector&& other) noexcept;
  ~LeaderSelector();

  // Stands, in the background. Errors: kBadArguments when it was started before.
  Result<void> start();
  // Stands once more, when it does not already. False: it does already, or is closed.
  bool requeue();
  // Tells the body to stop, if it runs.
  void interrupt_leadership();
  // Withdraws; waits until the body has returned and the znode is gone. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return run<void>("close the selector ", token, close_now);
  }

  [[nodiscard]] bool has_leadership() const noexcept;
  // All who stand, the leader first. Result<std::vector<Participant>>.
  template <CompletionTokenFor<std::vector<Participant>> Token = detail::DefaultToken>
  [[nodiscard]] auto participants(Token&& token = Token()) {
    return run<std::vector<Participant>>("list the participants of ", token, participants_now);
  }
  // The first of them, if there is any. Result<std::optional<Participant>>.
  template <CompletionTokenFor<std::optional<Participant>> Token = detail::DefaultToken>
  [[nodiscard]] auto leader(Token&& token = Token()) {
    return run<std::optional<Participant>>("read the leader of ", token, leader_now);
  }
  [[nodiscard]] const std::string& id() const noexcept;

 private:
  class State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience(const char* what) const;
  template <typename T, typename Token, typename Work>
  auto run(const char* what, Token& token, Work work) {
    return detail::run_recipe<T>(make_patience(what), token,
                                 [state = state_, work] { return work(state); });
  }
  static boost::asio::awaitable<Result<void>> close_now(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<std::vector<Participant>>> participants_now(
      std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<std::optional<Participant>>> leader_now(
      std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace drover
