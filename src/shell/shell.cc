#include "shell/shell.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "shell/command.h"
#include "shell/completion.h"
#include "shell/format.h"
#include "shell/interrupt.h"
#include "shell/invocation.h"
#include "shell/line_reader.h"

namespace drover::shell {
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
  -client-configuration file        properties of a Java client: jute.maxbuffer, zookeeper.request.timeout and
                                    zookeeper.disableAutoWatchReset are heeded, others named on stderr
  -Dname=value                      one such property
  --json                            every answer as one JSON object on a line of its own

`help` inside the shell lists the commands. A command given here does not close its session: ephemeral znodes
that it creates stay until the timeout, as with Apache's.

Examples
  drover shell -server 127.0.0.1:2181 ls -R /
  echo 'create -s /queue/item- data' | drover shell
)";

void run_lines(ShellSession& session, LineReader& reader, bool is_interactive) {
  if (!session.is_json()) {
    session.out_line("Welcome to ZooKeeper!");
    session.out_line(is_interactive ? "JLine support is enabled" : "JLine support is disabled");
  }
  // So that the first prompt says CONNECTED wherever that is a matter of a moment.
  if (is_interactive) static_cast<void>(session.client().wait_connected(kPromptWait));
  // One for all lines: between two of them Ctrl-C would end the shell, or be lost.
  std::optional<InterruptScope> interrupts;
  if (is_interactive) interrupts.emplace();
  while (!session.is_finished) {
    const auto line = reader.read(is_interactive ? session.prompt() : "");
    if (!line) break;
    run_line(session, *line);
    if (is_interactive) forget_interrupt();  // it was for that command
  }
}

std::unique_ptr<LineReader> make_reader(ShellSession& session, bool is_interactive) {
  if (!is_interactive) return make_pipe_reader();
  return make_terminal_reader(
      [&](const std::vector<std::string>& words) { return completions(session, words); });
}

// Answers the exit code.
int converse(ShellSession& session, LineReader& reader, const Invocation& invocation,
             bool is_interactive) {
  if (!session.is_json()) {
    session.out_line(fmt::format("Connecting to {}", session.options().connect_string));
  }
  if (const auto connected = session.connect(); !connected) {
    fmt::print(stderr, "drover shell: -server: {}\n", connected.error().message);
    return 1;
  }
  const std::chrono::milliseconds timeout(session.options().session.timeout_ms);
  if (invocation.waits_for_connection && !session.client().wait_connected(timeout)) {
    fmt::print(stderr, "{}\n", keeper_error_text({ErrorCode::kConnectionLoss, ""}));
    session.close();
    return 1;
  }
  if (invocation.command.empty()) {
    run_lines(session, reader, is_interactive);
  } else {
    run_words(session, invocation.command);  // not a part of the history, as in zkCli
  }
  return session.exit_code;
}

}  // namespace

std::string usage() {
  return kHelp;
}

int run(const std::vector<std::string>& words) {
  const auto invocation = parse_invocation(words);
  if (!invocation) {
    fmt::print(stderr, "{}\n", invocation.error().message);
    return invocation.error().exit_code;
  }
  if (invocation->wants_help) {
    fmt::print("{}", kHelp);
    return 0;
  }
  for (const auto& warning : invocation->warnings) fmt::print(stderr, "{}\n", warning);

  ShellSession session(invocation->session);
  const bool is_interactive = invocation->command.empty() && isatty(STDIN_FILENO) == 1;
  const auto reader = make_reader(session, is_interactive);
  session.show = [&](std::string_view text) { reader->show(text); };
  const int exit_code = converse(session, *reader, *invocation, is_interactive);
  session.hang_up();  // before the reader goes: it shows what comes
  return exit_code;
}

}  // namespace drover::shell
