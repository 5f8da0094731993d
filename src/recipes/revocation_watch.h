#pragma once
// Watches a holder's own znode for a revoker's word, and for its disappearance.

#include <drover/client.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace drover::recipes {

// What a revoker writes into the holder's znode.
inline constexpr std::string_view kRevokeMessage = "__REVOKE__";

// Belongs to the client's executor, but for its destructor.
class RevocationWatch : public std::enable_shared_from_this<RevocationWatch> {
 public:
  // Calls `on_revoke` each time kRevokeMessage is read; stops `lost` when the znode is gone.
  RevocationWatch(Client client, std::string path, std::function<void()> on_revoke,
                  std::stop_source lost);
  void start();

 private:
  void take(Result<Watched<Node>> node);

  Client client_;
  const std::string path_;
  const std::function<void()> on_revoke_;
  std::stop_source lost_;
  std::optional<OneShot> changed_;
};

}  // namespace drover::recipes
