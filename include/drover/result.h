#pragma once
// How a function says that it could not: a code from ZooKeeper's table and one sentence for a
// person.

#include <drover/error_code.h>

#include <expected>
#include <string>

namespace drover {

struct Error {
  ErrorCode code = ErrorCode::kSystemError;
  std::string message;  // names what and where; no trailing newline
};

template <typename T>
using Result = std::expected<T, Error>;

// An error that has no place in ZooKeeper's table (disk, network, configuration).
[[nodiscard]] inline std::unexpected<Error> failure(std::string message,
                                                    ErrorCode code = ErrorCode::kSystemError) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace drover
