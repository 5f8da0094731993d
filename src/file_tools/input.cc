#include "file_tools/input.h"

#include <charconv>
#include <filesystem>

namespace drover::file_tools {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string version_folder(const std::string& path) {
  std::string folder = path;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const std::string inside = folder + "/version-2";
  return is_directory(inside) ? inside : folder;
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::uint64_t file_size(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

std::optional<wire::Zxid> parse_zxid(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, base);
  if (text.empty() || error != std::errc() || end != text.end() || value < 0) return std::nullopt;
  return wire::Zxid(value);
}

std::optional<std::int64_t> parse_session(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, 16);
  if (text.empty() || error != std::errc() || end != text.end()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace drover::file_tools
