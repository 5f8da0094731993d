#include "txn/path.h"

#include <cstdint>

namespace drover::txn {

namespace {

bool is_continuation(char c) {
  return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80;
}

// The length of the character at the front of `rest`, which is not ASCII; 0 when it is malformed or
// one that a path may not have: C1 controls, surrogates (so nothing beyond the BMP), private use,
// U+FFF0 to U+FFFF.
std::size_t wide_character(std::string_view rest) {
  const auto first = static_cast<std::uint8_t>(rest[0]);
  if (first >= 0xc2 && first <= 0xdf) {
    if (rest.size() < 2 || !is_continuation(rest[1])) return 0;
    const std::uint32_t code = (first & 0x1fu) << 6 | (static_cast<std::uint8_t>(rest[1]) & 0x3fu);
    return code <= 0x9f ? 0 : 2;
  }
  if (first >= 0xe0 && first <= 0xef) {
    if (rest.size() < 3 || !is_continuation(rest[1]) || !is_continuation(rest[2])) return 0;
    const std::uint32_t code = (first & 0x0fu) << 12 |
                               (static_cast<std::uint8_t>(rest[1]) & 0x3fu) << 6 |
                               (static_cast<std::uint8_t>(rest[2]) & 0x3fu);
    if (code < 0x800 || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0) return 0;
    return 3;
  }
  return 0;
}

bool is_valid_component(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  for (std::size_t i = 0; i < name.size();) {
    const auto c = static_cast<std::uint8_t>(name[i]);
    if (c < 0x80) {
      if (c < 0x20 || c == 0x7f) return false;
      ++i;
      continue;
    }
    const std::size_t length = wide_character(name.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace

bool is_valid_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  if (path.size() == 1) return true;
  for (std::size_t begin = 1;;) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) return is_valid_component(path.substr(begin));
    if (!is_valid_component(path.substr(begin, slash - begin))) return false;
    begin = slash + 1;
  }
}

bool has_path_shape(std::string_view path) {
  return path.find('/') != std::string_view::npos && path.find('\0') == std::string_view::npos;
}

bool is_system_path(std::string_view path) {
  return path == "/" || path == "/zookeeper" || path == "/zookeeper/quota" ||
         path == "/zookeeper/config";
}

std::string_view parent_path(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace drover::txn
