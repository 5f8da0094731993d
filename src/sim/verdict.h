#pragma once
// Where a checker complains.

#include <string>

namespace drover::sim {

class Verdict {
 public:
  virtual ~Verdict() = default;
  // `checker`: the name of the promise that was broken.
  virtual void fail(std::string checker, std::string what) = 0;
};

}  // namespace drover::sim
