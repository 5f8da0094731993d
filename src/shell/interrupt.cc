#include "shell/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/assert.h"

namespace drover::shell {
namespace {

volatile std::sig_atomic_t interrupted = 0;
int scopes = 0;
std::array<int, 2> ends{-1, -1};  // of a pipe: what the handler writes wakes poll()
struct sigaction before;

void on_interrupt(int) {
  interrupted = 1;
  const char byte = 0;
  [[maybe_unused]] const auto written = write(ends[1], &byte, 1);
}

}  // namespace

InterruptScope::InterruptScope() {
  if (scopes++ > 0) return;
  if (ends[0] == -1) {
    const int made = pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC);
    DROVER_ASSERT(made == 0, "no pipe");
  }
  forget_interrupt();
  struct sigaction action{};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a read that waits returns
  sigaction(SIGINT, &action, &before);
}

InterruptScope::~InterruptScope() {
  if (--scopes > 0) return;
  sigaction(SIGINT, &before, nullptr);
}

void forget_interrupt() {
  std::array<char, 16> bytes;
  while (read(ends[0], bytes.data(), bytes.size()) > 0) {
  }
  interrupted = 0;
}

bool is_interrupted() {
  return interrupted != 0;
}

int interrupt_fd() {
  return ends[0];
}

}  // namespace drover::shell
