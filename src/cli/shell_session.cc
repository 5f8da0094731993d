#include "cli/shell_session.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "cli/shell_format.h"

namespace drover::cli {

std::unexpected<CommandError> command_error(std::string message, int exit_code) {
  return std::unexpected(CommandError{std::move(message), exit_code});
}

std::unexpected<CommandError> command_error(const Error& error) {
  return command_error(error_text(error));
}

CommandResult ShellSession::connect(const std::string& connect_string) {
  auto servers = client::parse_connect_string(connect_string);
  if (!servers) return command_error(servers.error().message);
  if (is_alive()) close();
  options_.connect_string = connect_string;
  client_.reset();
  const auto seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  client_ = std::make_unique<client::Client>(
      client::Client::Options{.servers = std::move(*servers),
                              .session = {.timeout_ms = options_.timeout_ms,
                                          .read_only_allowed = options_.read_only_allowed,
                                          .seed = seed}},
      [this](const WatchedEvent& event) {
        if (!print_watches) return;
        out(fmt::format("\nWATCHER::\n\n{}\n", event_text(event)));
      });
  return {};
}

void ShellSession::close() {
  client_->close();
}

bool ShellSession::is_alive() const {
  return client_ != nullptr && client_->state() != client::SessionState::kClosed &&
         client_->state() != client::SessionState::kAuthFailed;
}

std::string ShellSession::prompt() const {
  return fmt::format("[zk: {}({}) {}] ", options_.connect_string, state_text(client_->state()),
                     history.size());
}

void ShellSession::out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void ShellSession::out_line(std::string_view text) {
  out(fmt::format("{}\n", text));
}

void ShellSession::err_line(std::string_view text) {
  fmt::print(stderr, "{}\n", text);
}

}  // namespace drover::cli
