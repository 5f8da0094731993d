#pragma once
// A leader in miniature for tests: prepare, a queue of txns not yet applied, apply. Real tree, real
// sessions.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "txn/apply.h"
#include "txn/prepare.h"

namespace drover::txn {

using wire::OpCode;

inline const AclList kOpenAclList{{perms::kAll, {"world", "anyone"}}};

// The bytes that `record.encode(writer, more...)` makes.
template <typename Record, typename... More>
std::string encoded(const Record& record, More... more) {
  base::ByteBuffer bytes;
  wire::JuteWriter writer(bytes);
  record.encode(writer, more...);
  return std::string(bytes.view());
}

inline std::vector<wire::AclView> views_of(const AclList& list) {
  std::vector<wire::AclView> views;
  for (const Acl& entry : list) views.push_back({entry.perms, entry.id.scheme, entry.id.id});
  return views;
}

inline std::string create_body(wire::NullableBytes path, wire::NullableBytes data = "",
                               std::int32_t flags = 0, const AclList& acl = kOpenAclList) {
  return encoded(
      wire::CreateRequest{.path = path, .data = data, .acl = views_of(acl), .flags = flags}, false);
}
inline std::string create_ttl_body(std::string_view path, std::int32_t flags, std::int64_t ttl_ms) {
  return encoded(wire::CreateRequest{.path = path,
                                     .data = "",
                                     .acl = views_of(kOpenAclList),
                                     .flags = flags,
                                     .ttl_ms = ttl_ms},
                 true);
}
inline std::string set_data_body(wire::NullableBytes path, wire::NullableBytes data,
                                 std::int32_t version = -1) {
  return encoded(wire::SetDataRequest{path, data, version});
}
inline std::string path_version_body(wire::NullableBytes path, std::int32_t version = -1) {
  return encoded(wire::PathVersionRequest{path, version});
}
inline std::string set_acl_body(wire::NullableBytes path, const AclList& acl,
                                std::int32_t version = -1) {
  return encoded(wire::SetAclRequest{path, views_of(acl), version});
}

using MultiBodyOp = std::pair<OpCode, std::string>;
inline std::string multi_body(const std::vector<MultiBodyOp>& ops) {
  std::string body;
  for (const auto& [op, record] : ops) body += encoded(wire::MultiHeader{op, false, -1}) + record;
  return body + encoded(wire::MultiHeader{OpCode::kError, true, -1});
}

struct TestOptions {
  AuthOptions auth{};
  PrepareOptions prepare{.extended_types_enabled = true};
};

class TestLeader {
 public:
  static constexpr std::int64_t kSession = 0x100;
  static constexpr std::int64_t kOtherSession = 0x200;
  static constexpr std::int64_t kStartMs = 1'000'000;

  explicit TestLeader(TestOptions options = {})
      : auth(std::move(options.auth)), prepare(tree, sessions, auth, options.prepare) {
    sessions.add(wire::SessionId(kSession), 10000, {});
    sessions.add(wire::SessionId(kOtherSession), 10000, {});
  }

  struct Result {
    Prepare::Outcome::Kind kind = Prepare::Outcome::Kind::kTxn;
    ErrorCode error = ErrorCode::kOk;  // as the reply header has it
    OpCode type = OpCode::kError;      // of the txn
    std::string txn;
    std::string body;
    std::vector<std::string> changes;  // "created /a"
    std::vector<Change> raw_changes;
    bool digest_matches = true;
  };

  // Prepares only; what comes of it waits for apply_next().
  Prepare::Outcome submit(OpCode op, std::string_view body) {
    Request request;
    request.op = op;
    request.xid = ++xid;
    request.session = wire::SessionId(session);
    request.timeout_ms = 10000;
    request.identities = identities;
    return enqueue(op, [&](wire::Zxid next, base::ByteBuffer& out) {
      return prepare.prepare(request, body, next, base::WallTime{kStartMs + next.value}, out);
    });
  }
  template <typename MakeTxn>
  Prepare::Outcome enqueue(OpCode op, MakeTxn&& make_txn) {
    base::ByteBuffer out;
    const auto outcome = make_txn(zxid.next(), out);
    if (outcome.kind != Prepare::Outcome::Kind::kTxn) return outcome;
    zxid = zxid.next();
    queue.push_back({zxid, op, outcome, std::string(out.view())});
    return outcome;
  }

  Result apply_next() {
    const Queued queued = queue.front();
    queue.pop_front();
    base::ByteBuffer body, change_bytes;
    Result result;
    const ChangeSink sink{result.raw_changes, change_bytes};
    const Applied applied = apply(queued.txn, tree, sessions, {}, queued.op, &sink, body);
    prepare.applied(queued.zxid);
    result.kind = queued.outcome.kind;
    result.error = applied.ok ? applied.error : ErrorCode::kSystemError;
    result.type = applied.header.type;
    result.txn = queued.txn;
    result.body = body.view();
    result.digest_matches = applied.digest_matches;
    for (const Change& change : result.raw_changes) {
      constexpr const char* kNames[] = {"created ", "deleted ", "changed "};
      result.changes.push_back(
          kNames[static_cast<int>(change.kind)] +
          std::string(change_bytes.view().substr(change.path_offset, change.path_size)));
    }
    return result;
  }

  // Prepares and applies, after whatever still waits.
  Result run(OpCode op, std::string_view body) {
    const auto outcome = submit(op, body);
    if (outcome.kind != Prepare::Outcome::Kind::kTxn) {
      Result refused;
      refused.kind = outcome.kind;
      refused.error = outcome.error;
      return refused;
    }
    while (queue.size() > 1) apply_next();
    return apply_next();
  }
  ErrorCode error(OpCode op, std::string_view body) { return run(op, body).error; }

  void as(std::vector<Id> ids) {
    identities = std::make_shared<const std::vector<Id>>(std::move(ids));
  }
  Stat stat(std::string_view path) const { return tree.stat(tree.find(path)); }
  bool exists(std::string_view path) const { return tree.find(path) != tree::kNoNode; }
  std::string data(std::string_view path) const {
    return std::string(tree.data(tree.find(path)).value_or("<null>"));
  }

  struct Queued {
    wire::Zxid zxid;
    OpCode op;
    Prepare::Outcome outcome;
    std::string txn;
  };

  tree::Tree tree;
  session::SessionTable sessions{1000};
  AuthOptions auth;
  Prepare prepare;
  std::deque<Queued> queue;
  wire::Zxid zxid;
  std::int32_t xid = 0;
  std::int64_t session = kSession;
  Identities identities =
      std::make_shared<const std::vector<Id>>(std::vector<Id>{{"ip", "127.0.0.1"}});
};

}  // namespace drover::txn
