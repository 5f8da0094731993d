#pragma once
// What can be chosen: for a client, and for each call. Aggregates for designated initialisers;
// every member has a default.
//
// Options of a call are trivially copyable, their spans live until the call returns or its co_await
// ends, like all views that are handed over. (GCC 12 destroys a temporary aggregate with an owner
// inside twice when it stands in a co_await expression; these cannot be hurt.)

#include <drover/acl.h>
#include <drover/bytes.h>
#include <drover/create_mode.h>
#include <drover/retry.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace drover {

inline constexpr std::int32_t kAnyVersion = -1;

// What becomes of missing parents.
enum class Parents : std::uint8_t {
  kNone,        // the operation fails with kNoNode
  kPersistent,  // they are created, empty and persistent
  kContainer,   // as containers, which servers remove once they are empty again
};

// What a create does when the znode is there already.
enum class OnExists : std::uint8_t {
  kFail,             // kNodeExists
  kSetData,          // sets its data (Curator's orSetData)
  kAcceptIdentical,  // succeeds if the data is the same and was never set again (idempotent)
};

struct CreateOptions {
  CreateMode mode = CreateMode::kPersistent;
  Parents parents = Parents::kNone;
  // Gives the name a prefix of its own, `_c_<uuid>-`, by which the znode is found again when the
  // answer was lost, so that it is never created twice, nor left behind unknown.
  bool protect = false;
  OnExists exists = OnExists::kFail;
  std::int32_t set_version = kAnyVersion;      // for kSetData
  std::optional<std::span<const Acl>> acls{};  // default: the client's, see acl_for
  bool acl_on_parents = false;                 // created parents get the same ACL
  std::chrono::milliseconds ttl{0};            // for the modes with a TTL
  std::optional<bool> compress{};              // default: the client's
};

struct SetOptions {
  std::int32_t version = kAnyVersion;
  // On kBadVersion: success if the data is the same and the version is one further, as after an
  // answer that was lost (Curator's idempotent).
  bool accept_identical = false;
  std::optional<bool> compress{};
};

struct RemoveOptions {
  std::int32_t version = kAnyVersion;
  // When it cannot be known to be gone, it is removed in the background, as long as the client
  // lives. The call still answers the error.
  bool guaranteed = false;
  bool recursive = false;   // children first
  bool missing_ok = false;  // kNoNode is success (Curator's quietly)
};

struct GetOptions {
  std::optional<bool> decompress{};  // default: the client's
  bool sync_first = false;           // sees all that was written anywhere before the call
};

static_assert(std::is_trivially_copyable_v<CreateOptions> &&
              std::is_trivially_copyable_v<SetOptions> &&
              std::is_trivially_copyable_v<RemoveOptions> &&
              std::is_trivially_copyable_v<GetOptions>);

// A change of the ensemble's members, each text as in a configuration file, commas between.
struct Reconfiguration {
  std::string joining{};          // server.N=... to add or change
  std::string leaving{};          // numbers of servers to remove
  std::string new_members{};      // or all members
  std::int64_t from_config = -1;  // the version of the configuration that this replaces; -1: any
};

struct AuthInfo {
  std::string scheme;  // "digest": data is user:password
  Bytes data;
};

struct ClientOptions {
  std::chrono::milliseconds session_timeout{60'000};  // asked for; the server may grant another
  // How long an operation waits for a connection before each try.
  std::chrono::milliseconds connection_timeout{15'000};
  // 0: none. Else an unanswered request fails with kRequestTimeout, its outcome unknown, and the
  // connection is given up.
  std::chrono::milliseconds request_timeout{0};
  retry::Policy retry = retry::Exponential{};
  // Put in front of every path, taken off every answer. Without slashes around; may have some
  // inside. Made, as containers, on the first operation.
  std::string name_space{};
  bool read_only = false;         // accept a server without a quorum while there is no other
  bool shuffle_hosts = true;      // false: in the order written
  bool container_parents = true;  // recipes' parents are containers; false: persistent
  // Follow the ensemble's own list of servers. Needs servers that publish client addresses.
  bool track_ensemble = true;
  bool compress = false;  // gzip data unless a call says otherwise
  Bytes default_data{};   // of a create that says none
  std::vector<AuthInfo> auth{};
  // The ACL of a create that says none, by path as the caller names it; default: open to all.
  // Called on any thread that makes calls.
  std::function<AclList(std::string_view path)> acl_for{};
  // How much of the session timeout may pass in kSuspended until kLost: counted from when the last
  // request that a server has answered was sent, or from kSuspended when curator_lost_timing is
  // set. 1..100.
  int lost_percent = 100;
  bool curator_lost_timing = false;
  std::int32_t packet_bytes_max = 64 << 20;  // of one answer; a longer one ends the connection
  // How long the last handle's destructor waits for the session to be closed, when the client has a
  // thread of its own.
  std::chrono::milliseconds close_wait{1000};
};

}  // namespace drover
