#include "file_tools/log_toolkit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <iostream>
#include <optional>

#include "base/byte_buffer.h"
#include "file_tools/input.h"
#include "file_tools/java_text.h"
#include "file_tools/log_scan.h"
#include "storage/adler32.h"
#include "storage/log_format.h"
#include "storage/posix_disk.h"
#include "wire/jute_writer.h"

namespace drover::file_tools {

namespace {

namespace log_format = storage::log_format;

constexpr int kUnexpectedError = 1;
constexpr int kInvalidInvocation = 2;

constexpr const char* kUsage =
    "usage: TxnLogToolkit [-dhrvc] <txn_log_file_name> (-z <zxid>)\n"
    " -c,--chop         Chop mode. Chop txn file to a zxid.\n"
    " -d,--dump         Dump mode. Dump all entries of the log file with printing the content of a "
    "nodepath (default)\n"
    " -h,--help         Print help message\n"
    " -r,--recover      Recovery mode. Re-calculate CRC for broken entries.\n"
    " -v,--verbose      Be verbose in recovery mode: print all entries, not just fixed ones.\n"
    " -y,--yes          Non-interactive mode: repair all CRC errors without asking\n"
    " -z,--zxid <arg>   Used with chop. Zxid to which to chop.\n";

// Why the tool ends before its end: Apache's message and exit code.
struct Stop {
  int code;
  std::string message;
};

struct Words {
  bool help = false;
  bool recover = false;
  bool verbose = false;
  bool yes = false;
  bool chop = false;
  std::optional<std::string> zxid;
  std::vector<std::string> files;
};

bool set_flag(Words& words, std::string_view name) {
  if (name == "h" || name == "help") return words.help = true;
  if (name == "r" || name == "recover") return words.recover = true;
  if (name == "v" || name == "verbose") return words.verbose = true;
  if (name == "y" || name == "yes") return words.yes = true;
  if (name == "c" || name == "chop") return words.chop = true;
  return name == "d" || name == "dump";
}

// As commons-cli's PosixParser: flags may be joined, -z takes the rest of its word or the next.
std::optional<std::string> parse(const std::vector<std::string>& given, Words& words) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    if (word == "--") {
      words.files.insert(words.files.end(), given.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                         given.end());
      break;
    }
    if (!word.starts_with('-') || word == "-") {
      words.files.push_back(word);
      continue;
    }
    const auto take_zxid = [&](std::string_view rest) {
      if (!rest.empty()) {
        words.zxid = std::string(rest);
      } else if (i + 1 < given.size()) {
        words.zxid = given[++i];
      } else {
        return false;
      }
      return true;
    };
    if (word.starts_with("--")) {
      const std::string_view name = std::string_view(word).substr(2, word.find('=') - 2);
      if (name == "zxid") {
        const auto at = word.find('=');
        if (!take_zxid(at == std::string::npos ? "" : std::string_view(word).substr(at + 1))) {
          return "Missing argument for option: z";
        }
      } else if (!set_flag(words, name)) {
        return "Unrecognized option: " + word;
      }
      continue;
    }
    for (std::size_t at = 1; at < word.size(); ++at) {
      if (word[at] == 'z') {
        if (!take_zxid(std::string_view(word).substr(at + 1))) {
          return "Missing argument for option: z";
        }
        break;
      }
      if (!set_flag(words, std::string_view(word).substr(at, 1))) {
        return "Unrecognized option: -" + word.substr(at);
      }
    }
  }
  return std::nullopt;
}

// One frame as Apache reads it: by the length it tells, whatever its checksum.
struct Frame {
  std::uint64_t checksum = 0;
  std::string payload;
  std::optional<char> end_byte;  // nullopt: the file ends in front of it
  [[nodiscard]] std::uint64_t sum() const {
    return storage::adler32(storage::kAdlerStart, payload);
  }
};

class Frames {
 public:
  static Result<Frames> open(storage::Disk& disk, const std::string& path) {
    auto file = disk.open_read(path);
    if (!file) return std::unexpected(file.error());
    return Frames(std::move(*file));
  }

  Result<std::string> header() { return take(log_format::kHeaderSize); }

  // nullopt: where Apache sees the end: no room for a frame, or one of length 0.
  std::expected<std::optional<Frame>, Stop> next() {
    auto prefix = take(log_format::kEntryPrefixSize);
    if (!prefix) return std::unexpected(Stop{kUnexpectedError, prefix.error().message});
    if (prefix->size() < log_format::kEntryPrefixSize) return std::nullopt;
    wire::JuteReader in(*prefix);
    Frame frame;
    frame.checksum = static_cast<std::uint64_t>(in.read_long());
    const std::int32_t length = in.read_int();
    if (length == 0) return std::nullopt;
    if (length < 0 || length > kLengthMax) {
      return std::unexpected(Stop{
          kUnexpectedError, fmt::format("java.io.IOException: Unreasonable length = {}", length)});
    }
    auto payload = take(static_cast<std::size_t>(length));
    if (!payload) return std::unexpected(Stop{kUnexpectedError, payload.error().message});
    if (payload->size() < static_cast<std::size_t>(length)) return std::nullopt;
    frame.payload = std::move(*payload);
    const auto end = take(1);
    if (!end) return std::unexpected(Stop{kUnexpectedError, end.error().message});
    if (!end->empty()) frame.end_byte = end->front();
    return frame;
  }

 private:
  explicit Frames(std::unique_ptr<storage::File> file) : file_(std::move(file)) {}

  Result<std::string> take(std::size_t n) {
    std::string bytes(n, '\0');
    const auto got = file_->read_at(offset_, bytes);
    if (!got) return std::unexpected(got.error());
    bytes.resize(*got);
    offset_ += *got;
    return bytes;
  }

  std::unique_ptr<storage::File> file_;
  std::uint64_t offset_ = 0;
};

struct Header {
  std::uint32_t magic = 0;
  std::int32_t version = 0;
  std::int64_t dbid = 0;
  [[nodiscard]] std::string text() const {
    return fmt::format("ZooKeeper Transactional Log File with dbid {} txnlog format version {}\n",
                       dbid, version);
  }
};

Header header_of(std::string_view bytes) {
  wire::JuteReader in(bytes);
  Header header;
  header.magic = static_cast<std::uint32_t>(in.read_int());
  header.version = in.read_int();
  header.dbid = in.read_long();
  return header;
}

wire::TxnHeader txn_header_of(std::string_view payload) {
  wire::JuteReader in(payload);
  return wire::TxnHeader::decode(in);
}

// A copy that grows by frames.
class CopyFile {
 public:
  static Result<CopyFile> create(storage::Disk& disk, const std::string& path,
                                 std::string_view header) {
    auto file = disk.create(path);
    if (!file) return std::unexpected(file.error());
    CopyFile copy(std::move(*file));
    if (auto done = copy.write(header); !done) return std::unexpected(done.error());
    return copy;
  }
  Result<void> add(std::uint64_t checksum, std::string_view payload) {
    base::ByteBuffer bytes;
    wire::JuteWriter out(bytes);
    out.write_long(static_cast<std::int64_t>(checksum));
    out.write_bytes(payload);
    bytes.append({&log_format::kEndByte, 1});
    return write(bytes.view());
  }
  Result<void> finish() { return file_->sync_data(); }

 private:
  explicit CopyFile(std::unique_ptr<storage::File> file) : file_(std::move(file)) {}
  Result<void> write(std::string_view bytes) {
    auto done = file_->write_at(end_, bytes);
    end_ += bytes.size();
    return done;
  }
  std::unique_ptr<storage::File> file_;
  std::uint64_t end_ = 0;
};

class Toolkit {
 public:
  explicit Toolkit(Words words) : words_(std::move(words)), path_(words_.files.front()) {}

  std::optional<Stop> run() {
    if (::access(path_.c_str(), R_OK) != 0) {
      return Stop{kUnexpectedError, fmt::format("File doesn't exist or not readable: {}", path_)};
    }
    if (words_.chop && words_.zxid) return chop();
    return dump();
  }

 private:
  std::optional<Stop> dump() {
    const std::string fixed_path = path_ + ".fixed";
    if (words_.recover && ::access(fixed_path.c_str(), F_OK) == 0) {
      return Stop{kUnexpectedError,
                  fmt::format("Recovery file {} already exists or not writable", fixed_path)};
    }
    auto frames = Frames::open(disk_, path_);
    if (!frames) return Stop{kUnexpectedError, frames.error().message};
    const auto header_bytes = frames->header();
    if (!header_bytes) return Stop{kUnexpectedError, header_bytes.error().message};
    if (header_bytes->size() < log_format::kHeaderSize) {
      return Stop{kUnexpectedError, "java.io.EOFException"};
    }
    const Header header = header_of(*header_bytes);
    if (header.magic != log_format::kMagic) {
      return Stop{kInvalidInvocation, fmt::format("Invalid magic number for {}", base_name(path_))};
    }
    fmt::print("{}", header.text());
    std::optional<CopyFile> fixed;
    if (words_.recover) {
      auto copy = CopyFile::create(disk_, fixed_path, *header_bytes);
      if (!copy) return Stop{kUnexpectedError, copy.error().message};
      fixed.emplace(std::move(*copy));
    }
    if (auto stop = dump_frames(*frames, fixed ? &*fixed : nullptr)) return stop;
    if (fixed) {
      if (auto done = fixed->finish(); !done) return Stop{kUnexpectedError, done.error().message};
      fmt::print("Recovery file {} has been written with {} fixed CRC error(s)\n", fixed_path,
                 crc_fixed_);
    }
    return std::nullopt;
  }

  std::optional<Stop> dump_frames(Frames& frames, CopyFile* fixed) {
    for (std::int64_t count = 0;; ++count) {
      auto read = frames.next();
      if (!read) return read.error();
      if (!*read) {
        fmt::print("EOF reached after {} txns.\n", count);
        return std::nullopt;
      }
      Frame& frame = **read;
      if (frame.checksum != frame.sum()) {
        if (auto stop = wrong_checksum(frame)) return stop;
      }
      if (!words_.recover || words_.verbose) {
        if (auto stop = print(frame.payload, "")) return stop;
      }
      if (!frame.end_byte) return Stop{kUnexpectedError, "java.io.EOFException"};
      if (*frame.end_byte != log_format::kEndByte) {
        return Stop{kUnexpectedError, "Last transaction was partial."};
      }
      if (fixed) {
        if (auto done = fixed->add(frame.checksum, frame.payload); !done) {
          return Stop{kUnexpectedError, done.error().message};
        }
      }
    }
  }

  std::optional<Stop> wrong_checksum(Frame& frame) {
    const bool fixes = words_.recover && words_.yes;
    if (auto stop = print(frame.payload, fixes ? "CRC FIXED - " : "CRC ERROR - ")) return stop;
    if (!words_.recover) return std::nullopt;
    if (!fixes) {
      const auto answer = ask();
      if (!answer) return answer.error();
      if (!*answer) return std::nullopt;
    }
    frame.checksum = frame.sum();
    ++crc_fixed_;
    return std::nullopt;
  }

  std::expected<bool, Stop> ask() {
    for (std::string answer;;) {
      fmt::print("Would you like to fix it (Yes/No/Abort) ? ");
      std::fflush(stdout);
      if (!(std::cin >> answer)) {
        return std::unexpected(Stop{kUnexpectedError, "java.util.NoSuchElementException"});
      }
      switch (std::toupper(static_cast<unsigned char>(answer.front()))) {
        case 'Y':
          return true;
        case 'N':
          return false;
        case 'A':
          return std::unexpected(Stop{0, "Recovery aborted."});
        default:
          break;
      }
    }
  }

  static std::optional<Stop> print(std::string_view payload, std::string_view prefix) {
    if (payload.size() < wire::TxnHeader::kSize) {
      return Stop{kUnexpectedError, "java.io.EOFException"};
    }
    const wire::TxnHeader header = txn_header_of(payload);
    const auto body = body_of(payload);
    if (!is_known_type(header.type)) {
      return Stop{kUnexpectedError, fmt::format("java.io.IOException: Unsupported Txn with type={}",
                                                static_cast<std::int32_t>(header.type))};
    }
    if (!decode_txn(header.type, body)) return Stop{kUnexpectedError, "java.io.EOFException"};
    fmt::print("{}{} session 0x{:x} cxid 0x{:x} zxid 0x{:x} {} {}\n", prefix,
               java_short_date(header.time.ms), static_cast<std::uint64_t>(header.session.value),
               static_cast<std::uint64_t>(header.cxid),
               static_cast<std::uint64_t>(header.zxid.value), java_op_name(header.type),
               java_record_text(header.type, body));
    return std::nullopt;
  }

  // Whatever goes wrong from here on is a line, and the exit code 0: Apache's.
  std::optional<Stop> chop() {
    const auto zxid = java_long_decode(*words_.zxid);
    if (!zxid) {
      return Stop{
          kUnexpectedError,
          fmt::format("java.lang.NumberFormatException: For input string: \"{}\"", *words_.zxid)};
    }
    const std::string target = fmt::format("{}.chopped{}", path_, *zxid);
    const auto chopped = chop_to(wire::Zxid(*zxid), target);
    if (chopped && *chopped) return std::nullopt;
    // Apache leaves what it has; but a server of theirs would load it as a log.
    const auto removed = disk_.remove(target);
    static_cast<void>(removed.has_value());  // what went wrong is told anyway
    fmt::print("Got exception: {}\n",
               chopped ? "Failed to chop " + base_name(path_) : chopped.error().message);
    return std::nullopt;
  }

  Result<bool> chop_to(wire::Zxid zxid, const std::string& target) {
    auto frames = Frames::open(disk_, path_);
    if (!frames) return std::unexpected(frames.error());
    const auto bytes = frames->header();
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() < log_format::kHeaderSize) return failure("null");
    const Header header = header_of(*bytes);
    if (header.magic != log_format::kMagic) {
      fmt::print(stderr, "Invalid magic number in txn log file\n");
      return false;
    }
    fmt::print("{}", header.text());
    auto copy = CopyFile::create(disk_, target, *bytes);
    if (!copy) return std::unexpected(copy.error());
    std::optional<wire::Zxid> previous;
    bool found = false;
    for (std::int64_t count = 0;; ++count) {
      auto read = frames->next();
      if (!read) {
        // The message without the exception's class.
        const std::string& what = read.error().message;
        const auto colon = what.find(": ");
        return failure(what.starts_with("java.") && colon != std::string::npos
                           ? what.substr(colon + 2)
                           : what);
      }
      if (!*read) {
        fmt::print("EOF reached after {} txns.\n", count);
        return false;
      }
      const Frame& frame = **read;
      if (frame.checksum != frame.sum()) {
        return failure(fmt::format("CRC doesn't match {} vs {}", frame.checksum, frame.sum()));
      }
      if (!frame.end_byte) return failure("null");  // an EOFException has no message
      if (*frame.end_byte != log_format::kEndByte) {
        fmt::print("Last transaction was partial.\n");
        return failure("Last transaction was partial.");
      }
      const wire::Zxid at = txn_header_of(frame.payload).zxid;
      found = found || at == zxid;
      if (previous) print_gap(*previous, at);
      previous = at;
      if (at > zxid) {
        if (!found) {
          fmt::print("This log does not contain zxid {:x}\n", zxid.value);
          return false;
        }
        fmt::print("Chopping at {:x} new log has {} records\n", zxid.value, count);
        if (auto done = copy->finish(); !done) return std::unexpected(done.error());
        return true;
      }
      if (auto done = copy->add(frame.checksum, frame.payload); !done) {
        return std::unexpected(done.error());
      }
    }
  }

  static void print_gap(wire::Zxid previous, wire::Zxid at) {
    if (at == previous.next()) return;
    if (at.epoch() == previous.epoch()) {
      fmt::print("There is intra-epoch gap between {:x} and {:x}\n", previous.value, at.value);
    } else if (at.counter() != 1) {
      fmt::print("There is inter-epoch gap between {:x} and {:x}\n", previous.value, at.value);
    }
  }

  Words words_;
  std::string path_;
  storage::PosixDisk disk_;
  std::int64_t crc_fixed_ = 0;
};

}  // namespace

int txn_log_toolkit(const std::vector<std::string>& given) {
  Words words;
  if (const auto wrong = parse(given, words)) {
    fmt::print(stderr, "{}\n\n", *wrong);
    fmt::print("{}", kUsage);
    return kUnexpectedError;
  }
  if (words.help || words.files.empty()) {
    fmt::print("{}", kUsage);
    return words.help ? 0 : kUnexpectedError;
  }
  const auto stop = Toolkit(std::move(words)).run();
  if (!stop) return 0;
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", stop->message);
  return stop->code;
}

}  // namespace drover::file_tools
