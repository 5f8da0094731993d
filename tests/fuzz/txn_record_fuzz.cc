// Txns as they come from a log or a leader, applied one after another to one tree. Apply is total:
// whatever the bytes, the tree stays consistent, its running digest equal to the one recounted from
// its znodes.

#include "fuzz_support.h"
#include "session/session_table.h"
#include "txn/apply.h"
#include "wire/txn_records.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace drover;
  constexpr int kTxnsMax = 64;
  fuzz::Input input(data, size);
  tree::Tree tree;
  session::SessionTable sessions(3000);
  std::vector<txn::Change> changes;
  base::ByteBuffer change_bytes;
  base::ByteBuffer body;
  for (int i = 0; i < kTxnsMax && !input.empty(); ++i) {
    const txn::ChangeSink sink{changes, change_bytes};
    const auto before = tree.last_zxid();
    const auto applied = txn::apply(input.bytes(), tree, sessions, base::Instant::from_ms(0),
                                    wire::OpCode::kCreate2, &sink, body);
    fuzz::require(tree.last_zxid() >= before, "last_zxid never goes back");
    fuzz::require(applied.ok || tree.last_zxid() == before,
                  "a txn that is not known changes nothing");
  }
  fuzz::require(tree.digest() == fuzz::recount_digest(tree), "digest() is the sum over all znodes");
  return 0;
}
