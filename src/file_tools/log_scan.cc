#include "file_tools/log_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "file_tools/finding.h"
#include "file_tools/log_record.h"
#include "storage/adler32.h"
#include "storage/log_format.h"

namespace drover::file_tools {

namespace {

using Kind = storage::LogEnd::Kind;
namespace log_format = storage::log_format;

Result<std::string> bytes_at(storage::File& file, std::uint64_t offset, std::size_t n) {
  std::string bytes(n, '\0');
  const auto got = file.read_at(offset, bytes);
  if (!got) return std::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

struct Frame {
  std::uint64_t checksum = 0;
  std::int32_t length = 0;
};

Frame frame_of(std::string_view bytes) {
  wire::JuteReader in(bytes);
  const auto checksum = static_cast<std::uint64_t>(in.read_long());
  return {checksum, in.read_int()};
}

// A record that a server could have written behind `before`.
bool is_plausible(std::string_view payload, std::optional<wire::Zxid> before) {
  if (payload.size() < wire::TxnHeader::kSize) return false;
  wire::JuteReader in(payload);
  const auto header = wire::TxnHeader::decode(in);
  if (!decode_txn(header.type, body_of(payload))) return false;
  if (!before) return header.zxid.value > 0;
  return header.zxid == before->next() ||
         (header.zxid.epoch() > before->epoch() && header.zxid.counter() == 1);
}

wire::Zxid zxid_of(std::string_view payload) {
  wire::JuteReader in(payload);
  return wire::TxnHeader::decode(in).zxid;
}

}  // namespace

std::string_view damage_code(DamageKind kind) {
  switch (kind) {
    case DamageKind::kTorn:
      return "log.torn";
    case DamageKind::kChecksum:
      return "log.checksum";
    case DamageKind::kRecord:
      return "log.record";
    case DamageKind::kLength:
      return "log.length";
    case DamageKind::kEndByte:
      return "log.end-byte";
    case DamageKind::kTooLong:
      return "log.too-long";
    case DamageKind::kZeros:
      return "log.zeros";
    case DamageKind::kUnreadable:
      return "log.unreadable";
  }
  return "log.unreadable";
}

LogScan::LogScan(storage::LogFileReader reader, std::unique_ptr<storage::File> file,
                 std::string path, std::int32_t length_max)
    : reader_(std::move(reader)),
      file_(std::move(file)),
      path_(std::move(path)),
      length_max_(length_max) {}

Result<LogScan> LogScan::open(storage::Disk& disk, const std::string& path,
                              std::int32_t length_max) {
  auto reader = storage::LogFileReader::open(disk, path, length_max);
  if (!reader) return std::unexpected(reader.error());
  auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  LogScan scan(std::move(*reader), std::move(*file), path, length_max);
  const auto header = bytes_at(*scan.file_, 0, log_format::kHeaderSize);
  if (!header) return std::unexpected(header.error());
  scan.shape_.size = scan.reader_.size();
  scan.shape_.content_end = std::min<std::uint64_t>(header->size(), log_format::kHeaderSize);
  scan.shape_.synced_mark = scan.reader_.synced_mark();
  if (header->size() == log_format::kHeaderSize) {
    wire::JuteReader in(*header);
    in.read_int();
    scan.shape_.version = in.read_int();
    scan.shape_.dbid = static_cast<std::uint64_t>(in.read_long());
  }
  return scan;
}

Result<std::optional<std::variant<storage::LogEntry, LogDamage>>> LogScan::next() {
  using Step = std::variant<storage::LogEntry, LogDamage>;
  if (done_) return std::nullopt;
  auto entry = reader_.next();
  if (!entry) return std::unexpected(entry.error());
  if (*entry) {
    last_ = (*entry)->header.zxid;
    shape_.content_end =
        (*entry)->offset + (*entry)->txn.bytes.size() + log_format::kEntryFrameSize;
    return Step(**entry);
  }
  const auto end = reader_.end(true);
  if (!end) return std::unexpected(end.error());
  done_ = !end->next_valid.has_value();
  switch (end->kind) {
    case Kind::kClean:
      return std::nullopt;
    case Kind::kEmpty:
      shape_.empty = true;
      return std::nullopt;
    case Kind::kNotALog:
      shape_.not_a_log = true;
      shape_.reason = end->reason;
      return std::nullopt;
    case Kind::kTorn:
    case Kind::kDamaged:
      break;
  }
  auto damage = diagnose(*end);
  if (!damage) return std::unexpected(damage.error());
  if (end->next_valid) reader_.resume(*end->next_valid);
  return Step(std::move(*damage));
}

Result<LogDamage> LogScan::diagnose(const storage::LogEnd& end) {
  LogDamage damage{.offset = end.offset,
                   .bytes = end.next_valid.value_or(end.offset + end.bytes) - end.offset,
                   .reason = end.reason,
                   .detail = {},
                   .before = last_,
                   .after = {},
                   .intact = {}};
  if (end.next_valid) damage.after = end.next_valid_zxid;
  if (end.kind == Kind::kTorn) damage.kind = DamageKind::kTorn;

  const auto head = bytes_at(*file_, end.offset, log_format::kEntryPrefixSize);
  if (!head) return std::unexpected(head.error());
  if (head->size() < log_format::kEntryPrefixSize) return damage;
  const Frame frame = frame_of(*head);
  if (frame.length == 0 && frame.checksum == 0) {
    if (end.kind == Kind::kDamaged) damage.kind = DamageKind::kZeros;
    return damage;
  }
  if (end.reason.find("jute.maxbuffer") != std::string::npos) {
    damage.kind = DamageKind::kTooLong;
    return damage;
  }
  // A record of the length that the frame tells, and one that reaches to the next good entry.
  const auto try_length = [&](std::int64_t length) -> Result<std::string> {
    if (length < static_cast<std::int64_t>(wire::TxnHeader::kSize) || length > length_max_) {
      return std::string();
    }
    auto bytes = bytes_at(*file_, end.offset + log_format::kEntryPrefixSize,
                          static_cast<std::size_t>(length) + 1);
    if (bytes && bytes->size() < static_cast<std::size_t>(length) + 1) bytes->clear();
    return bytes;
  };
  const auto keep = [&](DamageKind kind, std::string_view payload, std::string detail) {
    if (damage.kind != DamageKind::kTorn) damage.kind = kind;
    damage.detail = std::move(detail);
    damage.intact = zxid_of(payload);
    damage.record_offset = end.offset + log_format::kEntryPrefixSize;
    damage.record_length = static_cast<std::uint32_t>(payload.size());
  };
  const auto told = try_length(frame.length);
  if (!told) return std::unexpected(told.error());
  if (!told->empty()) {
    const std::string_view payload(told->data(), told->size() - 1);
    const std::uint64_t sum = storage::adler32(storage::kAdlerStart, payload);
    const bool closed = told->back() == log_format::kEndByte;
    const bool plausible = is_plausible(payload, last_);
    if (sum == frame.checksum && !closed && plausible) {
      keep(DamageKind::kEndByte, payload,
           fmt::format("only the end byte is wrong (0x{:02x} for 0x42), the record is whole",
                       static_cast<std::uint8_t>(told->back())));
      return damage;
    }
    if (sum != frame.checksum && closed) {
      // One wrong bit between field and sum, or a field above 32 bits, cannot come from a wrong
      // record: a change of one byte of it changes both halves of the sum.
      const bool field = frame.checksum > UINT32_MAX || std::popcount(sum ^ frame.checksum) == 1;
      if (field && plausible) {
        keep(DamageKind::kChecksum, payload,
             fmt::format("the checksum field is damaged (0x{:x} for 0x{:x}), the record is whole",
                         frame.checksum, sum));
      } else if (damage.kind != DamageKind::kTorn) {
        damage.kind = DamageKind::kRecord;
        damage.detail = plausible ? "the record can still be decoded, but some byte of it is wrong"
                                  : "the record cannot be decoded";
      }
      return damage;
    }
  }
  if (end.next_valid) {
    const auto spanning = try_length(static_cast<std::int64_t>(damage.bytes) -
                                     static_cast<std::int64_t>(log_format::kEntryFrameSize));
    if (!spanning) return std::unexpected(spanning.error());
    if (!spanning->empty()) {
      const std::string_view payload(spanning->data(), spanning->size() - 1);
      if (storage::adler32(storage::kAdlerStart, payload) == frame.checksum &&
          is_plausible(payload, last_)) {
        keep(DamageKind::kLength, payload,
             fmt::format("only the length field is wrong ({} for {}), the record is whole",
                         frame.length, payload.size()));
      }
    }
  }
  return damage;
}

}  // namespace drover::file_tools
