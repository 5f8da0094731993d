#pragma once
// An Error as an exception, for what cannot return one: constructors, and lock() in the shape of
// the standard library's locks.

#include <drover/result.h>

#include <stdexcept>
#include <utility>

namespace drover {

class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}

  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] ErrorCode code() const noexcept { return error_.code; }

 private:
  Error error_;
};

// What the result holds, or its error thrown.
template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) throw Exception(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace drover
