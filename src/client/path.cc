#include "client/path.h"

#include <fmt/format.h>

#include <cstdint>

namespace drover::client {
namespace {

// One UTF-8 character; bytes that are not UTF-8 count as themselves and pass, the server decides on
// them.
struct Character {
  std::uint32_t code = 0;
  std::size_t size = 1;
};

Character decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (size == 1 || at + size > text.size()) return {first < 0x80 ? first : std::uint32_t{'?'}, 1};
  std::uint32_t code = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) code = (code << 6) | (byte(at + i) & 0x3fu);
  return {code, size};
}

bool is_forbidden(std::uint32_t code) {
  return (code > 0x00 && code <= 0x1f) || (code >= 0x7f && code <= 0x9f) ||
         (code >= 0xd800 && code <= 0xf8ff) || (code >= 0xfff0);
}

// What is wrong with the component that `path` has between two slashes.
std::optional<std::string> component_problem(std::string_view component) {
  if (component.empty()) return "empty node name specified";
  if (component == "." || component == "..") return "relative paths not allowed";
  return std::nullopt;
}

std::string invalid(std::string_view path, std::string_view reason, std::size_t at) {
  return fmt::format("Invalid path string \"{}\" caused by {} @{}", path, reason, at);
}

}  // namespace

std::optional<std::string> path_problem(std::string_view asked, bool sequential) {
  std::string path(asked);
  if (sequential) path += '1';
  if (path.empty()) return "Path length must be > 0";
  if (path[0] != '/') return "Path must start with / character";
  if (path.size() == 1) return std::nullopt;
  if (path.back() == '/') return "Path must not end with / character";

  std::size_t component = 1;  // where the current one starts
  std::size_t index = 1;      // counted in characters, for the message
  for (std::size_t at = 1; at < path.size(); ++index) {
    const Character c = decode_utf8(path, at);
    if (c.code == 0) return invalid(path, "null character not allowed", index);
    if (is_forbidden(c.code)) return invalid(path, "invalid character", index);
    at += c.size;
    const bool ends = at == path.size() || path[at] == '/';
    const bool empty_one = c.code == '/' && path[at - 2] == '/';
    if (empty_one) return invalid(path, "empty node name specified", index);
    if (c.code == '/') {
      component = at;
    } else if (ends) {
      const auto problem =
          component_problem(std::string_view(path).substr(component, at - component));
      if (problem) return invalid(path, *problem, index);
    }
  }
  return std::nullopt;
}

std::string with_chroot(std::string_view chroot, std::string_view path) {
  if (chroot.empty()) return std::string(path);
  if (path == "/") return std::string(chroot);
  return std::string(chroot) + std::string(path);
}

std::string without_chroot(std::string_view chroot, std::string_view path) {
  if (chroot.empty() || !path.starts_with(chroot)) return std::string(path);
  if (path.size() == chroot.size()) return "/";
  if (path[chroot.size()] != '/') return std::string(path);
  return std::string(path.substr(chroot.size()));
}

}  // namespace drover::client
