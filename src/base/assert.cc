#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace drover::base {

void assertion_failed(const char* condition, const char* message, std::source_location where) {
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s (%s)\n", where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name(), message, condition);
  std::abort();
}

}  // namespace drover::base
