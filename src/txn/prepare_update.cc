// delete, deleteContainer, setData, setACL, check: the checks in Apache's order, first hit wins.

#include "tree/node_digest.h"
#include "txn/path.h"
#include "txn/prepare_impl.h"

namespace drover::txn {

void Prepare::Impl::take_out(const PrepareContext& context, Overlay::Record& parent,
                             Overlay::Record& node) {
  overlay.change(parent, context.zxid, [&](PendingZnode& znode) {
    --znode.num_children;
    znode.stat.pzxid = context.zxid.value;
  });
  overlay.change(node, context.zxid, [](PendingZnode& znode) { znode = PendingZnode(); });
}

ErrorCode Prepare::Impl::remove(const PrepareContext& context,
                                const wire::PathVersionRequest& request, wire::JuteWriter& out) {
  if (!request.path) return ErrorCode::kMarshallingError;
  const std::string_view path = *request.path;
  if (!has_path_shape(path) || is_system_path(path)) return ErrorCode::kBadArguments;
  Overlay::Record& parent = overlay.look_up(parent_path(path));
  if (!parent.znode().exists) return ErrorCode::kNoNode;
  if (!allowed(parent.znode(), perms::kDelete, context)) return ErrorCode::kNoAuth;
  Overlay::Record& node = overlay.look_up(path);
  if (!node.znode().exists) return ErrorCode::kNoNode;
  if (!is_version(request.version, node.znode().stat.version)) return ErrorCode::kBadVersion;
  if (node.znode().num_children > 0) return ErrorCode::kNotEmpty;

  wire::DeleteTxn{path}.encode(out);
  take_out(context, parent, node);
  return ErrorCode::kOk;
}

ErrorCode Prepare::Impl::delete_container(const PrepareContext& context, std::string_view path,
                                          wire::JuteWriter& out) {
  if (!has_path_shape(path) || is_system_path(path)) return ErrorCode::kBadArguments;
  Overlay::Record& node = overlay.look_up(path);
  if (!node.znode().exists) return ErrorCode::kNoNode;
  if (node.znode().num_children > 0) return ErrorCode::kNotEmpty;
  const tree::NodeKind kind = tree::kind_of(node.znode().stat.ephemeral_owner);
  // The path may have been deleted and created anew, as something else, since the reaper looked.
  if (kind != tree::NodeKind::kContainer && kind != tree::NodeKind::kTtl) {
    return ErrorCode::kBadVersion;
  }
  wire::DeleteTxn{path}.encode(out);
  take_out(context, overlay.look_up(parent_path(path)), node);
  return ErrorCode::kOk;
}

ErrorCode Prepare::Impl::set_data(const PrepareContext& context,
                                  const wire::SetDataRequest& request, wire::JuteWriter& out) {
  if (!request.path || !is_valid_path(*request.path)) return ErrorCode::kBadArguments;
  const std::string_view path = *request.path;
  Overlay::Record& node = overlay.look_up(path);
  if (!node.znode().exists) return ErrorCode::kNoNode;
  if (!allowed(node.znode(), perms::kWrite, context)) return ErrorCode::kNoAuth;
  const std::int64_t bytes_change = size_of(request.data) - node.znode().data_size;
  if (const auto error = check_quota(path, bytes_change, 0); error != ErrorCode::kOk) return error;
  if (!is_version(request.version, node.znode().stat.version)) return ErrorCode::kBadVersion;

  const std::int32_t version = next_version(node.znode().stat.version);
  wire::SetDataTxn{path, request.data, version}.encode(out);
  overlay.change(node, context.zxid, [&](PendingZnode& znode) {
    znode.stat.version = version;
    znode.stat.mzxid = context.zxid.value;
    znode.stat.mtime = context.time.ms;
    znode.data_size = static_cast<std::int32_t>(size_of(request.data));
    if (options.digest_enabled) znode.content_crc = tree::content_crc(node.path(), request.data);
  });
  return ErrorCode::kOk;
}

ErrorCode Prepare::Impl::set_acl(const PrepareContext& context, const wire::SetAclRequest& request,
                                 wire::JuteWriter& out) {
  if (!request.path || !is_valid_path(*request.path)) return ErrorCode::kBadArguments;
  auto fixed = fix_up_acl(auth, request.acl, context.identities);
  if (!fixed) return fixed.error();
  Overlay::Record& node = overlay.look_up(*request.path);
  if (!node.znode().exists) return ErrorCode::kNoNode;
  if (!allowed(node.znode(), perms::kAdmin, context)) return ErrorCode::kNoAuth;
  if (!is_version(request.version, node.znode().stat.aversion)) return ErrorCode::kBadVersion;

  const std::int32_t aversion = next_version(node.znode().stat.aversion);
  auto acl = std::make_shared<const AclList>(std::move(*fixed));
  wire::SetAclTxn{*request.path, acl_views(*acl), aversion}.encode(out);
  if (is_too_long(out)) return ErrorCode::kMarshallingError;
  overlay.change(node, context.zxid, [&](PendingZnode& znode) {
    znode.stat.aversion = aversion;
    znode.acl = std::move(acl);
  });
  return ErrorCode::kOk;
}

// The txn of a check holds the version after it, as Apache writes it; nobody looks at it again.
ErrorCode Prepare::Impl::check(const PrepareContext& context,
                               const wire::PathVersionRequest& request, wire::JuteWriter& out) {
  if (!request.path || !is_valid_path(*request.path)) return ErrorCode::kBadArguments;
  const Overlay::Record& node = overlay.look_up(*request.path);
  if (!node.znode().exists) return ErrorCode::kNoNode;
  if (!allowed(node.znode(), perms::kRead, context)) return ErrorCode::kNoAuth;
  if (!is_version(request.version, node.znode().stat.version)) return ErrorCode::kBadVersion;
  wire::CheckTxn{*request.path, next_version(node.znode().stat.version)}.encode(out);
  return ErrorCode::kOk;
}

}  // namespace drover::txn
