#pragma once
// What all example programs share, so that each shows its own idea and little else: the command
// line, lines on the console, SIGTERM, exit codes.
//
// Every program takes --connect HOSTS[/chroot], --session-ms N and --id NAME. It ends with
//   0  when it has done its work, or on SIGTERM: then it closes its session, so that its ephemeral
//      znodes go at once instead of after the session timeout
//   1  when something else failed
//   2  when it was called in a wrong way
//   3  when its session, or what it held, was lost for good
//   4  when it cannot connect, or the connection went and nobody knows what it did last
// and one line on standard error for all but 0.
//
// Errors that a program has no use for are thrown (drover::value_or_throw); run() catches them.

#include <drover/client.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace example {

struct Arguments {
  std::string connect = "127.0.0.1:2181";
  std::chrono::milliseconds session_timeout{10'000};
  std::string id;                  // unless given: the process id
  std::vector<std::string> words;  // whatever is no option, in order
  bool flag = false;               // whether the program's own flag was given
};

struct About {
  std::string_view usage;             // "naming BIZ COUNT"
  bool (*accepts)(const Arguments&);  // whether the words are right
  std::string_view flag = {};         // the one that this program has of its own, "--herd"
  bool outlives_session = false;      // goes on in the next session instead of ending with 3
  bool sees_connecting = false;       // begins before there is a connection
};

// A program as one coroutine. Both arguments outlive it.
using Coroutine = boost::asio::awaitable<void> (*)(drover::Client, const Arguments&);
// Runs it on this thread, with a client that is connected. Returns main()'s result. SIGTERM cancels
// whatever it waits for (its co_await throws), and what it owns is destroyed before the session is
// closed.
int run(int argc, char** argv, const About& about, Coroutine program);

// Waits for `task`; answers what it threw.
boost::asio::awaitable<std::exception_ptr> caught(boost::asio::awaitable<void> task);
// Runs all at once, until the first of them ends: then the others are cancelled, and what it threw
// is thrown here.
template <typename... Tasks>
boost::asio::awaitable<void> together(Tasks... tasks) {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto first = co_await (... || caught(std::move(tasks)));
  std::visit(
      [](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
      },
      first);
}

// A program that has threads of its own, and blocks. It gets its clients from open().
using Threads = void (*)(const Arguments&);
int run(int argc, char** argv, const About& about, Threads program);
// A connected client with its own session and thread, which SIGTERM closes; the program ends with 3
// when its session is lost. Throws drover::Exception.
drover::Client open(const Arguments& arguments);

// Waits for as long as the ephemeral znode is there and this session's, and then throws.
boost::asio::awaitable<void> keep(drover::Client client, std::string path);
// Waits, with nothing to wait for.
boost::asio::awaitable<void> sleep(drover::Client client, std::chrono::milliseconds time);

// One line on standard output, at once. Thread-safe.
void print_line(const std::string& line);
template <typename... Parts>
void print(const Parts&... parts) {
  std::ostringstream line;
  (line << ... << parts);
  print_line(line.str());
}
// "[a, b]"
std::string bracketed(const std::vector<std::string>& words);

// A whole number that is not negative, in decimal digits.
std::optional<std::int64_t> to_number(std::string_view text);
// The digits that a server put behind the name of a sequential znode: ten of them, so that names
// with the same prefix are in the order of their creation when they are in that of their letters.
// Names that differ before these digits have to be compared by this.
std::string_view sequence_of(std::string_view name);
// The part behind the last slash.
std::string_view name_of(std::string_view path);

}  // namespace example
