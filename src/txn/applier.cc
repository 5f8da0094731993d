// What each txn record does to the tree, what watches hear of it, and what the client is answered.

#include "txn/apply_impl.h"
#include "txn/path.h"

namespace drover::txn {

using wire::OpCode;

namespace {

// The list that decides who may hear of a change of `node`; null when everyone may read it.
std::shared_ptr<const AclList> readers(const tree::Tree& tree, tree::NodeId node) {
  auto acl = tree.acl(tree.acl_key(node));
  if (!acl) return nullptr;
  for (const Acl& entry : *acl) {
    if ((entry.perms & perms::kRead) != 0 && entry.id.scheme == "world" &&
        entry.id.id == "anyone") {
      return nullptr;
    }
  }
  return acl;
}

AclList to_list(const std::vector<wire::AclView>& views) {
  AclList list;
  list.reserve(views.size());
  for (const wire::AclView& view : views) {
    list.push_back(
        {view.perms, {std::string(view.scheme.value_or("")), std::string(view.id.value_or(""))}});
  }
  return list;
}

bool is_open(const std::vector<wire::AclView>& views) {
  return views.size() == 1 && views[0].perms == perms::kAll && views[0].scheme == "world" &&
         views[0].id == "anyone";
}

std::int64_t owner_of(OpCode type, const wire::CreateTxn& txn, wire::SessionId session) {
  if (type == OpCode::kCreateContainer) return tree::kContainerOwner;
  if (type == OpCode::kCreateTtl) {
    // Apache 3.8 and older can log a TTL that it cannot apply itself; such a znode just stays.
    const bool valid = txn.ttl_ms > 0 && txn.ttl_ms <= tree::kTtlMsMax;
    return valid ? tree::ttl_owner(txn.ttl_ms) : 0;
  }
  return txn.ephemeral ? session.value : 0;
}

}  // namespace

void Applier::note(Change::Kind kind, std::string_view path, std::shared_ptr<const AclList> acl,
                   std::shared_ptr<const AclList> parent_acl) {
  Change change;
  change.kind = kind;
  change.path_offset = static_cast<std::uint32_t>(sink_->bytes.size());
  change.path_size = static_cast<std::uint32_t>(path.size());
  change.zxid = header_.zxid;
  change.acl = std::move(acl);
  change.parent_acl = std::move(parent_acl);
  sink_->bytes.append(path);
  sink_->changes.push_back(std::move(change));
}

void Applier::respond(const Stat& stat) {
  if (body_ != nullptr) wire::encode_stat(stat, *body_);
}

ErrorCode Applier::create(OpCode type, const wire::CreateTxn& txn) {
  AclList acl;
  const bool open = is_open(txn.acl);
  if (!open) acl = to_list(txn.acl);
  tree::NodeId node = tree::kNoNode;
  const ErrorCode error = tree_.create({.path = txn.path,
                                        .data = txn.data,
                                        .acl = open ? nullptr : &acl,
                                        .ephemeral_owner = owner_of(type, txn, header_.session),
                                        .parent_cversion = txn.parent_cversion,
                                        .zxid = header_.zxid,
                                        .time_ms = header_.time.ms},
                                       &node);
  if (error != ErrorCode::kOk) return error;
  if (sink_ != nullptr) {
    note(Change::Kind::kCreated, txn.path, readers(tree_, node),
         readers(tree_, tree_.parent(node)));
  }
  if (body_ == nullptr) return ErrorCode::kOk;
  body_->write_string(txn.path);
  if (type == OpCode::kCreate) return ErrorCode::kOk;
  Stat stat = tree_.stat(node);
  // The tree writes its own count into a new zookeeper_stats at once; the answer is about what
  // came.
  stat.data_length = txn.data ? static_cast<std::int32_t>(txn.data->size()) : 0;
  respond(stat);
  return ErrorCode::kOk;
}

ErrorCode Applier::remove(std::string_view path) {
  if (sink_ == nullptr) return tree_.remove(path, header_.zxid);
  const tree::NodeId node = tree_.find(path);
  if (node == tree::kNoNode || node == tree::kRoot) return tree_.remove(path, header_.zxid);
  auto acl = readers(tree_, node);
  auto parent_acl = readers(tree_, tree_.parent(node));
  const ErrorCode error = tree_.remove(path, header_.zxid);
  if (error == ErrorCode::kOk) {
    note(Change::Kind::kDeleted, path, std::move(acl), std::move(parent_acl));
  }
  return error;
}

ErrorCode Applier::set_data(const wire::SetDataTxn& txn) {
  tree::NodeId node = tree::kNoNode;
  const ErrorCode error =
      tree_.set_data(txn.path, txn.data, txn.version, header_.zxid, header_.time.ms, &node);
  if (error != ErrorCode::kOk) return error;
  if (sink_ != nullptr) note(Change::Kind::kDataChanged, txn.path, readers(tree_, node), nullptr);
  respond(tree_.stat(node));
  return ErrorCode::kOk;
}

ErrorCode Applier::set_acl(const wire::SetAclTxn& txn) {
  tree::NodeId node = tree::kNoNode;
  const ErrorCode error = tree_.set_acl(txn.path, to_list(txn.acl), txn.version, &node);
  if (error == ErrorCode::kOk) respond(tree_.stat(node));
  return error;
}

ErrorCode Applier::apply(const TypedRecord& record) {
  if (const auto* create_txn = std::get_if<wire::CreateTxn>(&record.record)) {
    return create(record.type, *create_txn);
  }
  if (const auto* delete_txn = std::get_if<wire::DeleteTxn>(&record.record)) {
    return remove(delete_txn->path);
  }
  if (const auto* set_data_txn = std::get_if<wire::SetDataTxn>(&record.record)) {
    return set_data(*set_data_txn);
  }
  if (const auto* set_acl_txn = std::get_if<wire::SetAclTxn>(&record.record)) {
    return set_acl(*set_acl_txn);
  }
  if (const auto* error = std::get_if<ErrorRecord>(&record.record)) return error->error;
  return ErrorCode::kOk;  // check: it passed when it was prepared
}

// One error among the records, and none is applied: the client hears 0 for those before it.
void Applier::multi(const std::vector<TypedRecord>& records) {
  bool failed = false;
  for (const TypedRecord& record : records) failed = failed || record.type == OpCode::kError;

  bool after_failure = false;
  for (const TypedRecord& record : records) {
    ErrorCode error = after_failure ? ErrorCode::kRuntimeInconsistency : ErrorCode::kOk;
    OpCode type = OpCode::kError;
    if (const auto* failure = std::get_if<ErrorRecord>(&record.record)) {
      error = failure->error;
      after_failure = true;
    } else if (!failed) {
      // Containers and TTL znodes are answered as create2.
      const bool create2 =
          record.type == OpCode::kCreateContainer || record.type == OpCode::kCreateTtl;
      type = create2 ? OpCode::kCreate2 : record.type;
    }
    const std::size_t header_at = body_ != nullptr ? body_->position() : 0;
    if (body_ != nullptr) wire::MultiHeader{type, false, 0}.encode(*body_);
    // Only replay over a fuzzy snapshot can fail here, and replay answers nobody.
    if (!failed) error = apply(record);
    if (body_ == nullptr || (!failed && error == ErrorCode::kOk)) continue;
    body_->buffer().truncate(header_at);
    wire::MultiHeader{OpCode::kError, false, static_cast<std::int32_t>(error)}.encode(*body_);
    body_->write_int(static_cast<std::int32_t>(error));
  }
  if (body_ != nullptr) wire::MultiHeader{OpCode::kError, true, -1}.encode(*body_);
}

void Applier::close_session(const wire::CloseSessionTxn& txn) {
  for (const std::string_view path : txn.paths) remove(path);
  std::vector<std::string> rest;
  for (const tree::NodeId node : tree_.ephemerals(header_.session)) {
    tree_.append_path(node, rest.emplace_back());
  }
  for (const std::string& path : rest) remove(path);
}

}  // namespace drover::txn
