// The first frame of a connection. A request that decodes must encode to bytes that decode to the
// same.

#include <cstdlib>

#include "wire/client_records.h"

namespace {

using namespace drover::wire;

bool same(const ConnectRequest& a, const ConnectRequest& b) {
  return a.protocol_version == b.protocol_version && a.last_zxid_seen == b.last_zxid_seen &&
         a.timeout_ms == b.timeout_ms && a.session_id == b.session_id && a.password == b.password &&
         a.read_only == b.read_only;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  JuteReader in(bytes, 1 << 20);
  const auto request = ConnectRequest::decode(in);
  if (!in.ok()) return 0;
  drover::base::ByteBuffer buffer;
  JuteWriter out(buffer);
  request.encode(out);
  JuteReader again(buffer.view(), 1 << 20);
  if (!same(request, ConnectRequest::decode(again)) || !again.ok()) std::abort();

  JuteReader response_in(bytes, 1 << 20);
  ConnectResponse::decode(response_in);
  return 0;
}
