#pragma once
// How a function says that it could not: a code from ZooKeeper's table, one sentence for a person,
// and the path.

#include <drover/error_code.h>

#include <cstdint>
#include <expected>
#include <string>

namespace drover {

struct Error {
  ErrorCode code = ErrorCode::kSystemError;
  std::string message;  // names what and where; no trailing newline
  std::string path{};   // the znode that it is about, as the caller names it; may be empty
  // The operation of a transaction that failed, counted from 0; -1: none did, or no transaction.
  std::int32_t operation = -1;
};

template <typename T>
using Result = std::expected<T, Error>;

// An error that has no place in ZooKeeper's table (disk, network, configuration).
[[nodiscard]] inline std::unexpected<Error> failure(std::string message,
                                                    ErrorCode code = ErrorCode::kSystemError) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace drover
