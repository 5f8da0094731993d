#pragma once
// One TCP stream between two servers, as the core sees it: bytes out are appended to `output`, the
// owner of the stream takes them from there. Elections and the quorum's port use the same kind.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/strong_id.h"
#include "zab/ids.h"

namespace drover::zab {

using LinkId = base::StrongId<struct LinkIdTag, std::uint64_t>;  // never used twice

enum class Port : std::uint8_t { kElection, kQuorum };

struct Link {
  LinkId id;
  Port port = Port::kElection;
  bool dialled = false;  // by us
  bool up = false;       // connected
  base::ByteBuffer output;
  bool close = false;  // once `output` has been sent
  bool dirty = false;  // in the list of those that have output or want to close
};

// What has to happen to streams, in order. Output is not in here: see Links::dirty.
struct Dial {
  LinkId link;
  Port port = Port::kElection;
  ServerId to;
  std::string host;
  std::uint16_t port_number = 0;
};

}  // namespace drover::zab
