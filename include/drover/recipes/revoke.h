#pragma once
// Asking for a lock that somebody holds, as Curator's Revoker does.
//
// ## Layout
// The holder's znode gets the ten bytes `__REVOKE__`.
//
// ## Guarantees
// * A holder that is willing, with LockOptions::on_revoke or Curator's makeRevocable, is told.
//
// ## Does not guarantee
// * That he gives the lock up, or looks at it at all.
//
// ## Example
//
//   auto contenders = co_await mutex.participants();
//   if (contenders && !contenders->empty()) co_await drover::revoke(client, contenders->front());

#include <drover/client.h>

#include <string>

namespace drover {

namespace detail {
void start_revoke(Client client, std::string path, Handler<void> handler);
}

// `participant_path` is what participants() of a lock tells. Result<void>: it is asked, or gone.
template <CompletionTokenFor<void> Token = detail::DefaultToken>
auto revoke(Client client, std::string participant_path, Token&& token = Token()) {
  const auto executor = client.get_executor();
  return detail::initiate<void>(
      executor, token,
      [client = std::move(client),
       path = std::move(participant_path)](detail::Handler<void> handler) mutable {
        detail::start_revoke(std::move(client), std::move(path), std::move(handler));
      });
}

}  // namespace drover
