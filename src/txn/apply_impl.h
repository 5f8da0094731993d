#pragma once
// One txn being applied: where its effects go. Shared by the files that implement apply.

#include <variant>
#include <vector>

#include "txn/apply.h"

namespace drover::txn {

// A txn record that changes something, decoded.
struct ErrorRecord {
  ErrorCode error = ErrorCode::kOk;
};
using Record = std::variant<wire::CreateTxn, wire::DeleteTxn, wire::SetDataTxn, wire::SetAclTxn,
                            wire::CheckTxn, ErrorRecord>;

struct TypedRecord {
  wire::OpCode type = wire::OpCode::kError;
  Record record;
};

// False when the type is none of those that a multi may hold, or the bytes do not decode.
[[nodiscard]] bool decode_record(wire::OpCode type, wire::JuteReader& in, TypedRecord& out);

class Applier {
 public:
  // A null `sink` collects no changes, a null `body` makes no response.
  Applier(tree::Tree& tree, const wire::TxnHeader& header, const ChangeSink* sink,
          wire::JuteWriter* body)
      : tree_(tree), header_(header), sink_(sink), body_(body) {}

  // Applies one record and appends its response record.
  ErrorCode apply(const TypedRecord& record);
  ErrorCode remove(std::string_view path);
  void multi(const std::vector<TypedRecord>& records);
  void close_session(const wire::CloseSessionTxn& txn);

 private:
  ErrorCode create(wire::OpCode type, const wire::CreateTxn& txn);
  ErrorCode set_data(const wire::SetDataTxn& txn);
  ErrorCode set_acl(const wire::SetAclTxn& txn);
  void respond(const Stat& stat);
  void note(Change::Kind kind, std::string_view path, std::shared_ptr<const AclList> acl,
            std::shared_ptr<const AclList> parent_acl);

  tree::Tree& tree_;
  const wire::TxnHeader& header_;
  const ChangeSink* sink_;
  wire::JuteWriter* body_;
};

}  // namespace drover::txn
