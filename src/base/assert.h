#pragma once
// DROVER_ASSERT states what a programmer promised. It is on in every build; a broken promise ends
// the process, because going on would risk data. Bytes from outside are validated, never asserted.

#include <source_location>

namespace drover::base {
[[noreturn]] void assertion_failed(const char* condition, const char* message,
                                   std::source_location where = std::source_location::current());
}  // namespace drover::base

#define DROVER_ASSERT(condition, message)                    \
  do {                                                       \
    if (!(condition)) [[unlikely]] {                         \
      ::drover::base::assertion_failed(#condition, message); \
    }                                                        \
  } while (false)
