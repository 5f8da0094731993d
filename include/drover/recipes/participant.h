#pragma once
// Who stands in an election.

#include <string>

namespace drover {

struct Participant {
  std::string id;  // as he gave it; empty: unknown
  bool is_leader = false;

  friend bool operator==(const Participant&, const Participant&) = default;
};

}  // namespace drover
