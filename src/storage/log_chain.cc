#include "storage/log_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace drover::storage {
namespace {

using Kind = LogEnd::Kind;

std::string hex(wire::Zxid zxid) {
  return fmt::format("0x{:x}", zxid.value);
}

// An epoch's first txn has counter 1, so nothing can be missing in front of it that the new leader
// had.
bool begins_epoch(wire::Zxid before, wire::Zxid zxid) {
  return zxid.epoch() > before.epoch() && zxid.counter() == 1;
}

}  // namespace

Result<LogChain> LogChain::open(Disk& disk, LogChainOptions options) {
  const auto listing = disk.list(options.dir);
  if (!listing) return std::unexpected(listing.error());
  FolderNames names = sort_names(*listing);
  LogChain chain(disk, std::move(options));
  chain.last_ = chain.options_.after;
  for (const auto& name : names.ignored) {
    if (!name.starts_with("log.")) continue;
    chain.warnings_.push_back(
        fmt::format("{}/{}: not the name of a log, ignored", chain.options_.dir, name));
  }
  // Names are zxids of first entries: the newest name <= after + 1 is where the chain begins.
  const auto first_later =
      std::find_if(names.logs.begin(), names.logs.end(),
                   [&](const LogName& log) { return log.zxid > chain.options_.after.next(); });
  const auto first = first_later == names.logs.begin() ? first_later : std::prev(first_later);
  chain.names_.assign(first, names.logs.end());
  return chain;
}

const std::string& LogChain::path() const {
  DROVER_ASSERT(reader_.has_value(), "there is a path after next() answered an entry");
  return reader_->path();
}

Result<std::optional<LogEntry>> LogChain::next() {
  for (;;) {
    if (!reader_) {
      const auto opened = open_next_file();
      if (!opened) return std::unexpected(opened.error());
      if (!*opened) return std::nullopt;
    }
    auto entry = reader_->next();
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) {
      if (auto done = finish_file(); !done) return std::unexpected(done.error());
      continue;
    }
    if ((*entry)->header.zxid <= options_.after) continue;
    if (auto done = check_step(**entry); !done) return std::unexpected(done.error());
    last_ = (*entry)->header.zxid;
    first_ = false;
    return entry;
  }
}

Result<bool> LogChain::open_next_file() {
  if (next_name_ == names_.size()) return false;
  const std::string path = options_.dir + "/" + names_[next_name_++].name;
  auto reader = LogFileReader::open(*disk_, path, options_.length_max);
  if (!reader) return std::unexpected(reader.error());
  reader_ = std::move(*reader);
  return true;
}

Result<void> LogChain::finish_file() {
  auto end = reader_->end();
  if (!end) return std::unexpected(end.error());
  const std::string path = reader_->path();
  const auto size = reader_->size();
  const bool ours = reader_->synced_mark().has_value();
  reader_.reset();

  if (end->kind == Kind::kEmpty) {
    empty_files_.push_back(path);
    return {};
  }
  read_files_.push_back(path);
  const std::string where = fmt::format("{}: at offset {}: {}", path, end->offset, end->reason);
  if (end->kind == Kind::kNotALog) return failure(fmt::format("{}: {}", path, end->reason));
  // A recovery, ours or Apache's, gave up the rest of this file when a later one goes on exactly
  // here.
  const bool given_up = next_name_ < names_.size() && names_[next_name_].zxid == last_.next();
  if (end->kind == Kind::kDamaged && !given_up) {
    std::string message = fmt::format("{}; the last good txn before it is {}", where, hex(last_));
    if (end->next_valid) {
      message += fmt::format(", the next good one is {} at offset {}", hex(end->next_valid_zxid),
                             *end->next_valid);
    }
    return failure(message + "; acknowledged txns would be lost, refusing to go on");
  }
  const bool newest = next_name_ == names_.size();
  if (end->kind != Kind::kClean && !newest) {
    warnings_.push_back(fmt::format(
        "{}; {} bytes {}", where, end->bytes,
        given_up ? "given up by an earlier recovery, ignored" : "of an unfinished write, ignored"));
  }
  tail_ = Tail{path, std::move(*end), size, ours};
  return {};
}

Result<void> LogChain::check_step(const LogEntry& entry) {
  const wire::Zxid zxid = entry.header.zxid;
  if (zxid == last_.next() || begins_epoch(last_, zxid)) return {};
  // Since 3.9 a request that cannot be decoded is logged as an error under the zxid of the txn
  // before it.
  if (zxid == last_ && entry.header.type == wire::OpCode::kError) return {};
  const std::string where = fmt::format("{}: at offset {}", reader_->path(), entry.offset);
  if (zxid <= last_) {
    return failure(
        fmt::format("{}: txn {} comes after {}: the log goes back, refusing to choose a history",
                    where, hex(zxid), hex(last_)));
  }
  if (first_ && options_.first_may_skip) {
    warnings_.push_back(
        fmt::format("{}: the log begins with {}, what was before it is unknown", where, hex(zxid)));
    return {};
  }
  std::string message =
      fmt::format("{}: txn {} follows {}{}: the txns in between are missing", where, hex(zxid),
                  hex(last_), first_ ? ", where the log should go on" : "");
  if (!warnings_.empty()) message += " (" + warnings_.back() + ")";
  return failure(std::move(message));
}

}  // namespace drover::storage
