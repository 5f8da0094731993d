#include "cli/shell.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "cli/line_reader.h"
#include "cli/shell_command.h"
#include "cli/shell_format.h"

namespace drover::cli {
namespace {

constexpr std::chrono::milliseconds kPromptWait{300};

constexpr const char* kHelp =
    R"(Usage: drover shell [options] [command args...]

Talks to a ZooKeeper server as Apache's zkCli does. With a command: runs it and exits with its code (0 good,
1 failed, 127 unknown). Without: reads commands from the terminal or, line by line, from a pipe.

Options (one dash or two)
  -server host:port[,...][/chroot]  servers to connect to (localhost:2181)
  -timeout ms                       session timeout (30000)
  -r                                a read-only server will do
  -waitforconnection                do nothing before the session is connected; give up after the timeout

`help` inside the shell lists the commands. A command given here does not close its session: ephemeral znodes
that it creates stay until the timeout, as with Apache's.

Examples
  drover shell -server 127.0.0.1:2181 ls -R /
  echo 'create -s /queue/item- data' | drover shell
)";

struct Invocation {
  ShellSession::Options session;
  std::string timeout = "30000";
  bool waits_for_connection = false;
  bool wants_help = false;
  std::vector<std::string> command;
};

Invocation parse_invocation(const std::vector<std::string>& words) {
  Invocation result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (!word.starts_with('-')) {
      result.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const auto option = word.substr(word.starts_with("--") ? 2 : 1);
    std::string* value = nullptr;
    std::string ignored;
    if (option == "server") value = &result.session.connect_string;
    if (option == "timeout") value = &result.timeout;
    if (option == "client-configuration") value = &ignored;
    if (value != nullptr && i + 1 == words.size()) {
      fmt::print(stderr, "Error: no argument found for option {}\n", word);
      break;
    }
    if (value != nullptr) *value = words[++i];
    if (option == "r") result.session.read_only_allowed = true;
    if (option == "waitforconnection") result.waits_for_connection = true;
    if (option == "help" || option == "h") result.wants_help = true;
  }
  return result;
}

// Names of commands for the first word of a line, paths of znodes for words that begin with '/'.
std::vector<std::string> completions(ShellSession& session, const std::string& word,
                                     bool is_first) {
  std::vector<std::string> found;
  if (is_first) {
    for (const auto* command : all_commands()) {
      if (command->name.starts_with(word)) found.emplace_back(command->name);
    }
    return found;
  }
  if (!word.starts_with('/') || !session.is_alive()) return found;
  const auto slash = word.rfind('/');
  const auto parent = slash == 0 ? std::string("/") : word.substr(0, slash);
  const auto children = session.client().get_children(parent);
  if (!children) return found;
  for (const auto& name : children->children) {
    auto path = fmt::format("{}/{}", slash == 0 ? "" : parent, name);
    if (path.starts_with(word)) found.push_back(std::move(path));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void run_lines(ShellSession& session) {
  const bool is_interactive = isatty(STDIN_FILENO) == 1;
  session.out_line("Welcome to ZooKeeper!");
  session.out_line(is_interactive ? "JLine support is enabled" : "JLine support is disabled");
  // So that the first prompt says CONNECTED wherever that is a matter of a moment.
  if (is_interactive) static_cast<void>(session.client().wait_connected(kPromptWait));
  const auto reader = is_interactive
                          ? make_terminal_reader([&](const std::string& word, bool is_first) {
                              return completions(session, word, is_first);
                            })
                          : make_pipe_reader();
  while (!session.is_finished) {
    const auto line = reader->read(is_interactive ? session.prompt() : "");
    if (!line) break;
    run_line(session, *line);
  }
}

}  // namespace

std::string shell_help() {
  return kHelp;
}

int shell(const std::vector<std::string>& words) {
  auto invocation = parse_invocation(words);
  if (invocation.wants_help) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const auto timeout_ms = parse_number<std::int32_t>(invocation.timeout);
  if (!timeout_ms || *timeout_ms <= 0) {
    fmt::print(stderr, "drover shell: -timeout '{}' is not a number of milliseconds\n",
               invocation.timeout);
    return 1;
  }
  invocation.session.timeout_ms = *timeout_ms;
  ShellSession session(invocation.session);
  session.out_line(fmt::format("Connecting to {}", invocation.session.connect_string));
  if (const auto connected = session.connect(); !connected) {
    session.note(fmt::format("drover shell: {}", connected.error().message));
    return 1;
  }
  if (invocation.waits_for_connection &&
      !session.client().wait_connected(std::chrono::milliseconds(*timeout_ms))) {
    session.note(keeper_error_text({ErrorCode::kConnectionLoss, ""}));
    session.close();
    return 1;
  }
  if (invocation.command.empty()) {
    run_lines(session);
  } else {
    session.history.push_back(fmt::format("{}", invocation.command.front()));
    run_words(session, invocation.command);
  }
  return session.exit_code;
}

}  // namespace drover::cli
