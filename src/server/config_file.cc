#include "server/config_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "server/config_members.h"

namespace drover::server {

namespace {

namespace fs = std::filesystem;

fs::file_type kind_of(const std::string& file) {
  std::error_code error;
  return fs::status(file, error).type();
}

Result<std::string> read_text(const std::string& file) {
  const auto kind = kind_of(file);
  if (kind == fs::file_type::not_found) return failure(fmt::format("{} file is missing", file));
  if (kind == fs::file_type::directory) return failure(fmt::format("{} is a folder", file));
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream.peek() != std::ifstream::traits_type::eof()) text << stream.rdbuf();
  if (!stream.is_open() || stream.bad() || text.bad())
    return failure(fmt::format("{} cannot be read", file));
  return std::move(text).str();
}

Result<void> read_myid(const std::string& file, Config& config) {
  const std::string path = config.data_dir + "/myid";
  if (kind_of(path) == fs::file_type::not_found) {
    return failure(fmt::format(
        "{}: myid file is missing: it holds the number of this server, the N of its server.N",
        path));
  }
  const auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  return settle_self(*text, path, file, config);
}

}  // namespace

Result<Config> load_config(const std::string& file, Config given) {
  const auto text = read_text(file);
  if (!text) return std::unexpected(text.error());
  auto config = parse_config(*text, file, std::move(given));
  if (!config) return config;
  const auto then = [&]() -> Result<void> {
    if (!config->dynamic_config_file.empty()) {
      const auto members = read_text(config->dynamic_config_file);
      if (!members) {
        return failure(fmt::format("{}: dynamicConfigFile: {}", file, members.error().message));
      }
      if (auto read = parse_dynamic_config(*members, *config); !read) return read;
    }
    if (auto good = check_ensemble(file, *config); !good) return good;
    return config->distributed() ? read_myid(file, *config) : Result<void>{};
  };
  if (auto done = then(); !done) return std::unexpected(done.error());
  return config;
}

}  // namespace drover::server
