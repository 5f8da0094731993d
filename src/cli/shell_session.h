#pragma once
// What the shell's commands work on: the connection that can be changed under way, what was typed
// so far, and the two streams. Events are printed by the client's thread, as they come, between
// commands' lines.

#include <atomic>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"

namespace drover::cli {

// Why a command failed: its line for stderr, and the exit code of a shell that ends with it.
struct CommandError {
  std::string message;
  int exit_code = 1;
};
using CommandResult = std::expected<void, CommandError>;

[[nodiscard]] std::unexpected<CommandError> command_error(std::string message, int exit_code = 1);
// A failed call, in zkCli's words.
[[nodiscard]] std::unexpected<CommandError> command_error(const Error& error);

class ShellSession {
 public:
  struct Options {
    std::string connect_string = "localhost:2181";
    std::int32_t timeout_ms = 30'000;
    bool read_only_allowed = false;
  };

  explicit ShellSession(Options options) : options_(std::move(options)) {}

  // Closes the session there is, then starts connecting. Error: the connect string makes no sense.
  CommandResult connect(const std::string& connect_string);
  CommandResult connect() { return connect(options_.connect_string); }
  void close();
  // A session that is not over; without one commands answer "Not connected".
  [[nodiscard]] bool is_alive() const;
  [[nodiscard]] client::Client& client() { return *client_; }
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] const Options& options() const { return options_; }

  void out(std::string_view text);       // to stdout
  void out_line(std::string_view text);  // with a newline
  void err_line(std::string_view text);  // to stderr, after everything out() has said

  std::atomic<bool> print_watches = true;
  std::vector<std::string> history;    // lines, by command number; the present one included
  bool is_finished = false;            // quit was said
  int exit_code = 0;                   // of the last command
  bool adds_recursive_watches = true;  // addWatch's mode, which stays for later calls once given

 private:
  Options options_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace drover::cli
