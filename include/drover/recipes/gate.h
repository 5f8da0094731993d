#pragma once
// A gate that many wait at until it is opened; Curator's DistributedBarrier and kazoo's Barrier on
// the same znode.
//
// ## Layout
//
// | Znode  | Mode       | Data                      |
// | ------ | ---------- | ------------------------- |
// | `path` | persistent | the client's default data |
//
// Missing parents are created as containers.
//
// ## Guarantees
//
// - While the znode is there the gate is closed, for every client, also after whoever closed it has
//   gone.
// - wait() returns success only after it has seen the znode absent.
//
// ## Does not guarantee
//
// - That the gate is still open when wait() has returned: it may have been closed again.
// - That a waiter notices a gate that was opened and closed again at once.
//
// ## Example
//
//     drover::Gate gate(client, "/jobs/gate");
//     gate.raise(drover::block);                      // whoever is in charge
//     auto opened = gate.wait(5s, drover::block);     // everyone else
//     gate.drop(drover::block);

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace drover {

struct GateOptions {
  std::optional<Bytes> data{};       // of the znode; default: the client's default data
  std::optional<Parents> parents{};  // what missing ones become; default: as all recipes' do
};

// Copies share nothing but the path. Thread-safe.
class Gate {
 public:
  Gate(Client client, std::string path, GateOptions options = {})
      : client_(std::move(client)), path_(std::move(path)), options_(std::move(options)) {}

  // Closes the gate; success when it is closed already. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto raise(Token&& token = Token()) {
    return run(kForever, "raise the gate ", token, [self = *this](const auto&) {
      return raise_at(self.client_, self.path_, self.options_);
    });
  }
  // Opens it; success when it is open already. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto drop(Token&& token = Token()) {
    return run(kForever, "drop the gate ", token,
               [self = *this](const auto&) { return drop_at(self.client_, self.path_); });
  }
  // Waits until it is open. Result<void>. Errors besides the client's: kTimedOut after `at_most`.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto wait(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return run(at_most, "wait at the gate ", token, [self = *this](const auto& patience) {
      return wait_at(self.client_, self.path_, patience);
    });
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  using Patience = std::shared_ptr<detail::Patience>;

  template <typename Token, typename MakeWork>
  auto run(std::chrono::milliseconds at_most, const char* what, Token& token, MakeWork make_work) {
    auto patience = std::make_shared<detail::Patience>(client_, at_most, what + path_, path_);
    return detail::run_recipe<void>(patience, token, [patience, make_work = std::move(make_work)] {
      return make_work(patience);
    });
  }
  static boost::asio::awaitable<Result<void>> raise_at(Client client, std::string path,
                                                       GateOptions options);
  static boost::asio::awaitable<Result<void>> drop_at(Client client, std::string path);
  static boost::asio::awaitable<Result<void>> wait_at(Client client, std::string path,
                                                      Patience patience);

  Client client_;
  std::string path_;
  GateOptions options_;
};

}  // namespace drover
