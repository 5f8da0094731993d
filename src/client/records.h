#pragma once
// What requests are made of and what answers hold, between the wire's views and values.

#include <drover/acl.h>
#include <drover/create_mode.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/client_records.h"

namespace drover::client {

// For requests whose record is a path alone.
struct PathRequest {
  std::string_view path;
  void encode(wire::JuteWriter& out) const { out.write_string(path); }
};
struct EmptyRequest {
  void encode(wire::JuteWriter&) const {}
};
// create in all its forms: the op code decides whether a TTL follows.
struct CreateRecord {
  wire::CreateRequest request;
  bool with_ttl;
  void encode(wire::JuteWriter& out) const { request.encode(out, with_ttl); }
};

template <typename Record>
std::string encoded(const Record& record) {
  // One per thread: what is written here is copied at once, and its size is not known before.
  thread_local base::ByteBuffer bytes;
  bytes.clear();
  wire::JuteWriter out(bytes);
  record.encode(out);
  std::string body(bytes.view());
  bytes.clear();
  bytes.shrink(64 << 10);
  return body;
}

// Views into `acl`.
[[nodiscard]] std::vector<wire::AclView> acl_views(const AclList& acl);
[[nodiscard]] AclList decode_acl_list(wire::JuteReader& in);
[[nodiscard]] std::vector<std::string> decode_strings(wire::JuteReader& in);
[[nodiscard]] std::vector<Id> decode_ids(wire::JuteReader& in);
// createContainer and createTTL have numbers of their own; `plain` is create's or create2's.
[[nodiscard]] wire::OpCode create_op(CreateMode mode, wire::OpCode plain = wire::OpCode::kCreate);

}  // namespace drover::client
