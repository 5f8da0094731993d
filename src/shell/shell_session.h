#pragma once
// What the shell's commands work on: the connection that can be changed under way, what was typed
// so far, and what is said. A command says things once, for people and for programs: put() takes
// the text and the JSON value of the same thing. Events are printed by the client's thread, as they
// come, between commands' lines.

#include <drover/error_code.h>
#include <drover/event.h>
#include <drover/stat.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"

namespace drover::shell {

// Why a command failed: its line for stderr, and the exit code of a shell that ends with it.
struct CommandError {
  std::string message;
  int exit_code = 1;
  std::optional<ErrorCode> code = std::nullopt;  // when a server or the client said so
};
using CommandResult = std::expected<void, CommandError>;

[[nodiscard]] std::unexpected<CommandError> command_error(std::string message, int exit_code = 1);
// A failed call, in zkCli's words.
[[nodiscard]] std::unexpected<CommandError> command_error(const Error& error);

class ShellSession {
 public:
  struct Options {
    std::string connect_string = "localhost:2181";
    client::SessionMachine::Options session;  // hosts and seed are set by connect()
    std::int32_t request_timeout_ms = 0;      // 0: as long as it takes
    bool json = false;  // every answer as one JSON object on a line of its own
  };

  explicit ShellSession(Options options) : is_json_(options.json), options_(std::move(options)) {}

  // Closes the session there is, then starts connecting. Error: the connect string makes no sense.
  CommandResult connect(const std::string& connect_string);
  CommandResult connect() { return connect(options_.connect_string); }
  void close();
  // Leaves the server without closing the session; nothing is shown any more.
  void hang_up() { client_.reset(); }
  // A session that is not over; without one commands answer "Not connected".
  [[nodiscard]] bool is_alive() const;
  [[nodiscard]] bool is_connected() const;
  [[nodiscard]] client::Client& client() { return *client_; }
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] const Options& options() const { return options_; }

  // --- what a command has to say

  // `text` as it is, or `value` as the field `key` of the answer.
  void put(std::string_view key, boost::json::value value, std::string_view text);
  template <std::convertible_to<std::string_view> Text>
  void put(std::string_view key, const Text& value, std::string_view text) {
    put(key, boost::json::value(boost::json::string(std::string_view(value))), text);
  }
  void put(const Stat& stat);
  // An aside, for stderr; JSON answers list them under "notes".
  void note(std::string_view text);
  // JSON only: a line at once, for commands that go on saying things.
  void put_line(const boost::json::object& line);
  [[nodiscard]] bool is_json() const { return is_json_; }

  // Around a command: what was put() since becomes one line. `asks_for_json`: for this command
  // alone.
  void begin_answer(bool asks_for_json);
  void end_answer(std::string_view command, const CommandResult& result);

  void out(std::string_view text);       // to stdout, whatever the form of answers
  void out_line(std::string_view text);  // with a newline

  std::atomic<bool> print_watches = true;
  std::vector<std::string> history;    // lines, by command number; the present one included
  bool is_finished = false;            // quit was said
  int exit_code = 0;                   // of the last command
  bool adds_recursive_watches = true;  // addWatch's mode, which stays for later calls once given
  // Prints what comes by itself; a terminal that is being typed at does so with care. Set before
  // the first connect(), called on the client's thread.
  std::function<void(std::string_view)> show = [this](std::string_view text) { out(text); };
  // Asked first while it is set, on the client's thread: true keeps an event from the screen.
  using Follower = std::function<bool(const WatchedEvent&)>;
  void set_follower(Follower follower);

 private:
  void take_event(const WatchedEvent& event);

  std::atomic<bool> is_json_;
  Options options_;
  boost::json::object answer_;
  std::vector<std::string> notes_;
  std::mutex follower_mutex_;
  Follower follower_;
  std::unique_ptr<client::Client> client_;  // last: its thread uses the rest
};

}  // namespace drover::shell
