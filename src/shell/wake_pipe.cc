#include "shell/wake_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "shell/interrupt.h"

namespace drover::shell {

WakePipe::WakePipe() {
  std::array<int, 2> ends{};
  const int made = pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC);
  DROVER_ASSERT(made == 0, "no pipe");
  read_end_ = ends[0];
  write_end_ = ends[1];
}

WakePipe::~WakePipe() {
  close(read_end_);
  close(write_end_);
}

void WakePipe::wake() {
  const char byte = 0;
  [[maybe_unused]] const auto written = write(write_end_, &byte, 1);  // full: it is awake anyway
}

void WakePipe::drain() {
  std::array<char, 64> bytes;
  while (read(read_end_, bytes.data(), bytes.size()) > 0) {
  }
}

bool wait_for_input(int fd, std::optional<std::chrono::steady_clock::time_point> until) {
  int wait_ms = -1;
  if (until) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now());
    wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
  }
  std::array<pollfd, 2> ends{{{.fd = fd, .events = POLLIN, .revents = 0},
                              {.fd = interrupt_fd(), .events = POLLIN, .revents = 0}}};
  const int ready = poll(ends.data(), ends.size(), wait_ms);
  return ready > 0 && ends[0].revents != 0;
}

}  // namespace drover::shell
