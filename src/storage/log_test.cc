// The txn log, written and read back, boundary by boundary. Method: a fixture that damages the
// bytes of one file between writer and reader; golden bytes come from a real Apache 3.8.0.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log_chain.h"
#include "storage/log_format.h"
#include "storage/log_reader.h"
#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_txn;
using testing::Txn;
using testing::views;
using testing::write_txns;
using Kind = LogEnd::Kind;

constexpr std::int32_t kLengthMax = 100000;
constexpr std::string_view kApacheHeader{"ZKLG\0\0\0\2\0\0\0\0\0\0\0\0", 16};

// Frame of make_txn's txn: 13 bytes around header (32), path (6), data (4 + n), version (4).
constexpr std::uint64_t kEntrySize = 13 + 32 + 6 + 4 + 4 + 4;

class LogTest : public ::testing::Test {
 protected:
  LogTest() { EXPECT_TRUE(disk_.create_dirs("/log")); }

  LogWriterOptions options(std::uint64_t preallocate = 4096) {
    return {.dir = "/log", .preallocate_bytes = preallocate};
  }
  // A file with txns [first, last], one sync each, as a crash leaves it: padded, not closed.
  void write(std::int64_t first, std::int64_t last, bool by_apache = false) {
    LogWriter writer(disk_, options());
    ASSERT_TRUE(write_txns(writer, first, last));
    if (by_apache) forget_mark(writer.path());
  }
  void forget_mark(const std::string& path) {
    std::string bytes = disk_.content(path);
    bytes.replace(0, kApacheHeader.size(), kApacheHeader);
    disk_.put(path, bytes);
  }
  void overwrite(const std::string& path, std::uint64_t offset, std::string_view with) {
    std::string bytes = disk_.content(path);
    if (bytes.size() < offset + with.size()) bytes.resize(offset + with.size());
    bytes.replace(offset, with.size(), with);
    disk_.put(path, bytes);
  }
  void cut(const std::string& path, std::uint64_t size) {
    disk_.put(path, disk_.content(path).substr(0, size));
  }
  static std::uint64_t offset_of(int entry) {
    return 16 + static_cast<std::uint64_t>(entry) * kEntrySize;
  }

  // Reads one file to its end.
  LogEnd read(const std::string& path, std::int32_t length_max = kLengthMax) {
    zxids_.clear();
    auto reader = LogFileReader::open(disk_, path, length_max);
    EXPECT_TRUE(reader) << reader.error().message;
    for (;;) {
      const auto entry = reader->next();
      EXPECT_TRUE(entry);
      if (!*entry) break;
      zxids_.push_back((*entry)->header.zxid.value);
    }
    return *reader->end();
  }
  // Reads the chain to its end; the error's message, or empty.
  std::string read_chain(std::int64_t after, bool first_may_skip = false) {
    zxids_.clear();
    warnings_.clear();
    auto chain = LogChain::open(disk_, {.dir = "/log",
                                        .after = wire::Zxid(after),
                                        .length_max = kLengthMax,
                                        .first_may_skip = first_may_skip});
    EXPECT_TRUE(chain);
    for (;;) {
      const auto entry = chain->next();
      if (!entry) return entry.error().message;
      if (!*entry) break;
      zxids_.push_back((*entry)->header.zxid.value);
    }
    warnings_ = chain->warnings();
    return {};
  }

  MemoryDisk disk_;
  std::vector<std::int64_t> zxids_;
  std::vector<std::string> warnings_;
};

// ---- golden bytes (Apache 3.8.0, fresh standalone)

constexpr std::string_view kGoldenHeader = "5a4b4c47 00000002 0000000000000000";
constexpr std::string_view kGoldenEntry =
    "00000000f09f0bea 00000030"
    "0100001af2be0000 00000000 0000000000000001 000001a1fd9353b1 fffffff6"
    "00007530"
    "00000002 0000000051c6d660"
    "42";

TEST_F(LogTest, GoldenCreateSessionIsRead) {
  disk_.put("/log/log.1", testing::from_hex(kGoldenHeader) + testing::from_hex(kGoldenEntry));
  auto reader = LogFileReader::open(disk_, "/log/log.1", kLengthMax);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->synced_mark(), std::nullopt);
  const auto entry = reader->next();
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->header.zxid, wire::Zxid(1));
  EXPECT_EQ((*entry)->header.type, wire::OpCode::kCreateSession);
  EXPECT_EQ((*entry)->header.session.value, 0x100001af2be0000);
  EXPECT_EQ((*entry)->offset, 16u);
  wire::JuteReader in((*entry)->txn.bytes.substr(wire::TxnHeader::kSize));
  EXPECT_EQ(wire::CreateSessionTxn::decode(in).timeout_ms, 30000);
  EXPECT_EQ(wire::TxnDigest::decode(in).tree_digest, 1371985504u);
  EXPECT_FALSE(*reader->next());
  EXPECT_EQ(reader->end()->kind, Kind::kClean);
}

TEST_F(LogTest, GoldenCreateSessionIsWritten) {
  const std::string entry = testing::from_hex(kGoldenEntry);
  const std::string payload = entry.substr(12, 48);
  LogWriter writer(disk_, options(0));
  const wire::TxnBytes txn{wire::Zxid(1), payload};
  ASSERT_TRUE(writer.append({&txn, 1}));
  ASSERT_TRUE(writer.sync());
  EXPECT_EQ(writer.path(), "/log/log.1");
  const std::string bytes = disk_.content("/log/log.1");
  EXPECT_EQ(bytes.substr(0, 8), testing::from_hex(kGoldenHeader).substr(0, 8));
  EXPECT_EQ(bytes.substr(16), entry);
}

// ---- writer

TEST_F(LogTest, NothingIsCreatedBeforeTheFirstTxn) {
  LogWriter writer(disk_, options());
  ASSERT_TRUE(writer.append({}));
  ASSERT_TRUE(writer.sync());
  ASSERT_TRUE(writer.roll());
  EXPECT_THAT(*disk_.list("/log"), IsEmpty());
}

TEST_F(LogTest, ABatchIsOneWrite) {
  LogWriter writer(disk_, options());
  ASSERT_TRUE(write_txns(writer, 1, 1));
  const std::vector<Txn> batch{make_txn(2), make_txn(3), make_txn(4)};
  const auto before = disk_.changes();
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_EQ(disk_.changes() - before, 2);  // the mark and the batch
  ASSERT_TRUE(writer.sync());
  EXPECT_EQ(disk_.changes() - before, 3);
  EXPECT_EQ(writer.probe().syncs, 2);
}

TEST_F(LogTest, RollSyncsMarksAndGivesRoomBack) {
  LogWriter writer(disk_, options());
  ASSERT_TRUE(write_txns(writer, 1, 3));
  EXPECT_EQ(disk_.content("/log/log.1").size(), 4096u);
  EXPECT_EQ(writer.txns_since_roll(), 3);
  EXPECT_EQ(writer.bytes_since_roll(), static_cast<std::int64_t>(3 * kEntrySize));
  ASSERT_TRUE(writer.roll());
  EXPECT_EQ(writer.txns_since_roll(), 0);
  EXPECT_EQ(disk_.content("/log/log.1").size(), offset_of(3));
  auto reader = LogFileReader::open(disk_, "/log/log.1", kLengthMax);
  EXPECT_EQ(reader->synced_mark(), offset_of(3));
  ASSERT_TRUE(write_txns(writer, 4, 4));
  EXPECT_EQ(writer.path(), "/log/log.4");
  EXPECT_EQ(read_chain(0), "");
  EXPECT_THAT(zxids_, ElementsAre(1, 2, 3, 4));
}

TEST_F(LogTest, MarkIsWhereTheLastBatchBegan) {
  write(1, 3);
  const auto reader = LogFileReader::open(disk_, "/log/log.1", kLengthMax);
  EXPECT_EQ(reader->synced_mark(), offset_of(2));
}

TEST_F(LogTest, PaddingGrowsInSteps) {
  LogWriter writer(disk_, options(4096));
  ASSERT_TRUE(write_txns(writer, 1, 64));  // 16 + 64 * 63 = 4048
  EXPECT_EQ(disk_.content("/log/log.1").size(), 4096u);
  ASSERT_TRUE(write_txns(writer, 65, 65));
  EXPECT_EQ(disk_.content("/log/log.1").size(), 8192u);
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  EXPECT_EQ(zxids_.size(), 65u);
}

TEST_F(LogTest, BatchThatEndsExactlyAtThePadding) {
  LogWriter writer(disk_, options(4096));
  const std::vector<Txn> batch{make_txn(1, std::string(4096 - 16 - 59, 'x'))};
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_EQ(writer.file_bytes(), 4096u);
  EXPECT_EQ(disk_.content("/log/log.1").size(), 8192u);
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
}

TEST_F(LogTest, BatchLargerThanThePadding) {
  LogWriter writer(disk_, options(512));
  const std::vector<Txn> batch{make_txn(1, std::string(5000, 'x')), make_txn(2)};
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  EXPECT_THAT(zxids_, ElementsAre(1, 2));
}

TEST_F(LogTest, WithoutPaddingTheFileEndsWithTheLastEntry) {
  LogWriter writer(disk_, options(0));
  ASSERT_TRUE(write_txns(writer, 1, 2));
  EXPECT_EQ(disk_.content("/log/log.1").size(), offset_of(2));
}

TEST_F(LogTest, DiskTooFullForPaddingStillTakesTxns) {
  LogWriter writer(disk_, options(1 << 20));
  disk_.set_free_bytes(1000);
  ASSERT_TRUE(write_txns(writer, 1, 3));
  EXPECT_EQ(disk_.content("/log/log.1").size(), offset_of(3));
}

TEST_F(LogTest, FullDiskIsFinal) {
  LogWriter writer(disk_, options(0));
  ASSERT_TRUE(write_txns(writer, 1, 2));
  disk_.set_free_bytes(10);
  const std::vector<Txn> batch{make_txn(3)};
  const auto full = writer.append(views(batch));
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().message, HasSubstr("No space left on device"));
  EXPECT_TRUE(writer.failed());
  disk_.set_free_bytes(UINT64_MAX);
  EXPECT_FALSE(writer.append(views(batch)));
  EXPECT_FALSE(writer.sync());
  EXPECT_FALSE(writer.roll());
}

TEST_F(LogTest, FailedSyncIsFinal) {
  LogWriter writer(disk_, options());
  ASSERT_TRUE(write_txns(writer, 1, 2));
  const std::vector<Txn> batch{make_txn(3)};
  ASSERT_TRUE(writer.append(views(batch)));
  disk_.fail_at(1);
  ASSERT_FALSE(writer.sync());
  disk_.heal();
  const auto again = writer.sync();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("fdatasync /log/log.1"));
  EXPECT_FALSE(writer.append(views(batch)));
}

TEST_F(LogTest, FileLimitRollsWithoutResettingTheCounts) {
  LogWriterOptions limited = options();
  limited.file_bytes_max = 150;
  LogWriter writer(disk_, limited);
  ASSERT_TRUE(write_txns(writer, 1, 7));
  EXPECT_THAT(*disk_.list("/log"), ElementsAre("log.1", "log.4", "log.7"));
  EXPECT_EQ(writer.txns_since_roll(), 7);
  EXPECT_EQ(read_chain(0), "");
  EXPECT_EQ(zxids_.size(), 7u);
}

TEST_F(LogTest, WithoutForcedSyncsNothingIsClaimed) {
  LogWriterOptions lazy = options();
  lazy.force_sync = false;
  LogWriter writer(disk_, lazy);
  ASSERT_TRUE(write_txns(writer, 1, 3));
  EXPECT_EQ(LogFileReader::open(disk_, "/log/log.1", kLengthMax)->synced_mark(), 16u);
  ASSERT_TRUE(writer.roll());  // but a closed file is synced for real
  EXPECT_EQ(LogFileReader::open(disk_, "/log/log.1", kLengthMax)->synced_mark(), offset_of(3));
}

// ---- reader: ends

TEST_F(LogTest, HeaderOnlyIsCleanAndEmpty) {
  disk_.put("/log/log.1", std::string(kApacheHeader));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  EXPECT_THAT(zxids_, IsEmpty());
}

TEST_F(LogTest, LessThanAHeaderIsEmpty) {
  for (const std::size_t size : {0u, 1u, 15u}) {
    disk_.put("/log/log.1", std::string(kApacheHeader.substr(0, size)));
    EXPECT_EQ(read("/log/log.1").kind, Kind::kEmpty) << size;
  }
}

TEST_F(LogTest, ZerosInsteadOfAHeaderAreEmpty) {
  disk_.put("/log/log.1", std::string(4096, '\0'));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kEmpty);
}

TEST_F(LogTest, WrongMagicIsNotALog) {
  write(1, 2);
  overwrite("/log/log.1", 0, "ZKSN");
  EXPECT_EQ(read("/log/log.1").kind, Kind::kNotALog);
}

TEST_F(LogTest, VersionAndDbidAreNotChecked) {
  write(1, 2);
  overwrite("/log/log.1", 4, std::string("\0\0\0\x09\1\2\3\4\5\6\7\x08", 12));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  EXPECT_THAT(zxids_, ElementsAre(1, 2));
}

TEST_F(LogTest, CutAtEveryByteOfTheLastEntry) {
  for (const bool by_apache : {false, true}) {
    for (std::uint64_t kept = 1; kept < kEntrySize; ++kept) {
      write(1, 3, by_apache);
      cut("/log/log.1", offset_of(2) + kept);
      const LogEnd end = read("/log/log.1");
      EXPECT_THAT(zxids_, ElementsAre(1, 2));
      // The upper half of the checksum is zeros: so far nothing shows that an entry began.
      EXPECT_EQ(end.kind, kept <= 4 ? Kind::kClean : Kind::kTorn) << kept;
      EXPECT_EQ(end.offset, offset_of(2));
    }
  }
}

TEST_F(LogTest, ZerosFromEveryByteOfTheLastEntry) {
  for (const bool by_apache : {false, true}) {
    for (std::uint64_t kept = 1; kept < kEntrySize; ++kept) {
      write(1, 3, by_apache);
      overwrite("/log/log.1", offset_of(2) + kept, std::string(kEntrySize - kept, '\0'));
      const LogEnd end = read("/log/log.1");
      EXPECT_THAT(zxids_, ElementsAre(1, 2));
      EXPECT_EQ(end.kind, kept <= 4 ? Kind::kClean : Kind::kTorn) << kept;
    }
  }
}

TEST_F(LogTest, WrongByteAnywhereInTheLastEntryIsTorn) {
  for (const bool by_apache : {false, true}) {
    for (std::uint64_t at = 0; at < kEntrySize; ++at) {
      write(1, 3, by_apache);
      overwrite("/log/log.1", offset_of(2) + at, "\x7f");
      const LogEnd end = read("/log/log.1");
      EXPECT_EQ(end.kind, Kind::kTorn) << at << end.reason;
      EXPECT_THAT(zxids_, ElementsAre(1, 2));
    }
  }
}

TEST_F(LogTest, WrongByteAnywhereBeforeTheLastEntryIsDamage) {
  for (const bool by_apache : {false, true}) {
    for (std::uint64_t at = 0; at < kEntrySize; ++at) {
      write(1, 4, by_apache);
      overwrite("/log/log.1", offset_of(1) + at, "\x7f");
      const LogEnd end = read("/log/log.1");
      EXPECT_EQ(end.kind, Kind::kDamaged) << at << end.reason;
      EXPECT_EQ(end.offset, offset_of(1));
      EXPECT_EQ(end.next_valid, offset_of(2));
      EXPECT_EQ(end.next_valid_zxid, wire::Zxid(3));
      EXPECT_THAT(zxids_, ElementsAre(1));
    }
  }
}

TEST_F(LogTest, ZerosBeforeTheLastEntryAreDamage) {
  for (const bool by_apache : {false, true}) {
    write(1, 4, by_apache);
    overwrite("/log/log.1", offset_of(1), std::string(kEntrySize, '\0'));
    const LogEnd end = read("/log/log.1");
    EXPECT_EQ(end.kind, Kind::kDamaged);
    EXPECT_EQ(end.next_valid, offset_of(2));
  }
}

TEST_F(LogTest, SyncedBytesThatTurnedIntoZerosAreDamage) {
  write(1, 4);
  overwrite("/log/log.1", offset_of(1), std::string(3 * kEntrySize, '\0'));
  const LogEnd end = read("/log/log.1");
  EXPECT_EQ(end.kind, Kind::kDamaged);
  EXPECT_FALSE(end.next_valid);
}

// The sectors of an unsynced batch may survive in any order. The mark says that nobody was told of
// them.
TEST_F(LogTest, HoleInTheUnsyncedBatchIsTornThoughValidEntriesFollow) {
  LogWriter writer(disk_, options());
  ASSERT_TRUE(write_txns(writer, 1, 2));
  const std::vector<Txn> batch{make_txn(3), make_txn(4), make_txn(5)};
  ASSERT_TRUE(writer.append(views(batch)));
  overwrite("/log/log.1", offset_of(2), std::string(kEntrySize, '\0'));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kTorn);
  EXPECT_THAT(zxids_, ElementsAre(1, 2));
  // Without the mark nobody can know: refuse.
  forget_mark("/log/log.1");
  EXPECT_EQ(read("/log/log.1").kind, Kind::kDamaged);
}

TEST_F(LogTest, FileThatSomebodyTruncatedBetweenEntriesIsClean) {
  write(1, 4);
  cut("/log/log.1", offset_of(2));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  cut("/log/log.1", offset_of(2) - 1);
  EXPECT_EQ(read("/log/log.1").kind, Kind::kDamaged);
}

TEST_F(LogTest, CopyOfAnOldLogInsideDataIsNotTakenForAFollower) {
  write(1, 3, true);
  const std::string old_log = disk_.content("/log/log.1").substr(16, 3 * kEntrySize);
  LogWriter writer(disk_, options());
  const std::vector<Txn> batch{make_txn(4), make_txn(5, old_log)};
  ASSERT_TRUE(writer.append(views(batch)));
  forget_mark("/log/log.4");
  overwrite("/log/log.4", offset_of(1) + 44, "\x7f");
  EXPECT_EQ(read("/log/log.4").kind, Kind::kTorn);
}

TEST_F(LogTest, EntryAboveTheLimitIsNotTakenForATornOne) {
  for (const bool by_apache : {false, true}) {
    LogWriter writer(disk_, options());
    const std::vector<Txn> batch{make_txn(1), make_txn(2, std::string(2000, 'x'))};
    ASSERT_TRUE(writer.append(views(batch)));
    if (by_apache) forget_mark("/log/log.1");
    const LogEnd end = read("/log/log.1", 1000);
    EXPECT_EQ(end.kind, Kind::kDamaged);
    EXPECT_THAT(end.reason, HasSubstr("raise jute.maxbuffer"));
    EXPECT_EQ(read("/log/log.1", 2046).kind, Kind::kClean);  // exactly the payload
    EXPECT_EQ(read("/log/log.1", 2045).kind, Kind::kDamaged);
  }
}

TEST_F(LogTest, EntryTooShortForAHeader) {
  std::string bytes(kApacheHeader);
  bytes += testing::from_hex("0000000000620062 00000001 61 42");  // Adler-32 of "a"
  disk_.put("/log/log.1", bytes);
  const LogEnd end = read("/log/log.1");
  EXPECT_EQ(end.kind, Kind::kTorn);
  EXPECT_THAT(end.reason, HasSubstr("too short"));
}

TEST_F(LogTest, EntriesAcrossTheReadBuffer) {
  LogWriter writer(disk_, options());
  std::vector<Txn> batch;
  for (int i = 1; i <= 40; ++i) batch.push_back(make_txn(i, std::string(20000 + i, 'x')));
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_EQ(read("/log/log.1").kind, Kind::kClean);
  EXPECT_EQ(zxids_.size(), 40u);
}

// ---- chain

TEST_F(LogTest, ChainStartsAfterTheGivenZxid) {
  write(1, 3);
  write(4, 6);
  write(7, 9);
  EXPECT_EQ(read_chain(4), "");
  EXPECT_THAT(zxids_, ElementsAre(5, 6, 7, 8, 9));
  EXPECT_EQ(read_chain(3), "");
  EXPECT_THAT(zxids_, ElementsAre(4, 5, 6, 7, 8, 9));
  EXPECT_EQ(read_chain(9), "");
  EXPECT_THAT(zxids_, IsEmpty());
  EXPECT_EQ(read_chain(100), "");
  EXPECT_THAT(zxids_, IsEmpty());
}

TEST_F(LogTest, ChainDoesNotReadFilesThatItDoesNotNeed) {
  write(1, 3);
  overwrite("/log/log.1", 0, "????");
  write(4, 6);
  EXPECT_EQ(read_chain(3), "");
  EXPECT_THAT(zxids_, ElementsAre(4, 5, 6));
}

TEST_F(LogTest, GapBetweenStartAndFirstLogIsRefused) {
  write(5, 6);
  EXPECT_THAT(read_chain(3), HasSubstr("/log/log.5: at offset 16: txn 0x5 follows 0x3"));
  EXPECT_EQ(read_chain(3, true), "");
  EXPECT_EQ(warnings_.size(), 1u);
}

TEST_F(LogTest, GapBetweenFilesIsRefused) {
  write(1, 3);
  write(5, 6);
  EXPECT_THAT(read_chain(0), HasSubstr("/log/log.5: at offset 16: txn 0x5 follows 0x3"));
  EXPECT_THAT(zxids_, ElementsAre(1, 2, 3));
}

TEST_F(LogTest, GapInsideAFileIsRefused) {
  LogWriter writer(disk_, options());
  const std::vector<Txn> batch{make_txn(1), make_txn(3)};
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_THAT(read_chain(0),
              HasSubstr(fmt::format("/log/log.1: at offset {}: txn 0x3", offset_of(1))));
}

TEST_F(LogTest, NewEpochBeginsWithItsFirstTxn) {
  write(1, 3);
  write(0x500000001, 0x500000002);
  EXPECT_EQ(read_chain(0), "");
  EXPECT_THAT(zxids_, ElementsAre(1, 2, 3, 0x500000001, 0x500000002));
}

TEST_F(LogTest, NewEpochWithoutItsFirstTxnIsAGap) {
  write(1, 3);
  write(0x500000002, 0x500000003);
  EXPECT_THAT(read_chain(0), HasSubstr("txn 0x500000002 follows 0x3"));
}

TEST_F(LogTest, ErrorMayRepeatAZxidAndNothingElseMay) {
  LogWriter writer(disk_, options());
  const std::vector<Txn> batch{make_txn(1), make_txn(1, "", wire::OpCode::kError), make_txn(2)};
  ASSERT_TRUE(writer.append(views(batch)));
  EXPECT_EQ(read_chain(0), "");
  EXPECT_THAT(zxids_, ElementsAre(1, 1, 2));
  EXPECT_EQ(read_chain(1), "");
  EXPECT_THAT(zxids_, ElementsAre(2));

  LogWriter twice(disk_, options());
  const std::vector<Txn> repeated{make_txn(3), make_txn(3)};
  ASSERT_TRUE(twice.append(views(repeated)));
  EXPECT_THAT(read_chain(0), HasSubstr("txn 0x3 comes after 0x3"));
}

TEST_F(LogTest, LogThatGoesBackIsRefused) {
  write(1, 5);
  write(4, 6);
  EXPECT_THAT(read_chain(0), HasSubstr("/log/log.4: at offset 16: txn 0x4 comes after 0x5"));
}

TEST_F(LogTest, RestThatALaterFileSupersedesIsIgnored) {
  // Apache stops reading at a zeroed entry and goes on in a new file, whose name proves it.
  write(1, 5, true);
  overwrite("/log/log.1", offset_of(2), std::string(kEntrySize, '\0'));
  EXPECT_THAT(read_chain(0), HasSubstr("/log/log.1: at offset 142"));
  write(3, 4);
  EXPECT_EQ(read_chain(0), "");
  EXPECT_THAT(zxids_, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("given up by an earlier recovery")));
}

TEST_F(LogTest, TornTailOfAnOlderFileIsRefusedWhenTxnsAreMissing) {
  write(1, 3, true);
  overwrite("/log/log.1", offset_of(2) + 30, "\x7f");
  write(4, 5);
  EXPECT_THAT(read_chain(0), HasSubstr("txn 0x4 follows 0x2"));
  EXPECT_THAT(read_chain(0), HasSubstr("/log/log.1: at offset 142"));
}

TEST_F(LogTest, StrayNamesAreIgnoredWithAWarning) {
  write(1, 3);
  disk_.put("/log/log.1.bak", "junk");
  disk_.put("/log/log.zz", "junk");
  disk_.put("/log/notes", "junk");
  EXPECT_EQ(read_chain(0), "");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("log.1.bak"), HasSubstr("log.zz")));
}

// ---- bytes from others

TEST_F(LogTest, MutatedFilesNeverCrashTheReader) {
  write(1, 20, true);
  const std::string good = disk_.content("/log/log.1").substr(0, 2000);
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    base::Prng prng(seed);
    std::string bytes = good;
    if (prng.chance(1, 2)) {
      base::ByteBuffer mark;
      wire::JuteWriter(mark).write_long(
          static_cast<std::int64_t>(log_format::mark_to_dbid(prng.below(3000))));
      bytes.replace(8, 8, mark.view());
    }
    for (auto n = prng.below(6); n > 0; --n) {
      bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
    }
    if (prng.chance(1, 4)) bytes.resize(prng.below(bytes.size()));
    disk_.put("/log/log.1", bytes);
    const LogEnd end = read("/log/log.1");
    EXPECT_LE(end.offset, bytes.size());
    for (std::size_t i = 0; i < zxids_.size(); ++i) {
      EXPECT_EQ(zxids_[i], static_cast<std::int64_t>(i + 1))
          << "seed " << seed << " invented a txn";
    }
  }
}

}  // namespace
}  // namespace drover::storage
