// The stream behind a SNAP packet, arbitrary, into a real tree: handed over at once, and again in
// pieces whose size the first byte chooses.

#include <algorithm>

#include "fuzz_support.h"
#include "replica/restorer.h"
#include "storage/snapshot_stream.h"

namespace {

using namespace drover;
using namespace drover::storage;

struct Outcome {
  bool refused = false;
  bool done = false;
  std::size_t taken = 0;
  std::uint64_t digest = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  tree::Tree tree;
  session::SessionTable sessions(3000);
  base::NullLog log;
  replica::Restorer restorer(tree, sessions, log, base::Instant::from_ms(0));
  SnapshotStreamParser parser(wire::Zxid(1), 1 << 16, restorer);
  Outcome outcome;
  for (std::size_t offered = 0; offered < bytes.size() && !outcome.refused;) {
    offered = std::min(bytes.size(), offered + piece);
    const auto taken = parser.feed(bytes.substr(outcome.taken, offered - outcome.taken));
    outcome.refused = !taken;
    if (taken) outcome.taken += *taken;
  }
  outcome.done = !outcome.refused && parser.done();
  if (!outcome.done) return outcome;
  restorer.finish();
  outcome.digest = tree.digest();
  fuzz::require(tree.digest() == fuzz::recount_digest(tree), "digest() is the sum over all znodes");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, bytes.size());
  const Outcome pieces = parse(bytes, std::size_t{1} + data[0]);
  // What was taken before a refusal depends on the pieces; nothing else does.
  fuzz::require(whole.refused == pieces.refused, "pieces do not decide what is refused");
  fuzz::require(whole.refused || whole == pieces, "pieces do not change what is read");
  return 0;
}
