#pragma once
// A znode that is kept up: created again whenever it goes; Curator's PersistentNode, and its
// PersistentTtlNode, on the same znodes.
//
// ## Layout
//
// | Znode                | Mode                             | Data                            |
// | -------------------- | -------------------------------- | ------------------------------- |
// | `path`               | as asked for                     | the user's                      |
// | `path<sequence>`     | the sequential modes             | the user's                      |
// | `path/touch`         | TTL, only of a PersistentTtlNode | the client's default data       |
//
// With `protect` the name has `_c_<uuid>-` in front. Missing parents are created as containers. A
// sequential znode comes back under the name that it had.
//
// ## Guarantees
//
// - While the recipe and its session live, a znode that was deleted is created again; so is an
//   ephemeral one after its session has expired, in the next session.
// - A znode that is there already is adopted, and gets the recipe's data.
// - The TTL znode does not time out while the recipe lives: it is touched twice per TTL.
//
// ## Does not guarantee
//
// - That the znode is there at any given moment.
// - That the data stays: what others write is not undone.
// - After a quick restart the znode of the old session is adopted, and goes when that session
//   expires; it is created again then, after a short absence.
// - A PersistentTtlNode needs servers with extended types; close() leaves it to its TTL.
//
// ## Example
//
//     drover::PersistentNode node(client, "/app/host-1", drover::CreateMode::kEphemeral,
//                                 drover::to_bytes("10.0.0.1"));
//     node.start();
//     auto path = node.wait_created(5s, drover::block);

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

namespace drover {

struct PersistentNodeOptions {
  bool protect = false;
  bool container_parents = true;     // false: a missing parent is an error
  std::chrono::milliseconds ttl{0};  // for the modes with a TTL
};

// Thread-safe. Dropping it removes the znode in the background.
class PersistentNode {
 public:
  PersistentNode(Client client, std::string path, CreateMode mode, Bytes data,
                 PersistentNodeOptions options = {});
  PersistentNode(PersistentNode&&) noexcept = default;
  PersistentNode& operator=(PersistentNode&& other) noexcept;
  ~PersistentNode();

  // Keeps it up from now on, in the background. Errors: kBadArguments when it was started before.
  Result<void> start();
  // Waits until it has been created for the first time. Result<std::string>: its path. Errors:
  // kTimedOut after `at_most`, kClosed; kNoAuth and its like when it cannot be created at all.
  template <CompletionTokenFor<std::string> Token = detail::DefaultToken>
  [[nodiscard]] auto wait_created(std::chrono::milliseconds at_most = kForever,
                                  Token&& token = Token()) {
    return run<std::string>(at_most, "wait for the creation of ", token, wait_created_now);
  }
  // The data from now on, also when it is created again; written at once if it is there.
  // Result<void> of the writing.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto set(Bytes data, Token&& token = Token()) {
    return run<void>(kForever, "set the data of ", token,
                     [data = std::move(data)](auto state, const auto& patience) {
                       return set_now(std::move(state), patience, data);
                     });
  }
  // Removes it and waits until that is done. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return run<void>(kForever, "close the persistent node ", token, close_now);
  }
  // Paths at which it was created, again or for the first time, from now on.
  [[nodiscard]] Stream<std::string> creations();

  // Where it is, or was last; empty before it was created.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] Bytes data() const;

 private:
  friend class PersistentTtlNode;
  class State;
  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(std::chrono::milliseconds at_most, const char* what) const;
  template <typename T, typename Token, typename Work>
  auto run(std::chrono::milliseconds at_most, const char* what, Token& token, Work work) {
    auto patience = make_patience(at_most, what);
    return detail::run_recipe<T>(
        patience, token,
        [state = state_, patience, work = std::move(work)] { return work(state, patience); });
  }
  static boost::asio::awaitable<Result<std::string>> wait_created_now(std::shared_ptr<State> state,
                                                                      Patience patience);
  static boost::asio::awaitable<Result<void>> set_now(std::shared_ptr<State> state,
                                                      Patience patience, Bytes data);
  static boost::asio::awaitable<Result<void>> close_now(std::shared_ptr<State> state,
                                                        Patience patience);

  std::shared_ptr<State> state_;
};

// A persistent znode with a TTL that is touched as long as the recipe lives.
// (Its page is that of PersistentNode.)
class PersistentTtlNode {
 public:
  // `touch`: the name of the child that is written to.
  PersistentTtlNode(const Client& client, const std::string& path, std::chrono::milliseconds ttl,
                    Bytes data, const std::string& touch = "touch");
  PersistentTtlNode(PersistentTtlNode&&) noexcept = default;
  PersistentTtlNode& operator=(PersistentTtlNode&& other) noexcept;
  ~PersistentTtlNode();

  // As of PersistentNode; close() does not remove anything.
  Result<void> start();
  template <CompletionTokenFor<std::string> Token = detail::DefaultToken>
  [[nodiscard]] auto wait_created(std::chrono::milliseconds at_most = kForever,
                                  Token&& token = Token()) {
    return node_.wait_created(at_most, std::forward<Token>(token));
  }
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto set(Bytes data, Token&& token = Token()) {
    return node_.set(std::move(data), std::forward<Token>(token));
  }
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    stop_touching();
    return node_.close(std::forward<Token>(token));
  }
  [[nodiscard]] std::string path() const { return node_.path(); }

 private:
  class Toucher;

  void stop_touching() noexcept;

  PersistentNode node_;
  std::shared_ptr<Toucher> toucher_;
};

}  // namespace drover
