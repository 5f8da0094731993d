#include <drover/recipes/revoke.h>

#include "recipes/revocation_watch.h"

namespace drover::detail {

void start_revoke(Client client, std::string path, Handler<void> handler) {
  client.set(std::move(path), as_bytes(recipes::kRevokeMessage), {},
             [handler = std::move(handler)](const Result<Stat>& written) mutable {
               const bool is_gone = !written && written.error().code == ErrorCode::kNoNode;
               if (written || is_gone) {
                 handler(Result<void>());
               } else {
                 handler(std::unexpected(written.error()));
               }
             });
}

}  // namespace drover::detail
