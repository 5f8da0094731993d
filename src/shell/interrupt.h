#pragma once
// Ctrl-C while a command runs: the command ends, the shell does not. Signals belong to the process,
// so there is one of these at a time.

namespace drover::shell {

class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
};

// Whether Ctrl-C came since the innermost scope began; false outside of any.
[[nodiscard]] bool is_interrupted();
// Forgets what came, to wait for the next.
void forget_interrupt();
// A file descriptor that can be read from as soon as is_interrupted(), for poll().
[[nodiscard]] int interrupt_fd();

}  // namespace drover::shell
