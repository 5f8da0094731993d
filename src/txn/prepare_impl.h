#pragma once
// What Prepare holds, shared by the files that implement it, one per kind of request. Not for other
// rooms.

#include <string>
#include <variant>
#include <vector>

#include "txn/overlay.h"
#include "txn/prepare.h"

namespace drover::txn {

// Everything an operation needs to know about the request it belongs to.
struct PrepareContext {
  wire::SessionId session;
  std::span<const Id> identities;
  wire::Zxid zxid;
  base::WallTime time;
};

// One operation of a multi, decoded, with the type it has in the txn.
struct MultiOp {
  wire::OpCode type = wire::OpCode::kError;
  std::variant<wire::CreateRequest, wire::PathVersionRequest, wire::SetDataRequest> request;
  std::size_t bytes_behind = 0;  // of the request, after this operation
};

struct Prepare::Impl {
  const tree::Tree& tree;
  session::SessionTable& sessions;
  const AuthOptions& auth;
  const PrepareOptions options;
  Overlay overlay;
  std::string sequential_path;           // scratch
  std::vector<MultiOp> multi_ops;        // scratch
  std::vector<std::string> close_paths;  // scratch
  std::size_t txn_begin = 0;             // where the txn being written begins in the output
  std::size_t txn_rest = 0;              // at most so many bytes will follow in it; 0 outside multi

  Outcome dispatch(const PrepareContext& context, const Request& request, std::string_view body,
                   base::ByteBuffer& out);
  // Writes header, what `write_record` appends, and digest; an error from it becomes an error txn.
  template <typename WriteRecord>
  Outcome write_txn(const PrepareContext& context, wire::OpCode type, std::int32_t cxid,
                    base::ByteBuffer& out, WriteRecord&& write_record);
  Outcome write_error(const PrepareContext& context, std::int32_t cxid, ErrorCode error,
                      base::ByteBuffer& out);

  // Each decides one operation and, when it passes, changes the overlay and appends the txn record.
  // When it does not pass, it has changed nothing and appended nothing.
  ErrorCode create(const PrepareContext& context, wire::OpCode type,
                   const wire::CreateRequest& request, wire::JuteWriter& out);
  ErrorCode remove(const PrepareContext& context, const wire::PathVersionRequest& request,
                   wire::JuteWriter& out);
  ErrorCode delete_container(const PrepareContext& context, std::string_view path,
                             wire::JuteWriter& out);
  ErrorCode set_data(const PrepareContext& context, const wire::SetDataRequest& request,
                     wire::JuteWriter& out);
  ErrorCode set_acl(const PrepareContext& context, const wire::SetAclRequest& request,
                    wire::JuteWriter& out);
  ErrorCode check(const PrepareContext& context, const wire::PathVersionRequest& request,
                  wire::JuteWriter& out);
  void close_session(const PrepareContext& context, wire::JuteWriter& out);
  void write_close_session(wire::JuteWriter& out) const;

  Outcome multi(const PrepareContext& context, std::int32_t cxid, std::string_view body,
                base::ByteBuffer& out);
  void write_multi_ops(const PrepareContext& context, wire::JuteWriter& out);
  ErrorCode multi_op(const PrepareContext& context, const MultiOp& op, wire::JuteWriter& out);

  std::map<std::string, std::int64_t> quota_refusals{};
  // kOk, kQuotaExceeded, or kMarshallingError when the limits cannot be read.
  ErrorCode check_quota(std::string_view path, std::int64_t bytes_change,
                        std::int64_t count_change);

  // Whether the txn written so far could not be read back from the log. An ACL grows when `auth` is
  // expanded, so a request within the limit may make a txn beyond it.
  [[nodiscard]] bool is_too_long(const wire::JuteWriter& out) const {
    constexpr std::size_t kRoomForDigest = 64;
    return out.position() - txn_begin + txn_rest + kRoomForDigest >
           static_cast<std::size_t>(options.length_max);
  }
  [[nodiscard]] bool allowed(const PendingZnode& znode, std::int32_t perms,
                             const PrepareContext& context) const {
    return txn::allowed(auth, znode.acl.get(), perms, context.identities);
  }
  void take_out(const PrepareContext& context, Overlay::Record& parent, Overlay::Record& node);
};

// Also one that cannot be decoded does: an error txn.
[[nodiscard]] bool multi_makes_a_txn(std::string_view body, std::int32_t length_max);
// joining, leaving, new members and a configuration id.
[[nodiscard]] bool decodes_as_reconfig(wire::JuteReader& in);
[[nodiscard]] std::vector<wire::AclView> acl_views(const AclList& list);

// int32 arithmetic as in Java: 2147483647 + 1 wraps.
[[nodiscard]] constexpr std::int32_t next_version(std::int32_t version) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(version) + 1);
}
[[nodiscard]] constexpr bool is_version(std::int32_t expected, std::int32_t current) {
  return expected == -1 || expected == current;
}
[[nodiscard]] inline std::int64_t size_of(wire::NullableBytes data) {
  return data ? static_cast<std::int64_t>(data->size()) : 0;
}

template <typename WriteRecord>
Prepare::Outcome Prepare::Impl::write_txn(const PrepareContext& context, wire::OpCode type,
                                          std::int32_t cxid, base::ByteBuffer& out,
                                          WriteRecord&& write_record) {
  const std::size_t begin = txn_begin = out.size();
  wire::JuteWriter writer(out);
  wire::TxnHeader{context.session, cxid, context.zxid, context.time, type}.encode(writer);
  const ErrorCode error = write_record(writer);
  if (error != ErrorCode::kOk) {
    out.truncate(begin);
    return write_error(context, cxid, error, out);
  }
  if (options.digest_enabled) wire::TxnDigest{.tree_digest = overlay.digest()}.encode(writer);
  return {.kind = Outcome::Kind::kTxn, .error = ErrorCode::kOk, .type = type};
}

}  // namespace drover::txn
