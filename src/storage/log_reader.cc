#include "storage/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "storage/adler32.h"
#include "storage/log_format.h"

namespace drover::storage {
namespace {

using Kind = LogEnd::Kind;

constexpr std::size_t kReadSize = 256 * 1024;

template <typename T>
T load_big_endian(std::string_view bytes) {  // the first of at least sizeof(T)
  T value = 0;
  for (const char c : bytes.substr(0, sizeof(T))) {
    value = static_cast<T>((value << 8) | static_cast<std::uint8_t>(c));
  }
  return value;
}

// A window on a file that moves forward and back. Views live until the next call.
class Window {
 public:
  Window(std::unique_ptr<File> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Bytes [offset, offset + n), or fewer at the end of the file.
  Result<std::string_view> at(std::uint64_t offset, std::size_t n) {
    n = static_cast<std::size_t>(std::min<std::uint64_t>(n, offset < size_ ? size_ - offset : 0));
    if (offset < base_ || offset + n > base_ + filled_) {
      if (auto done = load(offset, n); !done) return std::unexpected(done.error());
    }
    const std::size_t skip = static_cast<std::size_t>(offset - base_);
    return std::string_view(buffer_.data() + skip, std::min(n, filled_ - skip));
  }

 private:
  Result<void> load(std::uint64_t offset, std::size_t n) {
    buffer_.resize(std::max(n, kReadSize));
    base_ = offset;
    filled_ = 0;
    const auto got = file_->read_at(offset, buffer_);
    if (!got) return std::unexpected(got.error());
    filled_ = *got;
    return {};
  }

  std::unique_ptr<File> file_;
  std::uint64_t size_;
  std::vector<char> buffer_;
  std::uint64_t base_ = 0;
  std::size_t filled_ = 0;
};

struct Prefix {
  std::uint64_t checksum = 0;
  std::int32_t length = 0;
};

Prefix parse_prefix(std::string_view bytes) {
  return {load_big_endian<std::uint64_t>(bytes),
          static_cast<std::int32_t>(load_big_endian<std::uint32_t>(bytes.substr(8)))};
}

}  // namespace

struct LogFileReader::Impl {
  std::string path;
  std::int32_t length_max;
  Window window;
  std::optional<std::uint64_t> mark;
  std::uint64_t offset = log_format::kHeaderSize;  // of the next entry
  wire::Zxid last{-1};                             // of the last entry; -1: none yet
  bool has_header = false;
  bool at_end = false;
  std::string reason{};  // why there is no next entry; empty: zeros or end of file

  // The payload of the entry at `offset`; empty with `reason` set, or not (zeros, end), when there
  // is none.
  Result<std::string_view> payload();
  Result<std::uint64_t> content_end();
  Result<bool> whole_but_too_long();
  Result<void> find_valid(LogEnd& end);
  Result<LogEnd> classify(bool look_behind);
};

// Answers in the order of Apache's reader; whether it matters is decided by classify().
Result<std::string_view> LogFileReader::Impl::payload() {
  const auto head = window.at(offset, log_format::kEntryPrefixSize);
  if (!head) return std::unexpected(head.error());
  if (head->size() < log_format::kEntryPrefixSize) {
    const bool zeros = head->find_first_not_of('\0') == std::string_view::npos;
    if (!zeros) reason = "the file ends inside an entry's checksum and length";
    return std::string_view();
  }
  const Prefix prefix = parse_prefix(*head);
  if (prefix.length == 0) {
    if (prefix.checksum != 0) reason = "an entry of length 0";
    return std::string_view();
  }
  if (prefix.length < 0 || prefix.length > length_max) {
    reason = fmt::format("an entry of length {}", prefix.length);
    return std::string_view();
  }
  const auto length = static_cast<std::size_t>(prefix.length);
  const auto entry = window.at(offset, length + log_format::kEntryFrameSize);
  if (!entry) return std::unexpected(entry.error());
  if (entry->size() < length + log_format::kEntryFrameSize) {
    reason = "the file ends inside an entry";
    return std::string_view();
  }
  const auto bytes = entry->substr(log_format::kEntryPrefixSize, length);
  if (entry->back() != log_format::kEndByte) {
    reason = "an entry without its end byte";
  } else if (adler32(kAdlerStart, bytes) != prefix.checksum) {
    reason = "an entry with a wrong checksum";
  } else if (length < wire::TxnHeader::kSize) {
    reason = "an entry too short for a txn header";
  } else {
    return bytes;
  }
  return std::string_view();
}

// Where the trailing zeros begin, at `offset` or later.
Result<std::uint64_t> LogFileReader::Impl::content_end() {
  std::uint64_t end = offset;
  for (std::uint64_t at = offset; at < window.size();) {
    const auto bytes = window.at(at, kReadSize);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) break;
    const auto last_content = bytes->find_last_not_of('\0');
    if (last_content != std::string_view::npos) end = at + last_content + 1;
    at += bytes->size();
  }
  return end;
}

// An entry that only the limit rejects must not be taken for a torn one.
Result<bool> LogFileReader::Impl::whole_but_too_long() {
  const auto head = window.at(offset, log_format::kEntryPrefixSize);
  if (!head) return std::unexpected(head.error());
  if (head->size() < log_format::kEntryPrefixSize) return false;
  const Prefix prefix = parse_prefix(*head);
  if (prefix.length <= length_max) return false;
  const std::uint64_t begin = offset + log_format::kEntryPrefixSize;
  const std::uint64_t end = begin + static_cast<std::uint64_t>(prefix.length);
  if (end >= window.size()) return false;
  std::uint32_t sum = kAdlerStart;
  for (std::uint64_t at = begin; at < end;) {
    const auto bytes =
        window.at(at, static_cast<std::size_t>(std::min<std::uint64_t>(kReadSize, end - at)));
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return false;
    sum = adler32(sum, *bytes);
    at += bytes->size();
  }
  return sum == prefix.checksum;
}

// Looks for an entry behind `offset` that is whole and continues this log: its zxid lies a little
// above the last good one, so that a copy of an old log inside somebody's data does not count.
Result<void> LogFileReader::Impl::find_valid(LogEnd& end) {
  constexpr std::int64_t kNear = 1 << 24;
  constexpr std::uint64_t kEffortMax =
      1 << 30;  // bytes; bytes made to look like entries must not stall a start
  constexpr std::size_t kLook = log_format::kEntryPrefixSize + wire::TxnHeader::kSize;
  const auto continues = [&](wire::Zxid zxid) {
    if (zxid.epoch() == last.epoch()) return zxid > last && zxid.counter() - last.counter() < kNear;
    return zxid.epoch() > last.epoch() && zxid.epoch() - last.epoch() < kNear &&
           zxid.counter() < kNear;
  };
  const std::uint64_t stop = end.offset + end.bytes;
  std::uint64_t effort = kEffortMax;
  for (std::uint64_t at = offset + 1; at + kLook + 1 <= stop; ++at) {
    const auto head = window.at(at, kLook);
    if (!head) return std::unexpected(head.error());
    if (head->size() < kLook) break;
    const Prefix prefix = parse_prefix(*head);
    if (prefix.checksum > UINT32_MAX || prefix.length > length_max ||
        prefix.length < static_cast<std::int32_t>(wire::TxnHeader::kSize)) {
      continue;
    }
    wire::JuteReader in(head->substr(log_format::kEntryPrefixSize));
    const wire::Zxid zxid = wire::TxnHeader::decode(in).zxid;
    if (!continues(zxid)) continue;
    const auto length = static_cast<std::size_t>(prefix.length);
    if (length > effort) {
      end.kind = Kind::kDamaged;
      end.reason += "; too many near-entries follow to tell whether it is the last";
      return {};
    }
    effort -= length;
    const auto entry = window.at(at, length + log_format::kEntryFrameSize);
    if (!entry) return std::unexpected(entry.error());
    if (entry->size() < length + log_format::kEntryFrameSize) continue;
    if (entry->back() != log_format::kEndByte) continue;
    if (adler32(kAdlerStart, entry->substr(log_format::kEntryPrefixSize, length)) !=
        prefix.checksum)
      continue;
    end.next_valid = at;
    end.next_valid_zxid = zxid;
    return {};
  }
  return {};
}

Result<LogEnd> LogFileReader::Impl::classify(bool look_behind) {
  LogEnd end;
  end.offset = has_header ? offset : 0;
  const auto content = content_end();
  if (!content) return std::unexpected(content.error());
  end.bytes = *content - offset;
  if (!has_header) {
    end.kind = reason.empty() ? Kind::kEmpty : Kind::kNotALog;
    end.reason = reason;
    return end;
  }
  if (reason.empty() && end.bytes > 0) reason = "zeros where an entry should begin";
  end.reason = reason;

  if (mark && offset < *mark) {
    // Cut exactly between two entries: an Apache server truncates like this (TRUNC), a disk does
    // not.
    if (reason.empty() && offset == window.size()) return end;
    end.kind = Kind::kDamaged;
    if (reason.empty()) end.reason = "zeros where an entry should begin";
    if (auto done = find_valid(end); !done) return std::unexpected(done.error());
    return end;
  }
  if (reason.empty()) return end;
  end.kind = Kind::kTorn;
  const auto too_long = whole_but_too_long();
  if (!too_long) return std::unexpected(too_long.error());
  if (*too_long) {
    end.kind = Kind::kDamaged;
    end.reason += fmt::format(
        " is whole but longer than {}: raise jute.maxbuffer, this log was written with a larger "
        "one",
        length_max);
    return end;
  }
  if (mark && !look_behind) return end;
  if (auto done = find_valid(end); !done) return std::unexpected(done.error());
  if (mark) {
    end.kind = Kind::kTorn;
  } else if (end.next_valid) {
    end.kind = Kind::kDamaged;
  }
  return end;
}

Result<LogFileReader> LogFileReader::open(Disk& disk, const std::string& path,
                                          std::int32_t length_max) {
  auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  auto impl = std::unique_ptr<Impl>(new Impl{.path = path,
                                             .length_max = length_max,
                                             .window = Window(std::move(*file), *size),
                                             .mark = {}});

  const auto header = impl->window.at(0, log_format::kHeaderSize);
  if (!header) return std::unexpected(header.error());
  if (header->size() < log_format::kHeaderSize) {
    impl->at_end = true;
    impl->offset = header->size();
  } else if (load_big_endian<std::uint32_t>(*header) != log_format::kMagic) {
    // A file whose header never reached the disk is all zeros.
    impl->at_end = true;
    impl->offset = 0;
    const auto content = impl->content_end();
    if (!content) return std::unexpected(content.error());
    if (*content > 0) impl->reason = "this is not a txn log (magic ZKLG is missing)";
  } else {
    impl->has_header = true;
    impl->mark = log_format::mark_of_dbid(
        load_big_endian<std::uint64_t>(header->substr(log_format::kDbidOffset)));
  }
  return LogFileReader(std::move(impl));
}

LogFileReader::LogFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogFileReader::LogFileReader(LogFileReader&&) noexcept = default;
LogFileReader& LogFileReader::operator=(LogFileReader&&) noexcept = default;
LogFileReader::~LogFileReader() = default;

Result<std::optional<LogEntry>> LogFileReader::next() {
  if (impl_->at_end) return std::nullopt;
  const auto bytes = impl_->payload();
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->empty()) {
    impl_->at_end = true;
    return std::nullopt;
  }
  wire::JuteReader in(*bytes);
  LogEntry entry;
  entry.header = wire::TxnHeader::decode(in);
  entry.txn = {entry.header.zxid, *bytes};
  entry.offset = impl_->offset;
  impl_->offset += bytes->size() + log_format::kEntryFrameSize;
  impl_->last = entry.header.zxid;
  return entry;
}

Result<LogEnd> LogFileReader::end(bool look_behind) {
  DROVER_ASSERT(impl_->at_end, "the entries come before the end");
  return impl_->classify(look_behind);
}

void LogFileReader::resume(std::uint64_t offset) {
  DROVER_ASSERT(impl_->has_header && offset > impl_->offset, "reading only goes forward");
  impl_->offset = offset;
  impl_->at_end = false;
  impl_->reason.clear();
}

const std::string& LogFileReader::path() const {
  return impl_->path;
}
std::uint64_t LogFileReader::size() const {
  return impl_->window.size();
}
std::optional<std::uint64_t> LogFileReader::synced_mark() const {
  return impl_->mark;
}

}  // namespace drover::storage
