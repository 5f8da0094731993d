#pragma once
// Who takes part in something, on the znodes of kazoo, the Python client: Party, ShallowParty.
//
// ## Layout
//
// | Znode                                  | Mode       | Data           |
// | -------------------------------------- | ---------- | -------------- |
// | `path`                                 | persistent | empty          |
// | `path/<32 hex digits>__party__`        | ephemeral  | the identifier |
// | `path/<32 hex digits>-<identifier>`    | ephemeral  | the identifier |
//
// The second is Party's, the third ShallowParty's, which needs one request to list the members.
//
// ## Guarantees
//
// - members() lists those who have joined and whose sessions live, as the server knows it.
//
// ## Does not guarantee
//
// - That a member stays one: after its session has expired it has to join again, as in kazoo. (A
//   GroupMember does so by itself, on other znodes.)
// - That identifiers are different.
//
// ## Example
//
//     drover::kazoo::Party party(client, "/workers", "host-1");
//     party.join(drover::block);
//     auto members = party.members(drover::block);

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

namespace drover::kazoo {

// What Party and ShallowParty have in common. Thread-safe. Dropping it does not leave the party.
class BasicParty {
 public:
  // Result<void>; success when this member is in already.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto join(Token&& token = Token()) {
    return run<void>("join the party ", token, join_now);
  }
  // Result<bool>: false when this member was not in.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto leave(Token&& token = Token()) {
    return run<bool>("leave the party ", token, leave_now);
  }
  // Result<std::vector<std::string>>: identifiers, in no order. Nobody while the path is missing.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto members(Token&& token = Token()) {
    return run<std::vector<std::string>>("list the party ", token, members_now);
  }

  [[nodiscard]] const std::string& path() const noexcept { return state_->path; }
  // This member's.
  [[nodiscard]] const std::string& node_path() const noexcept { return state_->node_path; }

 protected:
  struct State {
    Client client;
    std::string path;
    std::string identifier;
    bool is_shallow;
    std::string node_path;
  };

  BasicParty(Client client, std::string path, std::string identifier, bool is_shallow);

 private:
  template <typename T, typename Token, typename Work>
  auto run(const char* what, Token& token, Work work) {
    auto patience =
        std::make_shared<detail::Patience>(state_->client, kForever, what + path(), path());
    return detail::run_recipe<T>(patience, token, [state = state_, work] { return work(state); });
  }
  static boost::asio::awaitable<Result<void>> join_now(std::shared_ptr<const State> state);
  static boost::asio::awaitable<Result<bool>> leave_now(std::shared_ptr<const State> state);
  static boost::asio::awaitable<Result<std::vector<std::string>>> members_now(
      std::shared_ptr<const State> state);

  std::shared_ptr<const State> state_;
};

class Party : public BasicParty {
 public:
  Party(Client client, std::string path, std::string identifier = {})
      : BasicParty(std::move(client), std::move(path), std::move(identifier), false) {}
};

// Its identifier has to be fit for a znode's name.
class ShallowParty : public BasicParty {
 public:
  ShallowParty(Client client, std::string path, std::string identifier)
      : BasicParty(std::move(client), std::move(path), std::move(identifier), true) {}
};

}  // namespace drover::kazoo
