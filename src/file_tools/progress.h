#pragma once
// "reading log.5: 42 %" on standard error while a long read goes on; nothing when that is no
// terminal, so that logs and pipes stay clean.

#include <chrono>
#include <cstdint>
#include <string>

namespace drover::file_tools {

class Progress {
 public:
  // `total`: bytes to read; 0: not known.
  Progress(std::string what, std::uint64_t total);
  ~Progress();  // takes the line away again
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::uint64_t done);

 private:
  std::string what_;
  std::uint64_t total_;
  bool shown_ = false;
  bool terminal_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace drover::file_tools
