#include "file_tools/log_repair.h"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/byte_buffer.h"
#include "file_tools/in_place.h"
#include "file_tools/input.h"
#include "file_tools/log_record.h"
#include "file_tools/progress.h"
#include "storage/adler32.h"
#include "storage/file_names.h"
#include "storage/log_format.h"
#include "toolbox/utf8.h"
#include "wire/jute_writer.h"

namespace drover::file_tools {

namespace {

using wire::Zxid;
namespace log_format = storage::log_format;
using Kind = LogLoss::Kind;

constexpr std::int64_t kHoleMax = 1'000'000;  // txns that may be filled: more is no hole
constexpr std::size_t kWriteSize = 1 << 20;

// A file whose header reads as it should.
class HeaderMended final : public storage::File {
 public:
  explicit HeaderMended(std::unique_ptr<storage::File> below) : below_(std::move(below)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    const auto got = below_->read_at(offset, into);
    if (!got) return got;
    constexpr std::string_view kHeader{"ZKLG\0\0\0\2\0\0\0\0\0\0\0\0", log_format::kHeaderSize};
    for (std::size_t i = 0; i < *got && offset + i < kHeader.size(); ++i)
      into[i] = kHeader[offset + i];
    return got;
  }
  Result<void> write_at(std::uint64_t, std::string_view) override { return failure("read only"); }
  Result<void> sync_data() override { return {}; }
  Result<void> allocate(std::uint64_t) override { return failure("read only"); }
  Result<std::uint64_t> size() override { return below_->size(); }

 private:
  std::unique_ptr<storage::File> below_;
};

// Reads through `below`, headers of logs mended.
class HeaderMendingDisk final : public storage::Disk {
 public:
  explicit HeaderMendingDisk(storage::Disk& below) : below_(below) {}
  Result<std::unique_ptr<storage::File>> open_read(const std::string& path) override {
    auto file = below_.open_read(path);
    if (!file) return file;
    return std::make_unique<HeaderMended>(std::move(*file));
  }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    return below_.list(dir);
  }
  Result<bool> exists(const std::string& path) override { return below_.exists(path); }
  Result<void> create_dirs(const std::string&) override { return refused(); }
  Result<std::unique_ptr<storage::File>> create(const std::string&) override { return refused(); }
  Result<void> truncate(const std::string&, std::uint64_t) override { return refused(); }
  Result<void> rename(const std::string&, const std::string&) override { return refused(); }
  Result<void> remove(const std::string&) override { return refused(); }
  Result<void> sync_dir(const std::string&) override { return refused(); }
  Result<void> sync_file(const std::string&) override { return refused(); }
  Result<std::unique_ptr<storage::FileLock>> lock(const std::string&) override { return refused(); }

 private:
  static std::unexpected<Error> refused() { return failure("read only"); }
  storage::Disk& below_;
};

// Writes entries one behind the other; `sync` at the end.
class LogFileWriter {
 public:
  static Result<LogFileWriter> create(storage::Disk& disk, const std::string& path) {
    const auto there = disk.exists(path);
    if (!there) return std::unexpected(there.error());
    if (*there) return failure(fmt::format("{}: exists already, choose another name", path));
    auto file = disk.create(path);
    if (!file) return std::unexpected(file.error());
    return LogFileWriter(disk, std::move(*file), path);
  }
  Result<void> append(std::string_view payload) {
    wire::JuteWriter out(buffer_);
    out.write_long(storage::adler32(storage::kAdlerStart, payload));
    out.write_int(static_cast<std::int32_t>(payload.size()));
    buffer_.append(payload);
    buffer_.append({&log_format::kEndByte, 1});
    return buffer_.size() < kWriteSize ? Result<void>{} : flush();
  }
  // `with_mark`: the header says that all of it is durable, as our own logs do.
  Result<void> finish(bool with_mark) {
    if (auto done = flush(); !done) return done;
    if (auto done = file_->sync_data(); !done) return done;
    if (auto done = write_header(with_mark ? log_format::mark_to_dbid(end_) : 0); !done)
      return done;
    if (auto done = file_->sync_data(); !done) return done;
    return disk_->sync_dir(storage::parent_dir(path_));
  }

 private:
  LogFileWriter(storage::Disk& disk, std::unique_ptr<storage::File> file, std::string path)
      : disk_(&disk), file_(std::move(file)), path_(std::move(path)) {}
  Result<void> flush() {
    const std::string_view bytes = buffer_.view();
    if (auto done = file_->write_at(end_, bytes); !done) return done;
    end_ += bytes.size();
    buffer_.clear();
    return {};
  }
  Result<void> write_header(std::uint64_t dbid) {
    base::ByteBuffer header;
    wire::JuteWriter out(header);
    out.write_int(static_cast<std::int32_t>(log_format::kMagic));
    out.write_int(log_format::kVersion);
    out.write_long(static_cast<std::int64_t>(dbid));
    return file_->write_at(0, header.view());
  }

  storage::Disk* disk_;
  std::unique_ptr<storage::File> file_;
  std::string path_;
  base::ByteBuffer buffer_;
  std::uint64_t end_ = log_format::kHeaderSize;
};

// An entry that moves the zxid on and changes nothing.
std::string error_payload(Zxid zxid, std::int64_t time_ms) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  wire::TxnHeader{.session = wire::SessionId(0),
                  .zxid = zxid,
                  .time = base::WallTime{time_ms},
                  .type = wire::OpCode::kError}
      .encode(out);
  wire::ErrorTxn{.error = ErrorCode::kSystemError}.encode(out);
  return std::string(bytes.view());
}

std::int64_t between(Zxid first, Zxid last) {
  return first.epoch() == last.epoch() ? last.value - first.value + 1 : -1;
}

// Walks the old file once and tells, in order, what the new one gets. Planning and writing are the
// same walk, so they cannot disagree.
class Walk {
 public:
  using Keep = std::function<Result<void>(std::string_view payload)>;

  Walk(storage::Disk& disk, const LogRepairOptions& options, Keep keep)
      : disk_(disk), mending_(disk), keep_(std::move(keep)) {
    plan_.options = options;
  }

  Result<LogRepairPlan> run() {
    const auto& options = plan_.options;
    storage::Disk& disk = options.ignore_header ? static_cast<storage::Disk&>(mending_) : disk_;
    auto scan = LogScan::open(disk, options.path, options.length_max);
    if (!scan) return std::unexpected(scan.error());
    auto file = disk.open_read(options.path);
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
    Progress progress("reading " + base_name(options.path), scan->shape().size);
    for (;;) {
      const auto step = scan->next();
      if (!step) return std::unexpected(step.error());
      if (!*step) break;
      const auto* damage = std::get_if<LogDamage>(&**step);
      const auto done = damage ? take(*damage) : take(std::get<storage::LogEntry>(**step));
      if (!done) return std::unexpected(done.error());
      if (!damage) progress.at(std::get<storage::LogEntry>(**step).offset);
    }
    if (scan->shape().not_a_log) {
      return failure(
          fmt::format("{}: {}; with --ignore-header what is behind the first {} bytes "
                      "is read all the same",
                      options.path, scan->shape().reason, log_format::kHeaderSize));
    }
    if (scan->shape().empty) {
      return failure(fmt::format("{}: no header and no txn: there is nothing to repair, remove it",
                                 options.path));
    }
    plan_.had_mark = scan->shape().synced_mark.has_value();
    plan_.header_wrong = options.ignore_header || scan->shape().version != log_format::kVersion ||
                         (scan->shape().dbid != 0 && !plan_.had_mark);
    plan_.bytes_before = scan->shape().content_end;
    return std::move(plan_);
  }

 private:
  Result<void> keep(std::string_view payload, Zxid zxid, std::int64_t time_ms) {
    if (!plan_.first) plan_.first = zxid;
    plan_.last = zxid;
    last_time_ms_ = time_ms;
    ++plan_.txns_kept;
    return keep_ ? keep_(payload) : Result<void>{};
  }

  void lose(LogLoss loss) {
    // What follows an end is one loss with it.
    if (loss.kind == Kind::kLost && !plan_.losses.empty() &&
        plan_.losses.back().kind == Kind::kLost) {
      LogLoss& whole = plan_.losses.back();
      whole.end = loss.end;
      if (loss.last) whole.last = loss.last;
      if (!whole.first) whole.first = loss.first;
      whole.txns = whole.txns < 0 || loss.txns < 0 ? -1 : whole.txns + loss.txns;
      return;
    }
    plan_.losses.push_back(std::move(loss));
  }

  Result<void> take(const storage::LogEntry& entry) {
    const auto& header = entry.header;
    const std::uint64_t end = entry.offset + entry.txn.bytes.size() + log_format::kEntryFrameSize;
    const bool readable = decode_txn(header.type, body_of(entry.txn.bytes)).has_value();
    std::string why = ended_;
    if (why.empty() && !readable) {
      why = fmt::format("txn {} cannot be decoded", zxid_text(header.zxid));
    }
    if (why.empty() && plan_.last) why = step_error(*plan_.last, header);
    if (why.empty()) return keep(entry.txn.bytes, header.zxid, header.time.ms);
    const bool may_fill = ended_.empty() && plan_.options.fill_holes && plan_.last;
    if (may_fill && !readable && header.zxid == plan_.last->next()) {
      return fill(entry.offset, end, header.zxid, header.zxid, why);
    }
    if (may_fill && readable && header.zxid > *plan_.last) {
      const Zxid first = first_missing(header.zxid);
      if (auto done = fill(entry.offset, entry.offset, first, Zxid(header.zxid.value - 1), why);
          !done) {
        return done;
      }
      return keep(entry.txn.bytes, header.zxid, header.time.ms);
    }
    // When it is there already, the history that was there first stays.
    const bool again = may_fill && readable && header.zxid <= *plan_.last;
    if (!again && ended_.empty()) ended_ = "behind the end of the new file";
    lose({.begin = entry.offset,
          .end = end,
          .first = header.zxid,
          .last = header.zxid,
          .txns = 1,
          .why = why});
    return {};
  }

  Result<void> take(const LogDamage& damage) {
    const std::uint64_t end = damage.offset + damage.bytes;
    const std::string why =
        damage.detail.empty() ? damage.reason : damage.reason + "; " + damage.detail;
    if (damage.intact && ended_.empty()) {
      std::string payload(damage.record_length, '\0');
      const auto got = file_->read_at(damage.record_offset, payload);
      if (!got) return std::unexpected(got.error());
      plan_.losses.push_back({.kind = Kind::kMended,
                              .begin = damage.offset,
                              .end = end,
                              .first = damage.intact,
                              .last = damage.intact,
                              .txns = 1,
                              .why = why});
      wire::JuteReader in(payload);
      return keep(payload, *damage.intact, wire::TxnHeader::decode(in).time.ms);
    }
    std::optional<Zxid> first;
    std::optional<Zxid> last;
    std::int64_t txns = -1;
    if (damage.before) first = last = damage.before->next();
    if (first && damage.after && damage.after->epoch() == first->epoch()) {
      last = Zxid(damage.after->value - 1);
      txns = between(*first, *last);
    }
    const bool may_fill = ended_.empty() && plan_.options.fill_holes && txns > 0 && plan_.last;
    if (may_fill) return fill(damage.offset, end, *first, *last, why);
    const bool unfinished = damage.kind == DamageKind::kTorn && ended_.empty();
    if (unfinished && !damage.after) {
      plan_.losses.push_back(
          {.kind = Kind::kUnfinished, .begin = damage.offset, .end = end, .why = why});
      return {};
    }
    if (ended_.empty()) ended_ = "behind the end of the new file";
    lose({.begin = damage.offset,
          .end = end,
          .first = first,
          .last = last,
          .txns = txns,
          .why = why});
    return {};
  }

  [[nodiscard]] Zxid first_missing(Zxid next) const {
    return next.epoch() == plan_.last->epoch() ? plan_.last->next() : Zxid::of(next.epoch(), 1);
  }

  Result<void> fill(std::uint64_t begin, std::uint64_t end, Zxid first, Zxid last,
                    const std::string& why) {
    const std::int64_t count = between(first, last);
    if (count < 0 || count > kHoleMax) {
      return failure(fmt::format("{}: at offset {}: {} txns are missing: too many to fill",
                                 plan_.options.path, begin, count));
    }
    plan_.losses.push_back({.kind = Kind::kFilled,
                            .begin = begin,
                            .end = end,
                            .first = first,
                            .last = last,
                            .txns = count,
                            .why = why});
    for (Zxid zxid = first; zxid <= last; zxid = zxid.next()) {
      const std::string payload = error_payload(zxid, last_time_ms_);
      if (auto done = keep(payload, zxid, last_time_ms_); !done) return done;
    }
    return {};
  }

  // Empty: `header` may follow `last`.
  static std::string step_error(Zxid last, const wire::TxnHeader& header) {
    if (header.zxid == last.next()) return {};
    if (header.zxid.epoch() > last.epoch() && header.zxid.counter() == 1) return {};
    if (header.zxid == last && header.type == wire::OpCode::kError) return {};
    if (header.zxid <= last) {
      return fmt::format("txn {} comes after {}", zxid_text(header.zxid), zxid_text(last));
    }
    return fmt::format("txn {} follows {}: the txns in between are missing", zxid_text(header.zxid),
                       zxid_text(last));
  }

  storage::Disk& disk_;
  HeaderMendingDisk mending_;
  std::unique_ptr<storage::File> file_;
  Keep keep_;
  LogRepairPlan plan_;
  std::string ended_;  // why nothing more is kept; empty: still going
  std::int64_t last_time_ms_ = 0;
};

std::string loss_text(const LogLoss& loss) {
  const std::string where = loss.begin == loss.end
                                ? fmt::format("at offset {}", loss.begin)
                                : fmt::format("offsets {} to {}", loss.begin, loss.end);
  std::string what;
  if (loss.first && loss.last) {
    what = zxid_range_text(*loss.first, *loss.last) +
           (loss.txns < 0 ? " at least" : fmt::format(", {}", counted(loss.txns, "txn")));
  } else if (loss.kind != Kind::kUnfinished) {
    what = "nobody can tell which txns";
  }
  switch (loss.kind) {
    case Kind::kMended:
      return fmt::format("  mended      {}: {} kept ({})\n", where, what, loss.why);
    case Kind::kFilled:
      return fmt::format("  LOST        {}: {}, each becomes an `error` txn ({})\n", where, what,
                         loss.why);
    case Kind::kLost:
      return fmt::format("  LOST        {}: {} ({})\n", where, what, loss.why);
    case Kind::kUnfinished:
      return fmt::format("  cut         {}: an unfinished write, nobody was told of it ({})\n",
                         where, loss.why);
  }
  return {};
}

std::string_view loss_name(Kind kind) {
  switch (kind) {
    case Kind::kMended:
      return "mended";
    case Kind::kFilled:
      return "filled";
    case Kind::kLost:
      return "lost";
    case Kind::kUnfinished:
      return "unfinished";
  }
  return "?";
}

}  // namespace

bool LogRepairPlan::loses() const {
  for (const LogLoss& loss : losses) {
    if (loss.kind == Kind::kLost || loss.kind == Kind::kFilled) return true;
  }
  return false;
}

Result<LogRepairPlan> plan_log_repair(storage::Disk& disk, const LogRepairOptions& options) {
  auto plan = Walk(disk, options, nullptr).run();
  if (!plan || !plan->loses()) return plan;
  const auto name = storage::parse_log_name(base_name(options.path));
  const std::string dir = storage::parent_dir(options.path);
  const auto listing = disk.list(dir);
  if (!name || !listing) return plan;
  for (const auto& log : storage::sort_names(*listing).logs) {
    if (log.zxid > name->zxid) plan->later_logs.push_back(dir + "/" + log.name);
  }
  return plan;
}

Result<void> write_repaired_log(storage::Disk& disk, const LogRepairPlan& plan,
                                const std::string& to) {
  auto writer = LogFileWriter::create(disk, to);
  if (!writer) return std::unexpected(writer.error());
  const auto written = Walk(disk, plan.options, [&](std::string_view payload) {
                         return writer->append(payload);
                       }).run();
  if (!written) return std::unexpected(written.error());
  if (auto done = writer->finish(plan.had_mark); !done) return done;
  // Believed only when read back.
  const auto again = plan_log_repair(disk, {.path = to, .length_max = plan.options.length_max});
  if (!again) return std::unexpected(again.error());
  if (again->changes() || again->txns_kept != plan.txns_kept) {
    return failure(
        fmt::format("{}: was written and does not read back as it should; the file it "
                    "was made from may have changed meanwhile",
                    to));
  }
  return {};
}

Result<std::string> repair_log_in_place(storage::Disk& disk, const LogRepairPlan& plan) {
  const std::string& path = plan.options.path;
  const bool cut = plan.loses() && !plan.options.fill_holes;
  if (cut && !plan.later_logs.empty()) {
    return failure(
        fmt::format("{} goes on where txns of {} would be lost: with --fill-holes it "
                    "still follows, otherwise move it away first",
                    plan.later_logs.front(), path));
  }
  return replace_in_place(
      disk, path, [&](const std::string& fresh) { return write_repaired_log(disk, plan, fresh); });
}

Result<std::int64_t> chop_log(storage::Disk& disk, const LogRepairOptions& options, wire::Zxid zxid,
                              const std::string& to) {
  auto writer = LogFileWriter::create(disk, to);
  if (!writer) return std::unexpected(writer.error());
  std::int64_t kept = 0;
  const auto stop = failure("behind");
  bool behind = false;
  const auto walked = Walk(disk, options, [&](std::string_view payload) -> Result<void> {
                        wire::JuteReader in(payload);
                        if (wire::TxnHeader::decode(in).zxid > zxid) {
                          behind = true;
                          return stop;
                        }
                        ++kept;
                        return writer->append(payload);
                      }).run();
  if (!walked && !behind) return std::unexpected(walked.error());
  if (auto done = writer->finish(walked && walked->had_mark); !done) {
    return std::unexpected(done.error());
  }
  return kept;
}

std::string log_plan_text(const LogRepairPlan& plan) {
  std::string text = fmt::format("{}\n", plan.options.path);
  if (!plan.changes()) return text + "  nothing to repair\n";
  text += fmt::format("  kept        {}{}\n", counted(plan.txns_kept, "txn"),
                      plan.first ? ", " + zxid_range_text(*plan.first, *plan.last) : "");
  if (plan.header_wrong) text += "  mended      the header\n";
  for (const LogLoss& loss : plan.losses) text += loss_text(loss);
  if (plan.loses() && !plan.options.fill_holes) {
    for (const auto& later : plan.later_logs) {
      text += fmt::format("  LOST        {}: it would no longer follow\n", later);
    }
  }
  return text;
}

boost::json::object log_plan_json(const LogRepairPlan& plan) {
  boost::json::array losses;
  for (const LogLoss& loss : plan.losses) {
    boost::json::object object{{"kind", loss_name(loss.kind)},
                               {"begin_offset", loss.begin},
                               {"end_offset", loss.end},
                               {"why", loss.why}};
    if (loss.first) object["first_zxid"] = zxid_text(*loss.first);
    if (loss.last) object["last_zxid"] = zxid_text(*loss.last);
    if (loss.txns >= 0) object["txns"] = loss.txns;
    losses.push_back(std::move(object));
  }
  boost::json::array later;
  for (const auto& path : plan.later_logs) later.emplace_back(toolbox::utf8_or_replaced(path));
  boost::json::object object{{"file", toolbox::utf8_or_replaced(plan.options.path)},
                             {"fill_holes", plan.options.fill_holes},
                             {"changes", plan.changes()},
                             {"loses", plan.loses()},
                             {"header_wrong", plan.header_wrong},
                             {"txns_kept", plan.txns_kept},
                             {"regions", std::move(losses)},
                             {"later_logs", std::move(later)}};
  if (plan.first) object["first_zxid"] = zxid_text(*plan.first);
  if (plan.last) object["last_zxid"] = zxid_text(*plan.last);
  return object;
}

}  // namespace drover::file_tools
