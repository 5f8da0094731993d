#pragma once
// Apache's TxnLogToolkit, word for word: what bin/zkTxnLogToolkit.sh runs.

#include <string>
#include <vector>

namespace drover::file_tools {

// Answers the exit code. Writes `<log>.fixed` (-r) and `<log>.chopped<zxid>` (-c -z) as Apache
// does.
int txn_log_toolkit(const std::vector<std::string>& words);

}  // namespace drover::file_tools
