#include "storage/snapshot_stream.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/assert.h"
#include "storage/snapshot_format.h"
#include "wire/jute_reader.h"
#include "wire/jute_writer.h"

namespace drover::storage {
namespace {

// Behind the nodes; what tells a learner that it cut the stream right (LearnerHandler).
constexpr std::string_view kSignature = "BenWasHere";

// Reads one record from bytes of which the end may be missing. What is missing and what is wrong
// are told apart, and wrong is told as soon as it can be seen: nobody waits for bytes that would
// not help.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::int32_t length_max)
      : bytes_(bytes), length_max_(length_max) {}

  [[nodiscard]] bool complete() const { return !missing_ && wrong_.empty(); }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  [[nodiscard]] std::size_t taken() const { return at_; }
  void fail(std::string what) {
    if (complete()) wrong_ = std::move(what);
  }

  std::int32_t take_int() {
    const auto bytes = take(4);
    return bytes.empty() ? 0 : wire::JuteReader(bytes).read_int();
  }
  std::int64_t take_long() {
    const auto bytes = take(8);
    return bytes.empty() ? 0 : wire::JuteReader(bytes).read_long();
  }
  wire::NullableBytes take_bytes() {
    const std::int32_t length = take_int();
    if (!complete() || length == -1) return std::nullopt;
    if (length < -1 || length > length_max_) {
      fail(fmt::format("unreasonable length {}", length));
      return std::nullopt;
    }
    return take(static_cast<std::size_t>(length));
  }
  std::string_view take(std::size_t n) {
    if (!complete() || bytes_.size() - at_ < n) {
      missing_ = true;
      return {};
    }
    const auto taken = bytes_.substr(at_, n);
    at_ += n;
    return taken;
  }

 private:
  std::string_view bytes_;
  std::int32_t length_max_;
  std::size_t at_ = 0;
  bool missing_ = false;
  std::string wrong_;
};

wire::StatPersisted take_stat(Cursor& in) {
  wire::StatPersisted stat;
  stat.czxid = in.take_long();
  stat.mzxid = in.take_long();
  stat.ctime = in.take_long();
  stat.mtime = in.take_long();
  stat.version = in.take_int();
  stat.cversion = in.take_int();
  stat.aversion = in.take_int();
  stat.ephemeral_owner = in.take_long();
  stat.pzxid = in.take_long();
  return stat;
}

}  // namespace

void begin_snapshot_stream(
    std::span<const SnapshotSession> sessions,
    std::span<const std::pair<std::int64_t, std::shared_ptr<const AclList>>> acls,
    base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  writer.write_int(static_cast<std::int32_t>(sessions.size()));
  for (const auto& session : sessions) {
    writer.write_long(session.id.value);
    writer.write_int(session.timeout_ms);
  }
  writer.write_int(static_cast<std::int32_t>(acls.size()));
  for (const auto& [key, list] : acls) {
    writer.write_long(key);
    wire::encode_acl(*list, writer);
  }
}

void append_snapshot_node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                          const wire::StatPersisted& stat, base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  writer.write_string(path == "/" ? std::string_view() : path);
  writer.write_bytes(data);
  writer.write_long(acl_key);
  writer.write_long(stat.czxid);
  writer.write_long(stat.mzxid);
  writer.write_long(stat.ctime);
  writer.write_long(stat.mtime);
  writer.write_int(stat.version);
  writer.write_int(stat.cversion);
  writer.write_int(stat.aversion);
  writer.write_long(stat.ephemeral_owner);
  writer.write_long(stat.pzxid);
}

void end_snapshot_stream(base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  writer.write_string(snapshot_format::kEndMarker);
  writer.write_string(kSignature);
}

struct SnapshotStreamParser::Impl {
  enum class Expect {
    kSessionCount,
    kSession,
    kAclCount,
    kAcl,
    kAclEntry,
    kNode,
    kSignature,
    kEnd
  };

  wire::Zxid zxid;
  std::int32_t length_max;
  RestoreSink& sink;
  Expect expect = Expect::kSessionCount;
  std::int32_t records_left = 0;  // sessions or ACLs still to come
  std::int64_t acl_key = 0;       // of the list that is being read, entry by entry
  std::int32_t entries_left = 0;
  AclList list{};
  std::size_t list_bytes = 0;
  std::int64_t records = 0;  // taken of the kind that is expected
  std::int64_t nodes = 0;
  bool failed = false;

  void record(Cursor& in);
  void session_count(Cursor& in);
  void session(Cursor& in);
  void acl_count(Cursor& in);
  void acl(Cursor& in);
  void acl_entry(Cursor& in);
  void node(Cursor& in);
  void signature(Cursor& in);
  void next_acl();
  void go_on(Expect what) {
    expect = what;
    records = 0;
  }
  [[nodiscard]] std::string expected() const;
};

// Each takes one record and acts on it only when it is all there.
void SnapshotStreamParser::Impl::record(Cursor& in) {
  switch (expect) {
    case Expect::kSessionCount:
      return session_count(in);
    case Expect::kSession:
      return session(in);
    case Expect::kAclCount:
      return acl_count(in);
    case Expect::kAcl:
      return acl(in);
    case Expect::kAclEntry:
      return acl_entry(in);
    case Expect::kNode:
      return node(in);
    case Expect::kSignature:
      return signature(in);
    case Expect::kEnd:
      return;
  }
}

void SnapshotStreamParser::Impl::session_count(Cursor& in) {
  records_left = in.take_int();
  if (!in.complete()) return;
  if (records_left < 0) return in.fail(fmt::format("{} sessions", records_left));
  go_on(records_left == 0 ? Expect::kAclCount : Expect::kSession);
}

void SnapshotStreamParser::Impl::session(Cursor& in) {
  const wire::SessionId id(in.take_long());
  const std::int32_t timeout_ms = in.take_int();
  if (!in.complete()) return;
  sink.session(id, timeout_ms);
  ++records;
  if (--records_left == 0) go_on(Expect::kAclCount);
}

void SnapshotStreamParser::Impl::acl_count(Cursor& in) {
  records_left = in.take_int();
  if (!in.complete()) return;
  if (records_left < 0) return in.fail(fmt::format("{} ACLs", records_left));
  go_on(records_left == 0 ? Expect::kNode : Expect::kAcl);
}

void SnapshotStreamParser::Impl::acl(Cursor& in) {
  const std::int64_t key = in.take_long();
  const std::int32_t entries = in.take_int();
  if (!in.complete()) return;
  acl_key = key;
  entries_left = entries;
  list_bytes = 0;
  list.clear();
  if (entries <= 0) return next_acl();  // -1 is a null list, as in a snapshot file
  expect = Expect::kAclEntry;
}

void SnapshotStreamParser::Impl::acl_entry(Cursor& in) {
  Acl entry;
  entry.perms = in.take_int();
  const auto scheme = in.take_bytes();
  const auto id = in.take_bytes();
  // A list came through one request, so that it is never longer than one buffer.
  if (list_bytes + in.taken() > static_cast<std::size_t>(length_max)) {
    return in.fail(fmt::format("an ACL of more than {} bytes", length_max));
  }
  if (!in.complete()) return;
  list_bytes += in.taken();
  entry.id.scheme = std::string(scheme.value_or(std::string_view()));
  entry.id.id = std::string(id.value_or(std::string_view()));
  list.push_back(std::move(entry));
  if (--entries_left == 0) next_acl();
}

void SnapshotStreamParser::Impl::next_acl() {
  sink.acl(acl_key, std::move(list));
  ++records;
  list = {};
  expect = Expect::kAcl;
  if (--records_left == 0) go_on(Expect::kNode);
}

void SnapshotStreamParser::Impl::node(Cursor& in) {
  const auto path = in.take_bytes();
  if (!in.complete()) return;
  if (!path) return in.fail("a null path");
  if (*path == snapshot_format::kEndMarker) return go_on(Expect::kSignature);
  const auto data = in.take_bytes();
  const std::int64_t key = in.take_long();
  const wire::StatPersisted stat = take_stat(in);
  if (!in.complete()) return;
  if (auto done = sink.node(*path, data, key, stat); !done) return in.fail(done.error().message);
  nodes = ++records;
}

void SnapshotStreamParser::Impl::signature(Cursor& in) {
  const std::int32_t length = in.take_int();
  if (!in.complete()) return;
  if (length != static_cast<std::int32_t>(kSignature.size())) {
    return in.fail(fmt::format("{} bytes long, not {}", length, kSignature.size()));
  }
  const auto bytes = in.take(kSignature.size());
  if (!in.complete()) return;
  if (bytes != kSignature) return in.fail(fmt::format("not {}", kSignature));
  if (auto done = sink.end_snapshot(std::nullopt); !done) return in.fail(done.error().message);
  go_on(Expect::kEnd);
}

std::string SnapshotStreamParser::Impl::expected() const {
  switch (expect) {
    case Expect::kSessionCount:
      return "number of sessions";
    case Expect::kSession:
      return fmt::format("session {}", records);
    case Expect::kAclCount:
      return "number of ACLs";
    case Expect::kAcl:
    case Expect::kAclEntry:
      return fmt::format("ACL {}", records);
    case Expect::kNode:
      return fmt::format("node {}", records);
    case Expect::kSignature:
      return "signature";
    case Expect::kEnd:
      break;
  }
  return "end";
}

SnapshotStreamParser::SnapshotStreamParser(wire::Zxid zxid, std::int32_t length_max,
                                           RestoreSink& sink)
    : impl_(new Impl{.zxid = zxid, .length_max = length_max, .sink = sink}) {
  sink.begin_snapshot(zxid);
}
SnapshotStreamParser::~SnapshotStreamParser() = default;

Result<std::size_t> SnapshotStreamParser::feed(std::string_view bytes) {
  DROVER_ASSERT(!impl_->failed, "a parser is useless after its first error");
  std::size_t taken = 0;
  while (!done()) {
    Cursor in(bytes.substr(taken), impl_->length_max);
    impl_->record(in);
    if (!in.wrong().empty()) {
      impl_->failed = true;
      return failure(fmt::format("snapshot of zxid 0x{:x}: {}: {}", impl_->zxid.value,
                                 impl_->expected(), in.wrong()));
    }
    if (!in.complete()) break;
    taken += in.taken();
  }
  return taken;
}

bool SnapshotStreamParser::done() const {
  return impl_->expect == Impl::Expect::kEnd;
}
std::int64_t SnapshotStreamParser::nodes() const {
  return impl_->nodes;
}

}  // namespace drover::storage
