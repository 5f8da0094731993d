#include "support/program.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>
#include <tuple>

namespace example {

namespace asio = boost::asio;

namespace {

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kSessionLost = 3, kCannotConnect = 4 };

constexpr std::chrono::seconds kConnectPatience{5};

void complain(std::string_view what) {
  std::cerr << what << std::endl;
}

int exit_code(drover::ErrorCode code) {
  if (code == drover::ErrorCode::kLockLost) return kSessionLost;
  switch (drover::error_class(code)) {
    case drover::ErrorClass::kSessionDead:
      return kSessionLost;
    case drover::ErrorClass::kNotApplied:
    case drover::ErrorClass::kOutcomeUnknown:
      return kCannotConnect;
    default:
      return kFailed;
  }
}

drover::ClientOptions client_options(const Arguments& arguments) {
  drover::ClientOptions options;
  options.session_timeout = arguments.session_timeout;
  options.connection_timeout = kConnectPatience;
  // As long as there is a session, an operation that may be repeated is.
  options.container_parents = false;  // what recipes put their znodes under stays when it is empty
  options.retry = drover::retry::Forever{.delay = std::chrono::milliseconds(100)};
  return options;
}

// False: something is wrong with them.
bool read_arguments(int argc, char** argv, const About& about, Arguments& arguments) {
  arguments.id = std::to_string(::getpid());
  for (int at = 1; at < argc; ++at) {
    const std::string_view word = argv[at];
    if (!word.starts_with("--")) {
      arguments.words.emplace_back(word);
      continue;
    }
    if (!about.flag.empty() && word == about.flag) {
      arguments.flag = true;
      continue;
    }
    if (++at == argc) return false;
    const std::string_view value = argv[at];
    if (word == "--connect") {
      arguments.connect = value;
    } else if (word == "--id") {
      if (value.empty() || value.find('/') != value.npos) return false;  // it names znodes
      arguments.id = value;
    } else if (word == "--session-ms") {
      const auto number = to_number(value);
      if (!number || *number == 0 || *number > INT32_MAX) return false;
      arguments.session_timeout = std::chrono::milliseconds(*number);
    } else {
      return false;
    }
  }
  return about.accepts(arguments);
}

int tell_usage(const About& about) {
  complain("usage: " + std::string(about.usage) +
           " [--connect HOSTS[/chroot]] [--session-ms N] [--id NAME]");
  return kUsage;
}

int connect_failed(const Arguments& arguments) {
  complain("cannot connect to " + arguments.connect);
  return kCannotConnect;
}

// --- coroutines

asio::awaitable<int> work(drover::Client client, const About& about, const Arguments& arguments,
                          Coroutine program) {
  try {
    if (!about.sees_connecting) {
      const auto connected = co_await client.wait_connected(kConnectPatience);
      if (!connected) co_return connect_failed(arguments);
    }
    co_await program(client, arguments);
    co_return kDone;
  } catch (const drover::Exception& error) {
    if (error.code() == drover::ErrorCode::kCancelled) co_return kDone;
    complain(error.what());
    co_return exit_code(error.code());
  } catch (const boost::system::system_error& error) {
    // Cancelled: another of the three has ended first.
    if (error.code() == asio::error::operation_aborted) co_return kDone;
    complain(error.what());
    co_return kFailed;
  }
}

asio::awaitable<int> until_signal() {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::use_awaitable);
  co_return kDone;
}

// The client replaces a session that expired, but what was held in the old one is gone.
asio::awaitable<int> until_lost(drover::Stream<drover::ConnectionState> states, bool outlives) {
  for (;;) {
    const auto state = co_await states.next();
    if (state && (*state != drover::ConnectionState::kLost || outlives)) continue;
    if (!state && state.error().code == drover::ErrorCode::kCancelled) co_return kDone;
    complain("the session is lost");
    co_return kSessionLost;
  }
}

asio::awaitable<int> live(drover::Client client, const About& about, const Arguments& arguments,
                          Coroutine program) {
  using namespace asio::experimental::awaitable_operators;
  auto states = client.connection_states();
  const auto first = co_await (work(client, about, arguments, program) || until_signal() ||
                               until_lost(std::move(states), about.outlives_session));
  const int code = std::visit([](int each) { return each; }, first);
  // If nobody can be told, the session expires by itself.
  static_cast<void>(co_await client.close());
  co_return code;
}

// --- threads

class OpenClients {
 public:
  void add(const drover::Client& client) {
    const std::lock_guard lock(mutex_);
    clients_.push_back(client);
  }
  // Not left to the last handles: a recipe may hold one in the background for a moment more.
  void close() {
    const std::lock_guard lock(mutex_);
    for (auto& client : clients_) std::ignore = client.close(drover::block);
    clients_.clear();
  }
  [[noreturn]] void close_and_exit() {
    close();
    std::_Exit(kDone);  // the program's threads may be anywhere: nothing is destroyed under them
  }

 private:
  std::mutex mutex_;
  std::vector<drover::Client> clients_;
};

OpenClients& open_clients() {
  static OpenClients clients;
  return clients;
}

}  // namespace

asio::awaitable<std::exception_ptr> caught(asio::awaitable<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

asio::awaitable<void> keep(drover::Client client, std::string path) {
  for (;;) {
    auto own = drover::value_or_throw(co_await client.watch_exists(path));
    if (!own.value || own.value->ephemeral_owner != client.session_id()) {
      throw drover::Exception({drover::ErrorCode::kLockLost, path + " is gone"});
    }
    drover::value_or_throw(co_await own.changed.fired());
  }
}

asio::awaitable<void> sleep(drover::Client client, std::chrono::milliseconds time) {
  asio::steady_timer timer(client.get_executor(), time);
  co_await timer.async_wait(asio::use_awaitable);
}

int run(int argc, char** argv, const About& about, Coroutine program) {
  Arguments arguments;
  if (!read_arguments(argc, argv, about, arguments)) return tell_usage(about);
  asio::io_context context(1);
  int code = kFailed;
  {
    auto client =
        drover::Client::start(context.get_executor(), arguments.connect, client_options(arguments));
    if (!client) {
      complain(client.error().message);
      return kUsage;
    }
    asio::co_spawn(context, live(std::move(*client), about, arguments, program),
                   [&code](const std::exception_ptr& thrown, int ended) {
                     if (thrown) std::rethrow_exception(thrown);
                     code = ended;
                   });
  }
  context.run();
  return code;
}

int run(int argc, char** argv, const About& about, Threads program) {
  Arguments arguments;
  if (!read_arguments(argc, argv, about, arguments)) return tell_usage(about);
  // Blocked in every thread that there will be, and taken by one.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    open_clients().close_and_exit();
  }).detach();
  int code = kDone;
  try {
    program(arguments);
  } catch (const drover::Exception& error) {
    complain(error.what());
    code = error.code() == drover::ErrorCode::kBadArguments ? kUsage : exit_code(error.code());
  }
  open_clients().close();
  return code;
}

drover::Client open(const Arguments& arguments) {
  auto client =
      drover::value_or_throw(drover::Client::open(arguments.connect, client_options(arguments)));
  open_clients().add(client);
  // For as long as the program runs.
  static std::vector<drover::Subscription> watched;
  watched.push_back(client.on_connection_state([](drover::ConnectionState state) {
    if (state != drover::ConnectionState::kLost) return;
    complain("the session is lost");
    std::_Exit(kSessionLost);
  }));
  return client;
}

void print_line(const std::string& line) {
  // One write: lines of processes that share a pipe stay whole, and in order.
  const std::string whole = line + '\n';
  std::fwrite(whole.data(), 1, whole.size(), stdout);
  std::fflush(stdout);
}

std::string bracketed(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const auto& word : words) text += (text.size() > 1 ? ", " : "") + word;
  return text + "]";
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::string_view sequence_of(std::string_view name) {
  return name.substr(name.size() - std::min<std::size_t>(10, name.size()));
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace example
