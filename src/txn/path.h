#pragma once
// Which paths a write may name (PathUtils.validatePath and the weaker checks of
// PrepRequestProcessor).

#include <string_view>

namespace drover::txn {

// The full rule: absolute, no empty, "." or ".." component, no trailing slash but for "/", and only
// characters that Java's UTF-16 path check lets pass. Malformed UTF-8 is refused, as Java reads it
// as U+FFFD.
[[nodiscard]] bool is_valid_path(std::string_view path);

// What create and delete ask for first: a slash somewhere, no NUL.
[[nodiscard]] bool has_path_shape(std::string_view path);

// Znodes that nobody may delete.
[[nodiscard]] bool is_system_path(std::string_view path);

// The text before the last slash. Requires has_path_shape(path).
[[nodiscard]] std::string_view parent_path(std::string_view path);

}  // namespace drover::txn
