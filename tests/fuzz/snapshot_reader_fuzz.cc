// A snapshot of arbitrary bytes into a real tree; the first byte chooses the container. Seals are
// what stops a fuzzer at once, so the rest is also fed with its seals recomputed: then every parser
// behind them is reached.

#include <zlib.h>

#include "fuzz_support.h"
#include "replica/restorer.h"
#include "storage/memory_disk.h"
#include "storage/snapshot_reader.h"

namespace {

using namespace drover;
using namespace drover::storage;

void read(Compression compression, std::string bytes) {
  MemoryDisk disk;
  const SnapshotName name{wire::Zxid(1), compression, snapshot_name(wire::Zxid(1), compression)};
  disk.put("/d/" + name.name, std::move(bytes));
  tree::Tree tree;
  session::SessionTable sessions(3000);
  base::NullLog log;
  replica::Restorer restorer(tree, sessions, log, base::Instant::from_ms(0));
  const auto content = read_snapshot(disk, "/d", name, 1 << 20, restorer);
  if (!content) return;
  restorer.finish();
  fuzz::require(tree.digest() == fuzz::recount_digest(tree), "digest() is the sum over all znodes");
}

void append_seal(std::string& bytes) {
  const auto sum = ::adler32_z(1, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(sum) >> shift));
  }
  bytes += std::string_view("\0\0\0\1/", 5);
}

// The given bytes as sessions, ACLs and nodes of a file whose header, end and seal are right.
std::string sealed(std::string_view content) {
  std::string bytes("ZKSN\0\0\0\2\xff\xff\xff\xff\xff\xff\xff\xff", 16);
  bytes += content;
  bytes += std::string_view("\0\0\0\1/", 5);
  append_seal(bytes);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  const std::string_view rest(reinterpret_cast<const char*>(data) + (size > 0 ? 1 : 0),
                              size > 0 ? size - 1 : 0);
  switch (choice % 4) {
    case 0:
      read(Compression::kNone, std::string(rest));
      break;
    case 1:
      read(Compression::kGzip, std::string(rest));
      break;
    case 2:
      read(Compression::kSnappy, std::string(rest));
      break;
    default:
      read(Compression::kNone, sealed(rest));
  }
  return 0;
}
