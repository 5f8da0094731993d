#include <drover/detail/thread_holds.h>

namespace drover::detail {

bool is_acquired_or_throw(const Result<void>& acquired) {
  if (!acquired && acquired.error().code != ErrorCode::kTimedOut) {
    throw Exception(acquired.error());
  }
  return acquired.has_value();
}

Error locked_twice_error(std::string_view what, const std::string& path) {
  return {.code = ErrorCode::kWouldDeadlock,
          .message = std::string(what) + " " + path + ": this thread has it locked already",
          .path = path};
}

}  // namespace drover::detail
