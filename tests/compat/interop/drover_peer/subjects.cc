#include "subjects.h"

#include <unordered_map>

namespace peer {

Made make_subject(const Making& making) {
  static const std::unordered_map<std::string_view, Made (*)(const Making&)> kinds{
      {"atomic_int", make_atomic_int},
      {"atomic_long", make_atomic_long},
      {"barrier", make_barrier},
      {"cache", make_cache},
      {"cached_long", make_cached_long},
      {"discovery", make_discovery},
      {"double_barrier", make_double_barrier},
      {"group", make_group},
      {"kazoo_counter", make_kazoo_counter},
      {"kazoo_lease", make_kazoo_lease},
      {"kazoo_set_partitioner", make_kazoo_set_partitioner},
      {"latch", make_latch},
      {"migration", make_migration},
      {"multi_lock", make_multi_lock},
      {"mutex", make_mutex},
      {"persistent_node", make_persistent_node},
      {"queue", make_queue_subject},
      {"queue_sharder", make_queue_sharder},
      {"rwlock", make_rwlock},
      {"selector", make_selector},
      {"semaphore", make_semaphore},
      {"semaphore_mutex", make_semaphore_mutex},
      {"shared_count", make_shared_count},
      {"shared_value", make_shared_value},
      {"simple_queue", make_simple_queue},
  };
  const std::string kind = making.request.text("kind");
  const auto found = kinds.find(kind);
  if (found == kinds.end()) throw std::invalid_argument("no such kind: " + kind);
  return found->second(making);
}

}  // namespace peer
