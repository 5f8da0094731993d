#pragma once
// One leader after the other, on the znodes of kazoo, the Python client: Election.
//
// ## Layout
//
// That of kazoo::Lock at `path`, with the identifier as its data.
//
// ## Guarantees
//
// - The body runs while the lock is held; leaders come in the order in which they stood.
// - The body's stop_token is stopped when the lock may be lost.
//
// ## Does not guarantee
//
// - That the body ends when it is told to, nor that two never run at the same moment: what a leader
//   writes has to be fenced, as that of a LeaderLatch.
// - That a LeaderSelector or LeaderLatch takes part: their znodes are other ones.
//
// ## Example
//
//     drover::kazoo::Election election(client, "/elect", "host-1");
//     auto led = co_await election.run(lead);

#include <drover/recipes/kazoo_lock.h>
#include <drover/recipes/leader_selector.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drover::kazoo {

// Thread-safe; one run at a time.
class Election {
 public:
  // As LeaderSelector::Body.
  using Body = std::function<boost::asio::awaitable<void>(Leadership leadership)>;

  Election(const Client& client, const std::string& path, std::string identifier = {});

  // Waits until it leads, runs `body`, and gives leadership up. Result<void>. Errors besides the
  // client's: kTimedOut when others led for `at_most`, kCancelled (kazoo's cancel()).
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto run(Body body, std::chrono::milliseconds at_most = kForever,
                         Token&& token = Token()) {
    auto patience = std::make_shared<detail::Patience>(state_->client, kForever,
                                                       "stand at " + state_->path, state_->path);
    return detail::run_recipe<void>(patience, token,
                                    [state = state_, body = std::move(body), at_most] {
                                      return run_now(state, body, at_most);
                                    });
  }
  // Result<std::vector<std::string>>: identifiers of all who stand, the leader first.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto contenders(Token&& token = Token()) {
    return state_->lock.contenders(std::forward<Token>(token));
  }

 private:
  struct State {
    Client client;
    std::string path;
    Lock lock;
  };

  static boost::asio::awaitable<Result<void>> run_now(std::shared_ptr<State> state, Body body,
                                                      std::chrono::milliseconds at_most);

  std::shared_ptr<State> state_;
};

}  // namespace drover::kazoo
