#include "cli/help.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cli/man_page.h"
#include "shell/command.h"
#include "shell/help.h"

namespace drover::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter = R"(Exit codes: 0, or 2 when there is no such command.

Examples:
  drover help serve
  man drover-serve)";

struct HelpOptions {
  std::vector<std::string> command;  // as typed: log dump
  std::string man_dir;               // empty: no pages wanted
};

bool write_page(const fs::path& dir, const ManPage& page, const std::string& text) {
  const fs::path folder = dir / fmt::format("man{}", page.section);
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path path = folder / fmt::format("{}.{}", page.name, page.section);
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) fmt::print(stderr, "{}: cannot be written\n", path.string());
  return static_cast<bool>(file);
}

// The commands that are typed inside the shell, as its `help` tells them.
std::vector<ManTopic> shell_topics() {
  std::vector<ManTopic> topics;
  for (const shell::Command* command : shell::all_commands()) {
    topics.push_back({std::string(command->name), shell::command_help(*command)});
  }
  return topics;
}

int write_pages(const CLI::App& app, const fs::path& dir) {
  const std::string version = fmt::format("Drover {}", DROVER_VERSION);
  const auto page_of_its_own = [&](const std::string& name, char section) {
    return ManPage{
        .name = name, .section = section, .version = version, .topics_heading = {}, .topics = {}};
  };
  const ManPage overview = page_of_its_own(app.get_name(), '1');
  const ManPage config = page_of_its_own("zoo.cfg", '5');
  bool good = write_page(dir, overview, man_page(app, overview)) &&
              write_page(dir, config, config_page(config));
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const bool for_administrators = command->get_name() == "serve";
    ManPage page{.name = fmt::format("{}-{}", app.get_name(), command->get_name()),
                 .section = for_administrators ? '8' : '1',
                 .version = version,
                 .topics_heading = "COMMANDS",
                 .topics = {}};
    if (command->get_name() == "shell") page.topics = shell_topics();
    good = good && write_page(dir, page, man_page(*command, page));
  }
  return good ? 0 : 1;
}

int print_help(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* command = &app;
  std::string above;  // what stands before its name
  for (const std::string& word : words) {
    const auto found =
        command->get_subcommands([&](const CLI::App* below) { return below->get_name() == word; });
    if (found.empty()) {
      fmt::print(stderr, "drover help: there is no command '{}'; `drover help` lists them\n", word);
      return 2;
    }
    above += (above.empty() ? "" : " ") + command->get_name();
    command = found.front();
  }
  if (command->get_footer().starts_with("Usage: ")) {  // says everything itself
    fmt::print("{}", command->get_footer());
  } else {
    fmt::print("{}", command->help(above));
  }
  return 0;
}

}  // namespace

void add_help(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("help", "Tell what a command does, as its --help");
  command->footer(kFooter);
  auto options = std::make_shared<HelpOptions>();
  command->add_option("command", options->command, "Nothing: list the commands");
  command->add_option("--man-pages", options->man_dir, "Write all manual pages below this folder")
      ->group("");  // for the build
  command->callback([options, &app, &exit_code] {
    exit_code = options->man_dir.empty() ? print_help(app, options->command)
                                         : write_pages(app, options->man_dir);
  });
}

}  // namespace drover::cli
