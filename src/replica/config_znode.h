#pragma once
// /zookeeper/config: where clients read who belongs to the ensemble.

#include "tree/tree.h"
#include "zab/ensemble_config.h"

namespace drover::replica {

// Says it of this server's own configuration, whatever the tree said before: every member does so
// after it has taken a tree from disk or from a leader (ZOOKEEPER-2819). No txn, so its time is 0,
// the same on all members; what is below /zookeeper is in no digest.
void show_config(tree::Tree& tree, const zab::EnsembleConfig& config);

}  // namespace drover::replica
