#include "storage/snapshot_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/adler32.h"
#include "storage/snapshot_format.h"
#include "storage/snapshot_source.h"
#include "wire/jute_reader.h"

namespace drover::storage {
namespace {

constexpr std::int64_t kOpenAcl = -1;  // world:anyone:cdrwa, never in the table

// The uncompressed bytes in order, with the running checksum of all that was taken. The first
// failure sticks; takers then answer zeros and empty strings, and the caller looks at failure()
// where it matters.
class SealedStream {
 public:
  SealedStream(SnapshotSource& source, std::string path, std::int32_t length_max)
      : source_(source), path_(std::move(path)), length_max_(length_max), chunk_(256 * 1024) {}

  [[nodiscard]] bool ok() const { return !failure_; }
  [[nodiscard]] const Error& error() const { return *failure_; }
  [[nodiscard]] std::int32_t length_max() const { return length_max_; }
  // Of the failure, or of what was taken so far.
  [[nodiscard]] std::uint64_t offset() const { return failure_ ? failed_at_ : taken_; }
  void fail(std::string_view what) { fail_at(taken_, what); }
  void fail_at(std::uint64_t offset, std::string_view what) {
    if (failure_) return;
    reason_ = what;
    failed_at_ = offset;
    failure_ = Error{.message = fmt::format("{}: at byte {}: {}", path_, offset, what)};
  }

  std::int32_t take_int() { return static_cast<std::int32_t>(take_number<std::uint32_t>()); }
  std::int64_t take_long() { return static_cast<std::int64_t>(take_number<std::uint64_t>()); }

  // Into `buffer`, whose memory is kept; grows only as bytes really arrive.
  wire::NullableBytes take_bytes(std::vector<char>& buffer) {
    const std::int32_t length = take_int();
    if (!ok() || length == -1) return std::nullopt;
    if (length < -1 || length > length_max_) {
      fail(fmt::format("unreasonable length {}", length));
      return std::nullopt;
    }
    std::size_t left = static_cast<std::size_t>(length);
    buffer.clear();
    while (left > 0 && ok()) {
      const std::string_view some = take_some(left);
      buffer.insert(buffer.end(), some.begin(), some.end());
      left -= some.size();
    }
    return std::string_view(buffer.data(), buffer.size());
  }

  // The checksum up to here against the next long, then the string that closes a seal.
  void take_seal() {
    const std::uint64_t expected = checksum();
    const auto stored = static_cast<std::uint64_t>(take_long());
    if (ok() && stored != expected) {
      fail(fmt::format("CRC corruption: the seal says {:x}, the bytes before it make {:x}", stored,
                       expected));
    }
    std::vector<char> end;
    take_bytes(end);
    closed_ = std::string_view(end.data(), end.size()) == snapshot_format::kEndMarker;
  }
  // Whether the string that closes the last seal is the right one. No seal covers it.
  [[nodiscard]] bool closed() const { return closed_; }
  // Of the failure, without the path and offset where they are ours to say.
  [[nodiscard]] std::string reason() const {
    if (!failure_) return {};
    return reason_.empty() ? failure_->message : reason_;
  }

  // How many bytes are left, counted up to `limit`. Requires limit smaller than the chunk.
  std::size_t remaining(std::size_t limit) {
    if (filled_ - at_ >= limit) return limit;
    checksum();
    std::memmove(chunk_.data(), chunk_.data() + at_, filled_ - at_);
    filled_ -= at_;
    summed_ = at_ = 0;
    while (filled_ < limit && ok()) {
      const auto got = source_.read({chunk_.data() + filled_, chunk_.size() - filled_});
      if (!got) {
        failed_at_ = taken_;
        failure_ = got.error();
      } else if (*got == 0) {
        break;
      } else {
        filled_ += *got;
      }
    }
    return ok() ? std::min(filled_, limit) : 0;
  }

 private:
  template <typename T>
  T take_number() {
    char bytes[sizeof(T)];
    if (filled_ - at_ >= sizeof(T)) {
      std::memcpy(bytes, chunk_.data() + at_, sizeof(T));
      at_ += sizeof(T);
      taken_ += sizeof(T);
    } else if (!take_across_chunks(bytes)) {
      return 0;
    }
    T value = 0;
    for (const char c : bytes) value = static_cast<T>((value << 8) | static_cast<std::uint8_t>(c));
    return ok() ? value : 0;
  }

  bool take_across_chunks(std::span<char> into) {
    while (!into.empty() && ok()) {
      const std::string_view some = take_some(into.size());
      if (!ok()) break;
      std::memcpy(into.data(), some.data(), some.size());
      into = into.subspan(some.size());
    }
    return ok();
  }

  // At least one byte and at most `n`; fails at the end. Lives until the next take.
  std::string_view take_some(std::size_t n) {
    if (at_ == filled_) {
      fill();
      if (ok() && filled_ == 0) fail("the file ends too early");
      if (!ok()) return {};
    }
    const std::string_view some(chunk_.data() + at_, std::min(n, filled_ - at_));
    at_ += some.size();
    taken_ += some.size();
    return some;
  }

  void fill() {
    checksum();
    summed_ = at_ = filled_ = 0;
    const auto got = source_.read(chunk_);
    if (!got) {
      if (!failure_) {
        failed_at_ = taken_;
        failure_ = got.error();
      }
      return;
    }
    filled_ = *got;
  }

  std::uint64_t checksum() {
    sum_ = adler32(sum_, {chunk_.data() + summed_, at_ - summed_});
    summed_ = at_;
    return sum_;
  }

  SnapshotSource& source_;
  std::string path_;
  std::int32_t length_max_;
  std::vector<char> chunk_;
  std::size_t at_ = 0;      // next byte in chunk_
  std::size_t filled_ = 0;  // Invariant: summed_ <= at_ <= filled_
  std::size_t summed_ = 0;  // bytes of chunk_ that are in sum_
  std::uint64_t taken_ = 0;
  std::uint64_t failed_at_ = 0;
  std::uint32_t sum_ = kAdlerStart;
  bool closed_ = false;
  std::string reason_;  // empty: the failure is another's
  std::optional<Error> failure_;
};

class Parser {
 public:
  Parser(SealedStream& in, RestoreSink& sink) : in_(in), sink_(sink) {}

  Result<SnapshotContent> parse(wire::Zxid zxid) {
    sink_.begin_snapshot(zxid);
    header();
    sessions();
    acls();
    if (auto done = nodes(); !done) return std::unexpected(done.error());
    nodes_complete_ = true;
    in_.take_seal();
    trailer();
    if (!in_.ok()) return std::unexpected(in_.error());
    if (auto done = sink_.end_snapshot(content_.digest); !done)
      return std::unexpected(done.error());
    return content_;
  }

  [[nodiscard]] SnapshotEnd end() const {
    return {.offset = in_.offset(),
            .reason = in_.reason(),
            .nodes_complete = nodes_complete_,
            .closed = in_.closed(),
            .sessions = content_.sessions,
            .nodes = content_.nodes};
  }

 private:
  void header() {
    const auto magic = static_cast<std::uint32_t>(in_.take_int());
    in_.take_int();   // version: there has only ever been 2, and Apache does not look
    in_.take_long();  // dbid
    if (in_.ok() && magic != snapshot_format::kMagic)
      in_.fail_at(0, "this is not a snapshot (magic ZKSN is missing)");
  }

  void sessions() {
    const std::int32_t count = in_.take_int();
    if (count < 0) in_.fail("a negative number of sessions");
    for (std::int32_t i = 0; i < count && in_.ok(); ++i) {
      const wire::SessionId id(in_.take_long());
      const std::int32_t timeout_ms = in_.take_int();
      if (!in_.ok()) return;
      sink_.session(id, timeout_ms);
      ++content_.sessions;
    }
  }

  void acls() {
    const std::int32_t count = in_.take_int();
    if (count < 0) in_.fail("a negative number of ACLs");
    for (std::int32_t i = 0; i < count && in_.ok(); ++i) {
      const std::int64_t key = in_.take_long();
      AclList list;
      const std::int32_t entries = in_.take_int();
      if (entries > in_.length_max() / 12) in_.fail(fmt::format("an ACL of {} entries", entries));
      for (std::int32_t k = 0; k < entries && in_.ok(); ++k) {
        Acl entry;
        entry.perms = in_.take_int();
        entry.id.scheme = take_string();
        entry.id.id = take_string();
        list.push_back(std::move(entry));
      }
      if (!in_.ok()) return;
      acl_keys_.insert(key);
      sink_.acl(key, std::move(list));
    }
  }

  Result<void> nodes() {
    while (in_.ok()) {
      const auto path = in_.take_bytes(path_);
      if (in_.ok() && !path) in_.fail("a null path");
      if (!in_.ok() || *path == snapshot_format::kEndMarker) break;
      const auto data = in_.take_bytes(data_);
      const std::int64_t acl_key = in_.take_long();
      const wire::StatPersisted stat = take_stat();
      if (!in_.ok()) break;
      if (auto done = sink_.node(*path, data, acl_key, stat); !done) {
        in_.fail(fmt::format("node {}: {}", *path, done.error().message));
        break;
      }
      ++content_.nodes;
      if (acl_key != kOpenAcl && !acl_keys_.contains(acl_key)) ++content_.nodes_without_acl;
    }
    if (!in_.ok()) return std::unexpected(in_.error());
    return {};
  }

  // The parts do not say which of them are there: the number of bytes left does.
  void trailer() {
    constexpr std::size_t kTrailerMax = 1024;
    const std::size_t left = in_.remaining(kTrailerMax + 1);
    if (!in_.ok() || left == 0) return;
    if (left > kTrailerMax) return in_.fail("bytes follow the end of the snapshot");
    if (left != snapshot_format::kLastZxidPartSize) digest_part();
    if (in_.ok() && in_.remaining(1) > 0) {
      const wire::Zxid last(in_.take_long());
      in_.take_seal();
      if (in_.ok()) content_.last_zxid = last;
    }
    if (in_.ok() && in_.remaining(1) > 0) in_.fail("bytes follow the end of the snapshot");
  }

  void digest_part() {
    RestoreSink::SnapshotDigest part;
    part.zxid = wire::Zxid(in_.take_long());
    part.digest.version = in_.take_int();
    if (part.digest.version < wire::TxnDigest::kVersion) {
      take_string();  // the first form of digest, in hex; nobody compares it any more
    } else {
      part.digest.tree_digest = static_cast<std::uint64_t>(in_.take_long());
    }
    in_.take_seal();
    const bool none = part.zxid == wire::Zxid() && part.digest.tree_digest == 0;
    if (in_.ok() && !none && part.digest.version == wire::TxnDigest::kVersion)
      content_.digest = part;
  }

  std::string take_string() {
    std::vector<char> buffer;
    return std::string(in_.take_bytes(buffer).value_or(std::string_view()));
  }

  wire::StatPersisted take_stat() {
    wire::StatPersisted stat;
    stat.czxid = in_.take_long();
    stat.mzxid = in_.take_long();
    stat.ctime = in_.take_long();
    stat.mtime = in_.take_long();
    stat.version = in_.take_int();
    stat.cversion = in_.take_int();
    stat.aversion = in_.take_int();
    stat.ephemeral_owner = in_.take_long();
    stat.pzxid = in_.take_long();
    return stat;
  }

  SealedStream& in_;
  RestoreSink& sink_;
  SnapshotContent content_;
  bool nodes_complete_ = false;
  std::unordered_set<std::int64_t> acl_keys_;
  std::vector<char> path_;
  std::vector<char> data_;
};

class NullSink final : public RestoreSink {
 public:
  void begin_snapshot(wire::Zxid) override {}
  void session(wire::SessionId, std::int32_t) override {}
  void acl(std::int64_t, AclList) override {}
  Result<void> node(std::string_view, wire::NullableBytes, std::int64_t,
                    const wire::StatPersisted&) override {
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes&) override { return {}; }
};

}  // namespace

Result<SnapshotContent> read_snapshot(Disk& disk, const std::string& dir, const SnapshotName& name,
                                      std::int32_t length_max, RestoreSink& sink,
                                      SnapshotEnd* end) {
  const std::string path = dir + "/" + name.name;
  auto source = SnapshotSource::open(disk, path, name.compression);
  if (!source) return std::unexpected(source.error());
  SealedStream in(**source, path, length_max);
  Parser parser(in, sink);
  auto content = parser.parse(name.zxid);
  if (end != nullptr) *end = parser.end();
  return content;
}

Result<SnapshotContent> verify_snapshot(Disk& disk, const std::string& dir,
                                        const SnapshotName& name, std::int32_t length_max) {
  NullSink sink;
  return read_snapshot(disk, dir, name, length_max, sink);
}

}  // namespace drover::storage
