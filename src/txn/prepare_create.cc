// create, create2, createContainer, createTTL: the checks in Apache's order, first hit wins.

#include <drover/create_mode.h>

#include <cstdio>

#include "tree/node_digest.h"
#include "txn/path.h"
#include "txn/prepare_impl.h"

namespace drover::txn {

using wire::OpCode;

namespace {

ErrorCode check_mode(OpCode type, CreateMode mode, std::int64_t ttl_ms,
                     bool extended_types_enabled) {
  if (has_ttl(mode)) {
    if (!extended_types_enabled) return ErrorCode::kUnimplemented;
    // Only createTTL carries a ttl; through any other op it counts as -1.
    const bool valid = type == OpCode::kCreateTtl && ttl_ms > 0 && ttl_ms <= tree::kTtlMsMax;
    return valid ? ErrorCode::kOk : ErrorCode::kBadArguments;
  }
  // Apache takes createTTL with another mode and a negative ttl, and then cannot apply what it
  // logged.
  return type == OpCode::kCreateTtl ? ErrorCode::kBadArguments : ErrorCode::kOk;
}

// Which op is sent decides the kind, but for ephemerals: createContainer makes a container whatever
// the flags, create with the container flag a persistent znode.
std::int64_t owner_of(OpCode type, CreateMode mode, std::int64_t ttl_ms, wire::SessionId session) {
  if (type == OpCode::kCreateContainer) return tree::kContainerOwner;
  if (type == OpCode::kCreateTtl) return tree::ttl_owner(ttl_ms);
  return is_ephemeral(mode) ? session.value : 0;
}

void append_sequence(std::string& path, std::int32_t number) {
  char digits[16];
  const int size = std::snprintf(digits, sizeof(digits), "%010d", number);
  path.append(digits, static_cast<std::size_t>(size));
}

// world:anyone with any permissions, which needs no fixing up.
bool is_world_only(const std::vector<wire::AclView>& acl) {
  return acl.size() == 1 && acl[0].scheme == "world" && acl[0].id == "anyone";
}

std::shared_ptr<const AclList> world_acl(std::int32_t perms) {
  return std::make_shared<const AclList>(AclList{{perms, {"world", "anyone"}}});
}

}  // namespace

ErrorCode Prepare::Impl::create(const PrepareContext& context, OpCode type,
                                const wire::CreateRequest& request, wire::JuteWriter& out) {
  if (!is_create_mode(request.flags)) return ErrorCode::kBadArguments;
  const auto mode = static_cast<CreateMode>(request.flags);
  if (const auto error = check_mode(type, mode, request.ttl_ms, options.extended_types_enabled);
      error != ErrorCode::kOk) {
    return error;
  }
  if (!request.path) return ErrorCode::kMarshallingError;
  if (!has_path_shape(*request.path)) return ErrorCode::kBadArguments;

  wire::CreateTxn txn;
  std::shared_ptr<const AclList> acl;
  if (request.acl && is_world_only(*request.acl)) {
    txn.acl = *request.acl;
    if (txn.acl[0].perms != perms::kAll) acl = world_acl(txn.acl[0].perms);
  } else {
    auto fixed = fix_up_acl(auth, request.acl, context.identities);
    if (!fixed) return fixed.error();
    acl = std::make_shared<const AclList>(std::move(*fixed));
    txn.acl = acl_views(*acl);
  }

  Overlay::Record& parent = overlay.look_up(parent_path(*request.path));
  if (!parent.znode().exists) return ErrorCode::kNoNode;
  if (!allowed(parent.znode(), perms::kCreate, context)) return ErrorCode::kNoAuth;

  txn.path = *request.path;
  if (is_sequential(mode)) {
    sequential_path = *request.path;
    append_sequence(sequential_path, parent.znode().stat.cversion);
    txn.path = sequential_path;
  }
  if (!is_valid_path(txn.path)) return ErrorCode::kBadArguments;
  Overlay::Record& node = overlay.look_up(txn.path);
  if (node.znode().exists) return ErrorCode::kNodeExists;
  if (tree::kind_of(parent.znode().stat.ephemeral_owner) == tree::NodeKind::kEphemeral) {
    return ErrorCode::kNoChildrenForEphemerals;
  }
  if (const auto error = check_quota(txn.path, size_of(request.data), 1); error != ErrorCode::kOk) {
    return error;
  }

  txn.data = request.data;
  txn.ephemeral = is_ephemeral(mode);
  txn.parent_cversion = next_version(parent.znode().stat.cversion);
  txn.ttl_ms = request.ttl_ms;
  txn.encode(type, out);
  if (is_too_long(out)) return ErrorCode::kMarshallingError;

  overlay.change(parent, context.zxid, [&](PendingZnode& znode) {
    ++znode.num_children;
    // As apply does: a count of creates that has reached its largest number stays there.
    if (txn.parent_cversion <= znode.stat.cversion) return;
    znode.stat.cversion = txn.parent_cversion;
    znode.stat.pzxid = context.zxid.value;
  });
  overlay.change(node, context.zxid, [&](PendingZnode& znode) {
    znode = PendingZnode{.exists = true, .stat = {}, .acl = std::move(acl)};
    znode.stat.czxid = znode.stat.mzxid = znode.stat.pzxid = context.zxid.value;
    znode.stat.ctime = znode.stat.mtime = context.time.ms;
    znode.stat.ephemeral_owner = owner_of(type, mode, request.ttl_ms, context.session);
    znode.data_size = static_cast<std::int32_t>(size_of(request.data));
    if (options.digest_enabled) znode.content_crc = tree::content_crc(txn.path, request.data);
  });
  return ErrorCode::kOk;
}

}  // namespace drover::txn
