#pragma once
// The barriers of kazoo, the Python client: Barrier, DoubleBarrier. They work together with
// Curator's, and so with Gate and DoubleBarrier; what they leave in the tree is kazoo's.
//
// ## Layout
//
// | Znode                   | Mode       | Data           |
// | ----------------------- | ---------- | -------------- |
// | `path` of a Barrier     | persistent | empty          |
// | `path/<32 hex digits>`  | ephemeral  | the identifier |
// | `path/ready`            | persistent | the default    |
//
// Missing parents are created as persistent znodes.
//
// ## Guarantees
//
// Those of Gate and DoubleBarrier.
//
// ## Does not guarantee
//
// What these do not. kazoo's leave() removes `ready` when it begins, this one when it ends.
//
// ## Example
//
//     drover::kazoo::Barrier barrier(client, "/barrier");
//     barrier.create(drover::block);
//     barrier.wait(5s, drover::block);

#include <drover/recipes/double_barrier.h>
#include <drover/recipes/gate.h>

#include <string>
#include <string_view>
#include <utility>

namespace drover::kazoo {

// In place as long as its znode exists. As Gate otherwise.
class Barrier {
 public:
  Barrier(Client client, std::string path)
      : gate_(std::move(client), std::move(path),
              {.data = Bytes(), .parents = Parents::kPersistent}) {}

  // Result<void>; success when it is in place already.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto create(Token&& token = Token()) {
    return gate_.raise(std::forward<Token>(token));
  }
  // Result<void>; success when it was not in place.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto remove(Token&& token = Token()) {
    return gate_.drop(std::forward<Token>(token));
  }
  // As Gate::wait.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto wait(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return gate_.wait(at_most, std::forward<Token>(token));
  }

 private:
  Gate gate_;
};

// As drover::DoubleBarrier, with kazoo's names.
class DoubleBarrier : public drover::DoubleBarrier {
 public:
  // `identifier`: kazoo writes the host's name and the process' number.
  DoubleBarrier(Client client, std::string path, int members, std::string_view identifier)
      : drover::DoubleBarrier(
            std::move(client), std::move(path), members,
            {.data = to_bytes(identifier), .parents = Parents::kPersistent, .hex_name = true}) {}
};

}  // namespace drover::kazoo
