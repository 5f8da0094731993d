#include "shell/shell_session.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <chrono>
#include <cstdio>

#include "shell/format.h"
#include "shell/interrupt.h"
#include "shell/json.h"

namespace drover::shell {

std::unexpected<CommandError> command_error(std::string message, int exit_code) {
  return std::unexpected(CommandError{std::move(message), exit_code});
}

std::unexpected<CommandError> command_error(const Error& error) {
  return std::unexpected(CommandError{.message = error_text(error), .code = error.code});
}

CommandResult ShellSession::connect(const std::string& connect_string) {
  auto servers = client::parse_connect_string(connect_string);
  if (!servers) return command_error(servers.error().message);
  if (is_alive()) close();
  options_.connect_string = connect_string;
  client_.reset();
  options_.session.seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  client_ = std::make_unique<client::Client>(
      client::Client::Options{.servers = std::move(*servers),
                              .session = options_.session,
                              .request_timeout_ms = options_.request_timeout_ms,
                              .gives_up = is_interrupted},
      [this](const WatchedEvent& event) { take_event(event); });
  return {};
}

void ShellSession::take_event(const WatchedEvent& event) {
  {
    const std::scoped_lock lock(follower_mutex_);
    if (follower_ && follower_(event)) return;
  }
  if (!print_watches) return;
  show(is_json_ ? fmt::format("{}\n", boost::json::serialize(
                                          boost::json::object{{"event", event_json(event)}}))
                : fmt::format("\nWATCHER::\n\n{}\n", event_text(event)));
}

void ShellSession::set_follower(Follower follower) {
  const std::scoped_lock lock(follower_mutex_);
  follower_ = std::move(follower);
}

void ShellSession::close() {
  client_->close();
}

bool ShellSession::is_alive() const {
  return client_ != nullptr && client_->state() != client::SessionState::kClosed &&
         client_->state() != client::SessionState::kAuthFailed;
}

bool ShellSession::is_connected() const {
  return client_ != nullptr && (client_->state() == client::SessionState::kConnected ||
                                client_->state() == client::SessionState::kConnectedReadOnly);
}

std::string ShellSession::prompt() const {
  return fmt::format("[zk: {}({}) {}] ", options_.connect_string, state_text(client_->state()),
                     history.size());
}

void ShellSession::put(std::string_view key, boost::json::value value, std::string_view text) {
  if (is_json_) {
    answer_[key] = std::move(value);
  } else {
    out(text);
  }
}

void ShellSession::put(const Stat& stat) {
  if (is_json_) {
    answer_["stat"] = stat_json(stat);
  } else {
    out(stat_text(stat));
  }
}

void ShellSession::note(std::string_view text) {
  if (is_json_) {
    notes_.emplace_back(text);
  } else {
    fmt::print(stderr, "{}\n", text);
  }
}

void ShellSession::put_line(const boost::json::object& line) {
  out_line(boost::json::serialize(line));
}

void ShellSession::begin_answer(bool asks_for_json) {
  is_json_ = options_.json || asks_for_json;
  answer_.clear();
  notes_.clear();
}

void ShellSession::end_answer(std::string_view command, const CommandResult& result) {
  if (!is_json_) {
    if (!result && !result.error().message.empty()) note(result.error().message);
    return;
  }
  boost::json::object line{{"command", command}, {"ok", result.has_value()}};
  if (!result) {
    line["exit_code"] = result.error().exit_code;
    line["error"] = result.error().message;
    if (result.error().code) line["code"] = keeper_name(*result.error().code);
  }
  for (auto& [key, value] : answer_) line[key] = std::move(value);
  if (!notes_.empty()) line["notes"] = boost::json::value_from(notes_);
  put_line(line);
  is_json_ = options_.json;
}

void ShellSession::out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void ShellSession::out_line(std::string_view text) {
  out(fmt::format("{}\n", text));
}

}  // namespace drover::shell
