#include "subjects.h"

#include <unordered_map>

namespace peer {

Made make_subject(const Making& making) {
  static const std::unordered_map<std::string_view, Made (*)(const Making&)> kinds{
      {"barrier", make_barrier},
      {"cache", make_cache},
      {"double_barrier", make_double_barrier},
      {"latch", make_latch},
      {"multi_lock", make_multi_lock},
      {"mutex", make_mutex},
      {"rwlock", make_rwlock},
  };
  const std::string kind = making.request.text("kind");
  const auto found = kinds.find(kind);
  if (found == kinds.end()) throw std::invalid_argument("no such kind: " + kind);
  return found->second(making);
}

}  // namespace peer
