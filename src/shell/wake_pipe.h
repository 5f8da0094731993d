#pragma once
// A byte in a pipe: how one thread ends another's poll().

#include <chrono>
#include <optional>

namespace drover::shell {

class WakePipe {
 public:
  WakePipe();
  ~WakePipe();
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  void wake();   // from any thread
  void drain();  // forgets what came
  [[nodiscard]] int fd() const { return read_end_; }

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

// Waits until `fd` can be read from, `until` has come or Ctrl-C. True: there is something to read.
[[nodiscard]] bool wait_for_input(int fd,
                                  std::optional<std::chrono::steady_clock::time_point> until);

}  // namespace drover::shell
