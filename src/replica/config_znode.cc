#include "replica/config_znode.h"

#include <string>

namespace drover::replica {

void show_config(tree::Tree& tree, const zab::EnsembleConfig& config) {
  const std::string text = config.text();
  tree.set_data("/zookeeper/config", text, -1, wire::Zxid(config.version), 0);
}

}  // namespace drover::replica
