#pragma once
// How a client stands with its ensemble.

#include <cstdint>

namespace drover {

// Of the session at this moment.
enum class SessionState : std::uint8_t {
  kConnecting,         // no server, looking for one
  kConnected,          // to a server that reads and writes
  kConnectedReadOnly,  // to one without a quorum: reads only
  kClosed,             // over: closed by its user, or expired and not yet replaced
  kAuthFailed,         // over: a credential was refused
};

// As it changes, in Curator's words: what recipes and their users act on.
enum class ConnectionState : std::uint8_t {
  kConnected,    // for the first time
  kSuspended,    // the server was lost. Stop acting as a holder or leader
  kReconnected,  // there is a server again. Verify what you hold before you go on
  kLost,         // the session is over, its ephemeral znodes go. Build up anew when reconnected
  kReadOnly,     // connected to a server without a quorum
};

}  // namespace drover
