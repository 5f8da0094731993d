#include "client/calls.h"

#include <fmt/format.h>

#include "client/core.h"
#include "client/gzip.h"
#include "client/path.h"
#include "client/records.h"

namespace drover::client {
namespace {

using wire::JuteReader;
using wire::JuteWriter;
using wire::OpCode;

Bytes bytes_of(wire::NullableBytes data) {
  const auto view = as_bytes(data.value_or(std::string_view()));
  return {view.begin(), view.end()};
}

Result<Node> read_node(const Call& call, const Completion& completion,
                       std::optional<std::size_t> decompressed_max) {
  if (completion.error != ErrorCode::kOk) {
    return std::unexpected(call_error(call, completion.error));
  }
  JuteReader in(completion.body);
  Node node;
  node.data = bytes_of(in.read_bytes());
  node.stat = wire::decode_stat(in);
  if (!in.ok()) return std::unexpected(call_error(call, ErrorCode::kMarshallingError));
  if (!decompressed_max) return node;
  auto data = gunzip(node.data, *decompressed_max);
  if (!data) return std::unexpected(call_error(call, ErrorCode::kCorruptPayload));
  node.data = std::move(*data);
  return node;
}

Result<std::optional<Stat>> read_existence(const Call& call, const Completion& completion) {
  if (completion.error == ErrorCode::kNoNode) return std::nullopt;
  if (completion.error != ErrorCode::kOk) {
    return std::unexpected(call_error(call, completion.error));
  }
  JuteReader in(completion.body);
  const Stat stat = wire::decode_stat(in);
  if (!in.ok()) return std::unexpected(call_error(call, ErrorCode::kMarshallingError));
  return stat;
}

Listing read_listing(JuteReader& in) {
  auto names = decode_strings(in);
  return {.names = std::move(names), .stat = wire::decode_stat(in)};
}

Result<Listing> read_listing_of(const Call& call, const Completion& completion) {
  if (completion.error != ErrorCode::kOk) {
    return std::unexpected(call_error(call, completion.error));
  }
  JuteReader in(completion.body);
  auto listing = read_listing(in);
  if (!in.ok()) return std::unexpected(call_error(call, ErrorCode::kMarshallingError));
  return listing;
}

// Fills in what every call has.
template <typename Record>
std::unique_ptr<Call> asking(std::unique_ptr<Call> call, const Scope& scope, std::string path,
                             OpCode op, const Record& record) {
  call->path = std::move(path);
  call->name_space = scope.name_space;
  call->op = op;
  call->body = encoded(record);
  return call;
}

}  // namespace

std::unique_ptr<Call> create_call(const Scope& scope, const CreateCall& create,
                                  detail::Handler<Created> handler) {
  const auto at = with_chroot(scope.prefix, create.path);
  const CreateRecord record{.request = {.path = at,
                                        .data = create.data,
                                        .acl = acl_views(create.acls),
                                        .flags = static_cast<std::int32_t>(create.mode),
                                        .ttl_ms = create.ttl_ms},
                            .with_ttl = has_ttl(create.mode)};
  auto call = asking(make_call<Created>("create", std::move(handler),
                                        plain<Created>([prefix = scope.prefix](JuteReader& in) {
                                          auto path = without_chroot(prefix, in.read_string());
                                          return Created{.path = std::move(path),
                                                         .stat = wire::decode_stat(in)};
                                        })),
                     scope, create.path, create_op(create.mode, OpCode::kCreate2), record);
  call->repeat = Repeat::kUnlessUnknown;
  call->is_retried = create.is_retried;
  return call;
}

std::unique_ptr<Call> get_call(const Scope& scope, std::string path,
                               std::optional<std::size_t> decompressed_max,
                               detail::Handler<Node> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(make_call<Node>("get", std::move(handler),
                                [decompressed_max](Core&, const Call& call, const Completion& c) {
                                  return read_node(call, c, decompressed_max);
                                }),
                scope, std::move(path), OpCode::kGetData,
                wire::PathWatchRequest{.path = at, .watch = false});
}

std::unique_ptr<Call> set_call(const Scope& scope, std::string path, std::string_view data,
                               std::int32_t version, detail::Handler<Stat> handler) {
  const auto at = with_chroot(scope.prefix, path);
  auto call = asking(make_call<Stat>("set", std::move(handler), plain<Stat>(wire::decode_stat)),
                     scope, std::move(path), OpCode::kSetData,
                     wire::SetDataRequest{.path = at, .data = data, .version = version});
  if (version != kAnyVersion) call->repeat = Repeat::kUnlessUnknown;
  return call;
}

std::unique_ptr<Call> remove_call(const Scope& scope, std::string path, std::int32_t version,
                                  detail::Handler<void> handler) {
  const auto at = with_chroot(scope.prefix, path);
  auto call = asking(make_call<void>("remove", std::move(handler), plain<void>([](JuteReader&) {})),
                     scope, std::move(path), OpCode::kDelete,
                     wire::PathVersionRequest{.path = at, .version = version});
  if (version != kAnyVersion) call->repeat = Repeat::kUnlessUnknown;
  return call;
}

std::unique_ptr<Call> exists_call(const Scope& scope, std::string path,
                                  detail::Handler<std::optional<Stat>> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(
      make_call<std::optional<Stat>>(
          "exists", std::move(handler),
          [](Core&, const Call& call, const Completion& c) { return read_existence(call, c); }),
      scope, std::move(path), OpCode::kExists, wire::PathWatchRequest{.path = at, .watch = false});
}

std::unique_ptr<Call> children_call(const Scope& scope, std::string path,
                                    detail::Handler<Listing> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(make_call<Listing>("children", std::move(handler), plain<Listing>(read_listing)),
                scope, std::move(path), OpCode::kGetChildren2,
                wire::PathWatchRequest{.path = at, .watch = false});
}

std::unique_ptr<Call> acls_call(const Scope& scope, std::string path,
                                detail::Handler<AclListing> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(make_call<AclListing>("acls", std::move(handler), plain<AclListing>([](auto& in) {
                                        auto acls = decode_acl_list(in);
                                        return AclListing{.acls = std::move(acls),
                                                          .stat = wire::decode_stat(in)};
                                      })),
                scope, std::move(path), OpCode::kGetAcl, PathRequest{at});
}

std::unique_ptr<Call> set_acls_call(const Scope& scope, std::string path, const AclList& acls,
                                    std::int32_t version, detail::Handler<Stat> handler) {
  const auto at = with_chroot(scope.prefix, path);
  auto call =
      asking(make_call<Stat>("set acls", std::move(handler), plain<Stat>(wire::decode_stat)), scope,
             std::move(path), OpCode::kSetAcl,
             wire::SetAclRequest{.path = at, .acl = acl_views(acls), .version = version});
  if (version != kAnyVersion) call->repeat = Repeat::kUnlessUnknown;
  return call;
}

std::unique_ptr<Call> sync_call(const Scope& scope, std::string path,
                                detail::Handler<void> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(make_call<void>("sync", std::move(handler), plain<void>([](JuteReader&) {})), scope,
                std::move(path), OpCode::kSync, PathRequest{at});
}

// --- the ensemble

namespace {

struct ReconfigRecord {
  const drover::Reconfiguration& change;

  void encode(JuteWriter& out) const {
    for (const auto* text : {&change.joining, &change.leaving, &change.new_members}) {
      out.write_bytes(text->empty() ? std::nullopt : wire::NullableBytes(*text));
    }
    out.write_long(change.from_config);
  }
};

}  // namespace

std::unique_ptr<Call> who_am_i_call(detail::Handler<std::vector<Id>> handler) {
  return asking(make_call<std::vector<Id>>("who am i", std::move(handler),
                                           plain<std::vector<Id>>(decode_ids)),
                Scope(), "", OpCode::kWhoAmI, EmptyRequest());
}

std::unique_ptr<Call> ephemerals_call(const Scope& scope, std::string prefix,
                                      detail::Handler<std::vector<std::string>> handler) {
  const auto at = with_chroot(scope.prefix, prefix);
  return asking(make_call<std::vector<std::string>>(
                    "ephemerals", std::move(handler),
                    plain<std::vector<std::string>>([cut = scope.prefix](JuteReader& in) {
                      auto paths = decode_strings(in);
                      for (auto& path : paths) path = without_chroot(cut, path);
                      return paths;
                    })),
                scope, std::move(prefix), OpCode::kGetEphemerals, PathRequest{at});
}

std::unique_ptr<Call> all_children_number_call(const Scope& scope, std::string path,
                                               detail::Handler<std::int32_t> handler) {
  const auto at = with_chroot(scope.prefix, path);
  return asking(
      make_call<std::int32_t>("all children number", std::move(handler),
                              plain<std::int32_t>([](JuteReader& in) { return in.read_int(); })),
      scope, std::move(path), OpCode::kGetAllChildrenNumber, PathRequest{at});
}

std::unique_ptr<Call> reconfig_call(const drover::Reconfiguration& change,
                                    detail::Handler<Node> handler) {
  auto call = asking(make_call<Node>("reconfig", std::move(handler),
                                     [](Core&, const Call& asked, const Completion& c) {
                                       return read_node(asked, c, std::nullopt);
                                     }),
                     Scope(), std::string(kConfigPath), OpCode::kReconfig, ReconfigRecord{change});
  call->repeat = Repeat::kUnlessUnknown;
  return call;
}

// --- transactions

namespace {

using Operation = Transaction::Operation;
using Operations = std::vector<Operation>;

OpCode op_of(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kCheck:
      return OpCode::kCheck;
    case Operation::Kind::kCreate:
      return create_op(operation.mode);  // Apache knows no create2 in a transaction
    case Operation::Kind::kSet:
      return OpCode::kSetData;
    case Operation::Kind::kRemove:
      break;
  }
  return OpCode::kDelete;
}

struct MultiRecord {
  const Scope& scope;
  const Operations& operations;

  void encode(JuteWriter& out) const {
    for (const auto& operation : operations) {
      wire::MultiHeader{.op = op_of(operation), .done = false, .error = -1}.encode(out);
      encode_one(operation, out);
    }
    wire::MultiHeader{.op = OpCode::kError, .done = true, .error = -1}.encode(out);
  }
  void encode_one(const Operation& operation, JuteWriter& out) const {
    const auto at = with_chroot(scope.prefix, operation.path);
    const auto data = as_text(operation.data);
    switch (operation.kind) {
      case Operation::Kind::kCreate:
        return wire::CreateRequest{.path = at,
                                   .data = data,
                                   .acl = acl_views(operation.acls.value_or(AclList())),
                                   .flags = static_cast<std::int32_t>(operation.mode),
                                   .ttl_ms = operation.ttl.count()}
            .encode(out, has_ttl(operation.mode));
      case Operation::Kind::kSet:
        return wire::SetDataRequest{.path = at, .data = data, .version = operation.version}.encode(
            out);
      case Operation::Kind::kCheck:
      case Operation::Kind::kRemove:
        break;
    }
    wire::PathVersionRequest{.path = at, .version = operation.version}.encode(out);
  }
};

Error commit_error(ErrorCode code, const Operations& operations, std::size_t which) {
  if (which >= operations.size()) {
    return {.code = code, .message = fmt::format("commit: {}", error_name(code))};
  }
  const auto& operation = operations[which];
  constexpr const char* kNames[] = {"check", "create", "set", "remove"};
  return {.code = code,
          .message = fmt::format("commit: operation {}, {} {}: {}", which,
                                 kNames[static_cast<std::size_t>(operation.kind)], operation.path,
                                 error_name(code)),
          .path = operation.path,
          .operation = static_cast<std::int32_t>(which)};
}

Result<std::vector<OperationResult>> read_results(const std::string& prefix,
                                                  const Operations& operations,
                                                  const Completion& completion) {
  std::vector<OperationResult> results;
  JuteReader in(completion.body);
  // A transaction fails as a whole: every operation then answers with an error, zero before the one
  // that failed.
  for (std::size_t i = 0; i <= operations.size() && in.remaining() > 0; ++i) {
    const auto header = wire::MultiHeader::decode(in);
    if (header.done || !in.ok()) break;
    OperationResult result;
    switch (header.op) {
      case OpCode::kError: {
        const auto error = static_cast<ErrorCode>(in.read_int());
        if (in.ok() && error != ErrorCode::kOk) {
          return std::unexpected(
              commit_error(is_local(error) ? ErrorCode::kSystemError : error, operations, i));
        }
        break;
      }
      case OpCode::kCreate:
        result.path = without_chroot(prefix, in.read_string());
        break;
      case OpCode::kCreate2:
      case OpCode::kCreateContainer:
      case OpCode::kCreateTtl:
        result.path = without_chroot(prefix, in.read_string());
        result.stat = wire::decode_stat(in);
        break;
      case OpCode::kSetData:
        result.stat = wire::decode_stat(in);
        break;
      default:
        break;
    }
    if (i < operations.size() && result.path.empty()) result.path = operations[i].path;
    results.push_back(std::move(result));
  }
  if (completion.error != ErrorCode::kOk) {
    return std::unexpected(commit_error(completion.error, operations, operations.size()));
  }
  if (!in.ok() || results.size() != operations.size()) {
    return std::unexpected(
        commit_error(ErrorCode::kMarshallingError, operations, operations.size()));
  }
  return results;
}

}  // namespace

std::unique_ptr<Call> commit_call(const Scope& scope, Operations operations,
                                  detail::Handler<std::vector<OperationResult>> handler) {
  const std::string body = encoded(MultiRecord{scope, operations});
  auto call = make_call<std::vector<OperationResult>>(
      "commit", std::move(handler),
      [prefix = scope.prefix, asked = std::move(operations)](Core&, const Call&,
                                                             const Completion& completion) {
        // An error made up on this side gives the request back, not results.
        const bool is_reply = completion.error == ErrorCode::kOk || completion.zxid.value != 0;
        if (!is_reply) {
          return Result<std::vector<OperationResult>>(
              std::unexpected(commit_error(completion.error, asked, asked.size())));
        }
        return read_results(prefix, asked, completion);
      });
  call->name_space = scope.name_space;
  call->op = OpCode::kMulti;
  call->body = body;
  call->repeat = Repeat::kUnlessUnknown;
  return call;
}

// --- watches

std::unique_ptr<Call> watch_data_call(const Scope& scope, std::string path,
                                      std::optional<std::size_t> decompressed_max,
                                      detail::Handler<Watched<Node>> handler) {
  const auto at = with_chroot(scope.prefix, path);
  auto call = asking(
      make_call<Watched<Node>>(
          "watch data", std::move(handler),
          [decompressed_max, at, prefix = scope.prefix](
              Core& core, const Call& asked, const Completion& c) -> Result<Watched<Node>> {
            std::optional<OneShot> changed;
            if (c.error == ErrorCode::kOk) {
              changed = core.make_one_shot(WatchKind::kData, at, prefix);
            }
            auto node = read_node(asked, c, decompressed_max);
            if (!node) return std::unexpected(node.error());
            return Watched<Node>{std::move(*node), std::move(*changed)};
          }),
      scope, std::move(path), OpCode::kGetData, wire::PathWatchRequest{.path = at, .watch = true});
  call->watch = {WatchKind::kData, at};
  return call;
}

std::unique_ptr<Call> watch_exists_call(const Scope& scope, std::string path,
                                        detail::Handler<Watched<std::optional<Stat>>> handler) {
  using Answer = Watched<std::optional<Stat>>;
  const auto at = with_chroot(scope.prefix, path);
  auto call = asking(
      make_call<Answer>("watch exists", std::move(handler),
                        [at, prefix = scope.prefix](Core& core, const Call& asked,
                                                    const Completion& c) -> Result<Answer> {
                          const auto stat = read_existence(asked, c);
                          if (!stat) return std::unexpected(stat.error());
                          const auto kind = *stat ? WatchKind::kData : WatchKind::kExist;
                          return Answer{*stat, core.make_one_shot(kind, at, prefix)};
                        }),
      scope, std::move(path), OpCode::kExists, wire::PathWatchRequest{.path = at, .watch = true});
  call->watch = {WatchKind::kData, at};
  return call;
}

std::unique_ptr<Call> watch_children_call(const Scope& scope, std::string path,
                                          detail::Handler<Watched<Listing>> handler) {
  const auto at = with_chroot(scope.prefix, path);
  auto call =
      asking(make_call<Watched<Listing>>(
                 "watch children", std::move(handler),
                 [at, prefix = scope.prefix](Core& core, const Call& asked,
                                             const Completion& c) -> Result<Watched<Listing>> {
                   auto listing = read_listing_of(asked, c);
                   if (!listing) return std::unexpected(listing.error());
                   return Watched<Listing>{std::move(*listing),
                                           core.make_one_shot(WatchKind::kChild, at, prefix)};
                 }),
             scope, std::move(path), OpCode::kGetChildren2,
             wire::PathWatchRequest{.path = at, .watch = true});
  call->watch = {WatchKind::kChild, at};
  return call;
}

std::unique_ptr<Call> watch_tree_call(const Scope& scope, std::string path, bool recursive,
                                      detail::Handler<Stream<WatchedEvent>> handler) {
  const auto at = with_chroot(scope.prefix, path);
  const auto kind = recursive ? WatchKind::kPersistentRecursive : WatchKind::kPersistent;
  auto call = asking(
      make_call<Stream<WatchedEvent>>(
          "watch tree", std::move(handler),
          [kind, at, prefix = scope.prefix](Core& core, const Call& asked,
                                            const Completion& c) -> Result<Stream<WatchedEvent>> {
            if (c.error != ErrorCode::kOk) return std::unexpected(call_error(asked, c.error));
            return core.make_stream(kind, at, prefix);
          }),
      scope, std::move(path), OpCode::kAddWatch,
      wire::PathModeRequest{.path = at, .mode = recursive ? 1 : 0});
  call->watch = {kind, at};
  return call;
}

}  // namespace drover::client
