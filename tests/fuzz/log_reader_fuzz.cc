// One log file of arbitrary bytes behind an empty snapshot: restore answers or refuses. When it
// answers, a second restore reads exactly the same, so no repair invents or loses anything.

#include "fuzz_support.h"
#include "storage/memory_disk.h"
#include "storage/restore.h"
#include "storage/snapshot_writer.h"

namespace {

using namespace drover;
using namespace drover::storage;

class Sink final : public RestoreSink {
 public:
  std::string history;  // all txns, end to end
  void begin_snapshot(wire::Zxid) override {}
  void session(wire::SessionId, std::int32_t) override {}
  void acl(std::int64_t, AclList) override {}
  Result<void> node(std::string_view, wire::NullableBytes, std::int64_t,
                    const wire::StatPersisted&) override {
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes& txn) override {
    history.append(txn.bytes);
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  MemoryDisk disk;
  SnapshotWriter writer(disk, {.dir = "/d"}, wire::Zxid(0), {}, {});
  fuzz::require(disk.create_dirs("/d").has_value(), "a folder can be made");
  fuzz::require(writer.finish(std::nullopt, wire::Zxid(0)).has_value(),
                "a snapshot can be written");
  disk.put("/d/log.1", std::string(reinterpret_cast<const char*>(data), size));

  base::NullLog log;
  const RestoreOptions options{.snapshot_dir = "/d", .log_dir = "/d", .length_max = 1 << 20};
  Sink first;
  const auto report = restore(disk, options, first, log);
  if (!report) {
    fuzz::require(!report.error().message.empty(), "a refusal says why");
    return 0;
  }
  Sink second;
  const auto again = restore(disk, options, second, log);
  fuzz::require(again.has_value(), "what was repaired can be read");
  fuzz::require(first.history == second.history, "a repair changes no txn");
  fuzz::require(again->bytes_dropped == 0, "one repair is enough");
  return 0;
}
