#include "txn/read.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"

namespace drover::txn {

using wire::JuteReader;
using wire::JuteWriter;
using wire::OpCode;

namespace {

// Of one multiRead's response. Its request can name a large znode tens of thousands of times;
// without a bound one frame of a megabyte would ask for gigabytes (and for more than a frame can be
// long).
constexpr std::size_t kMultiReadBytesMax = 64u << 20;

ErrorCode who_am_i(std::span<const Id> ids, JuteWriter& out) {
  out.write_int(static_cast<std::int32_t>(ids.size()));
  for (const Id& id : ids) {
    out.write_string(id.scheme);
    out.write_string(display_user(id));
  }
  return ErrorCode::kOk;
}

}  // namespace

ErrorCode Reader::read(OpCode op, std::string_view body, wire::SessionId session, Ids identities,
                       base::ByteBuffer& out, WatchWish& wish) const {
  JuteReader in(body, length_max_);
  JuteWriter writer(out);
  const std::size_t start = out.size();
  const ErrorCode error = answer(op, in, session, identities, writer, wish);
  if (error != ErrorCode::kOk) out.truncate(start);
  return error;
}

ErrorCode Reader::answer(OpCode op, JuteReader& in, wire::SessionId session, Ids ids,
                         JuteWriter& out, WatchWish& wish) const {
  switch (op) {
    case OpCode::kExists:
      return exists(in, ids, out, wish);
    case OpCode::kGetData:
      return get_data(in, ids, out, wish);
    case OpCode::kGetChildren:
      return get_children(in, ids, false, out, wish);
    case OpCode::kGetChildren2:
      return get_children(in, ids, true, out, wish);
    case OpCode::kGetAcl:
      return get_acl(in, ids, out);
    case OpCode::kGetAllChildrenNumber:
      return get_all_children_number(in, ids, out);
    case OpCode::kGetEphemerals:
      return get_ephemerals(in, session, out);
    case OpCode::kMultiRead:
      return multi_read(in, ids, out);
    case OpCode::kWhoAmI:
      return who_am_i(ids, out);
    default:
      DROVER_ASSERT(false, "not a read");
  }
}

bool Reader::may(tree::NodeId node, std::int32_t perms, Ids ids) const {
  const tree::AclKey key = tree_.acl_key(node);
  if (key == tree::kOpenAcl) return true;
  return allowed(auth_, tree_.acl(key).get(), perms, ids);
}

Reader::Found Reader::find(wire::NullableBytes path, std::int32_t perms, Ids ids) const {
  if (!path) return {ErrorCode::kMarshallingError};
  const tree::NodeId node = tree_.find(*path);
  if (node == tree::kNoNode) return {ErrorCode::kNoNode};
  if (!may(node, perms, ids)) return {ErrorCode::kNoAuth, node};
  return {ErrorCode::kOk, node};
}

// Alone among the reads it leaves a watch when there is no znode, and minds a NUL in the path.
ErrorCode Reader::exists(JuteReader& in, Ids ids, JuteWriter& out, WatchWish& wish) const {
  const auto request = wire::PathWatchRequest::decode(in);
  if (!in.ok() || !request.path) return ErrorCode::kMarshallingError;
  if (request.path->find('\0') != std::string_view::npos) return ErrorCode::kBadArguments;
  const Found found = find(request.path, perms::kRead, ids);
  const bool answered = found.error == ErrorCode::kOk || found.error == ErrorCode::kNoNode;
  if (request.watch && answered) wish = {WatchKind::kData, *request.path};
  if (found.error == ErrorCode::kOk) wire::encode_stat(tree_.stat(found.node), out);
  return found.error;
}

ErrorCode Reader::get_data(JuteReader& in, Ids ids, JuteWriter& out, WatchWish& wish) const {
  const auto request = wire::PathWatchRequest::decode(in);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const Found found = find(request.path, perms::kRead, ids);
  if (found.error != ErrorCode::kOk) return found.error;
  if (request.watch) wish = {WatchKind::kData, *request.path};
  write_data(found.node, out);
  return ErrorCode::kOk;
}

ErrorCode Reader::get_children(JuteReader& in, Ids ids, bool with_stat, JuteWriter& out,
                               WatchWish& wish) const {
  const auto request = wire::PathWatchRequest::decode(in);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const Found found = find(request.path, perms::kRead, ids);
  if (found.error != ErrorCode::kOk) return found.error;
  if (request.watch) wish = {WatchKind::kChildren, *request.path};
  write_names(found.node, out);
  if (with_stat) wire::encode_stat(tree_.stat(found.node), out);
  return ErrorCode::kOk;
}

void Reader::write_data(tree::NodeId node, JuteWriter& out) const {
  out.write_bytes(tree_.data(node));
  wire::encode_stat(tree_.stat(node), out);
}

void Reader::write_names(tree::NodeId node, JuteWriter& out) const {
  out.write_int(tree_.num_children(node));
  for (tree::NodeId child = tree_.first_child(node); child != tree::kNoNode;
       child = tree_.next_sibling(child)) {
    out.write_string(tree_.name(child));
  }
}

namespace {

// Who may not administer a znode does not get to see the hashes of its users' passwords.
void encode_masked(const AclList& acl, JuteWriter& out) {
  out.write_int(static_cast<std::int32_t>(acl.size()));
  for (const Acl& entry : acl) {
    out.write_int(entry.perms);
    out.write_string(entry.id.scheme);
    if (entry.id.scheme == "digest") {
      out.write_string(entry.id.id.substr(0, entry.id.id.find(':')) + ":x");
    } else {
      out.write_string(entry.id.id);
    }
  }
}

}  // namespace

ErrorCode Reader::get_acl(JuteReader& in, Ids ids, JuteWriter& out) const {
  const wire::NullableBytes path = in.read_bytes();
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const Found found = find(path, perms::kRead | perms::kAdmin, ids);
  if (found.error != ErrorCode::kOk) return found.error;
  if (const auto acl = tree_.acl(tree_.acl_key(found.node)); acl == nullptr) {
    wire::encode_acl(AclList{{perms::kAll, {"world", "anyone"}}}, out);
  } else if (may(found.node, perms::kAdmin, ids)) {
    wire::encode_acl(*acl, out);
  } else {
    encode_masked(*acl, out);
  }
  wire::encode_stat(tree_.stat(found.node), out);
  return ErrorCode::kOk;
}

ErrorCode Reader::get_all_children_number(JuteReader& in, Ids ids, JuteWriter& out) const {
  const wire::NullableBytes path = in.read_bytes();
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const Found found = find(path, perms::kRead, ids);
  if (found.error != ErrorCode::kOk) return found.error;
  out.write_int(static_cast<std::int32_t>(tree_.count_descendants(found.node)));
  return ErrorCode::kOk;
}

namespace {

// As Java's String.trim sees it: everything up to and including the space is blank.
std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

// The prefix is plain text: "/ab" also finds "/abc".
ErrorCode Reader::get_ephemerals(JuteReader& in, wire::SessionId session, JuteWriter& out) const {
  const wire::NullableBytes asked = in.read_bytes();
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const std::string_view blank_test = trimmed(asked.value_or(std::string_view()));
  const bool all = blank_test.empty() || blank_test == "/";
  std::vector<std::string> paths;
  for (const tree::NodeId node : tree_.ephemerals(session)) {
    std::string path;
    tree_.append_path(node, path);
    if (all || path.starts_with(*asked)) paths.push_back(std::move(path));
  }
  // Apache's order is that of a hash; ours does not depend on history.
  std::sort(paths.begin(), paths.end());
  out.write_int(static_cast<std::int32_t>(paths.size()));
  for (const std::string& path : paths) out.write_string(path);
  return ErrorCode::kOk;
}

// Each operation succeeds or fails alone; a request that cannot be decoded, or whose response would
// be longer than kMultiReadBytesMax, fails as a whole. The watch flag inside is ignored, as in
// Apache.
ErrorCode Reader::multi_read(JuteReader& in, Ids ids, JuteWriter& out) const {
  const std::size_t begin = out.position();
  while (true) {
    if (out.position() - begin > kMultiReadBytesMax) return ErrorCode::kMarshallingError;
    const auto header = wire::MultiHeader::decode(in);
    if (!in.ok()) return ErrorCode::kMarshallingError;
    if (header.done) break;
    if (header.op != OpCode::kGetData && header.op != OpCode::kGetChildren) {
      return ErrorCode::kMarshallingError;
    }
    const auto request = wire::PathWatchRequest::decode(in);
    if (!in.ok() || !request.path) return ErrorCode::kMarshallingError;
    const Found found = find(request.path, perms::kRead, ids);
    if (found.error != ErrorCode::kOk) {
      const auto error = static_cast<std::int32_t>(found.error);
      wire::MultiHeader{OpCode::kError, false, error}.encode(out);
      out.write_int(error);
      continue;
    }
    wire::MultiHeader{header.op, false, 0}.encode(out);
    if (header.op == OpCode::kGetData) {
      write_data(found.node, out);
    } else {
      write_names(found.node, out);
    }
  }
  wire::MultiHeader{OpCode::kError, true, -1}.encode(out);
  return ErrorCode::kOk;
}

}  // namespace drover::txn
