// top: the ensemble on one screen. Beyond Apache's shell.

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <chrono>
#include <cstdio>
#include <limits>

#include "shell/command.h"
#include "shell/ensemble_view.h"
#include "shell/format.h"
#include "shell/interrupt.h"
#include "shell/json.h"
#include "shell/screen.h"
#include "shell/wake_pipe.h"

namespace drover::shell {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAnswerTimeout{1500};
constexpr std::chrono::milliseconds kConnectWait{2000};
constexpr std::int32_t kInterval = 2;  // seconds
constexpr std::int32_t kIntervalMax = 3600;
constexpr std::int32_t kLooksMax = std::numeric_limits<std::int32_t>::max();

constexpr OptionSpec kOptions[] = {{"once", false, "one look, then end", "once"},
                                   {"n", true, "end after that many looks", "count"},
                                   {"i", true, "seconds between two looks (2)", "interval"}};

// A terminal that hands over keys as they are typed and shows a screen of its own, while it lives.
class FullScreen {
 public:
  FullScreen() {
    tcgetattr(STDIN_FILENO, &before_);
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    print("\x1b[?1049h\x1b[?25l");
  }
  ~FullScreen() {
    print("\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  static void show(std::string_view text) {
    const auto size = Screen::size();
    std::string frame = "\x1b[H";
    for (int line = 1; !text.empty() && line < size.lines; ++line) {
      const auto end = text.find('\n');
      frame += text.substr(0, end);
      frame += "\x1b[K\n";
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    print(frame + "\x1b[J");
  }

 private:
  static void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  termios before_{};
};

// --- what is shown

constexpr std::string_view kUnknown = "-";

std::string whole(const std::optional<double>& value) {
  return value ? fmt::format("{:.0f}", *value) : std::string(kUnknown);
}

struct Column {
  std::string_view title;
  std::size_t width;
  bool is_text = false;
};
constexpr Column kColumns[] = {{"SERVER", 22, true}, {"ROLE", 11, true}, {"REQ/S", 9},
                               {"AVG ms", 8},        {"MAX ms", 8},      {"CONN", 7},
                               {"QUEUE", 7},         {"WATCHES", 9},     {"ZNODES", 10},
                               {"EPHEM", 8},         {"ZXID", 14},       {"LAG", 7}};

std::string row(const std::vector<std::string>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& column = kColumns[i];
    text += column.is_text ? fmt::format("{:<{}} ", cells[i], column.width)
                           : fmt::format("{:>{}} ", cells[i], column.width);
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string address_text(const client::HostPort& address) {
  return fmt::format("{}:{}", address.host, address.port);
}

const ServerView* find_server(const EnsembleView& view, const client::HostPort& address) {
  const auto found = std::find_if(view.begin(), view.end(), [&](const ServerView& server) {
    return server.address == address && server.problem.empty();
  });
  return found == view.end() ? nullptr : &*found;
}

std::optional<double> rate_of(const EnsembleView& before, const ServerView& server) {
  const auto* earlier = find_server(before, server.address);
  return earlier == nullptr ? std::nullopt : requests_per_second(*earlier, server);
}

std::string server_row(const EnsembleView& before, const EnsembleView& view,
                       const ServerView& server) {
  const auto& screen = Screen::instance();
  if (!server.problem.empty()) {
    return row({address_text(server.address), "down"}) + "  " +
           screen.in(Colour::kRed, server.problem);
  }
  const auto lag = zxid_lag(view, server);
  const auto latency = server.figure("avg_latency");
  auto text =
      row({address_text(server.address), server.role, whole(rate_of(before, server)),
           latency ? fmt::format("{:.2f}", *latency) : std::string(kUnknown),
           whole(server.figure("max_latency")), whole(server.figure("num_alive_connections")),
           whole(server.figure("outstanding_requests")), whole(server.figure("watch_count")),
           whole(server.figure("znode_count")), whole(server.figure("ephemerals_count")),
           hexadecimal(server.zxid), lag ? fmt::format("{}", *lag) : "epoch"});
  return server.role == "leader" ? screen.in(Colour::kBold, text) : text;
}

std::string screen_text(const EnsembleView& before, const EnsembleView& view) {
  const auto& screen = Screen::instance();
  std::size_t up = 0;
  std::string leader = "no leader";
  double rate = 0;
  for (const auto& server : view) {
    if (!server.problem.empty()) continue;
    ++up;
    rate += rate_of(before, server).value_or(0);
    if (server.role == "leader") leader = "leader " + address_text(server.address);
    if (server.role == "standalone") leader = "standalone";
  }
  auto text = fmt::format("{}  {} of {} servers answer, {}", screen.in(Colour::kBold, "ensemble"),
                          up, view.size(), leader);
  if (!before.empty()) text += fmt::format(", {:.0f} requests/s", rate);
  std::vector<std::string> titles;
  for (const auto& column : kColumns) titles.emplace_back(column.title);
  text += "\n\n" + screen.in(Colour::kDim, row(titles)) + "\n";
  for (const auto& server : view) text += server_row(before, view, server) + "\n";
  return text;
}

boost::json::value number_json(const std::optional<double>& value) {
  if (!value) return nullptr;
  const auto integer = static_cast<std::int64_t>(*value);
  if (static_cast<double>(integer) == *value) return integer;
  return *value;
}

boost::json::object server_json(const EnsembleView& before, const EnsembleView& view,
                                const ServerView& server) {
  boost::json::object json{{"server", address_text(server.address)}};
  if (!server.problem.empty()) {
    json["problem"] = server.problem;
    return json;
  }
  json["role"] = server.role;
  json["version"] = server.version;
  json["zxid"] = hexadecimal(server.zxid);
  const auto lag = zxid_lag(view, server);
  json["zxid_lag"] = lag ? boost::json::value(*lag) : boost::json::value(nullptr);
  json["requests_per_second"] = number_json(rate_of(before, server));
  for (const auto* name :
       {"avg_latency", "max_latency", "num_alive_connections", "outstanding_requests",
        "watch_count", "znode_count", "ephemerals_count", "packets_received", "global_sessions"}) {
    json[name] = number_json(server.figure(name));
  }
  return json;
}

// --- the command

// Of the ensemble's configuration; where there is none that tells, of the connect string.
std::vector<client::HostPort> servers_of(ShellSession& session) {
  if (session.client().wait_connected(kConnectWait)) {
    if (const auto config = session.client().get_config()) {
      auto servers = client_addresses(config->data.value_or(""));
      if (!servers.empty()) return servers;
    }
  }
  auto given = client::parse_connect_string(session.options().connect_string);
  return given ? std::move(given->hosts) : std::vector<client::HostPort>();
}

// True: q was typed, or Ctrl-C.
bool ends_before(steady_clock::time_point until, bool reads_keys) {
  while (steady_clock::now() < until && !is_interrupted()) {
    if (!wait_for_input(reads_keys ? STDIN_FILENO : -1, until)) continue;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q') return true;
  }
  return is_interrupted();
}

void show(ShellSession& session, const EnsembleView& before, const EnsembleView& view,
          bool is_live) {
  if (session.is_json()) {
    boost::json::array servers;
    for (const auto& server : view) servers.push_back(server_json(before, view, server));
    return session.put_line({{"servers", std::move(servers)}});
  }
  const auto text = screen_text(before, view);
  if (is_live) return FullScreen::show(text + "\nq or Ctrl-C ends\n");
  session.out(text);
}

CommandResult top(ShellSession& session, const ParsedWords& words) {
  const auto interval = count_of(words, "i", "seconds", kIntervalMax);
  if (!interval) return std::unexpected(interval.error());
  const auto asked = count_of(words, "n", "looks", kLooksMax);
  if (!asked) return std::unexpected(asked.error());
  const auto looks = asked->value_or(words.has("once") ? 1 : kLooksMax);
  const auto servers = servers_of(session);
  const bool is_live = Screen::instance().is_terminal() && isatty(STDIN_FILENO) == 1 &&
                       !session.is_json() && !words.has("once") && !words.has("n");
  const InterruptScope interrupts;
  std::optional<FullScreen> full_screen;
  if (is_live) full_screen.emplace();
  EnsembleView before;
  for (std::int32_t look = 0; look < looks; ++look) {
    const auto next = steady_clock::now() + std::chrono::seconds(interval->value_or(kInterval));
    auto view = look_at(servers, kAnswerTimeout);
    show(session, before, view, is_live);
    before = std::move(view);
    if (look + 1 < looks && ends_before(next, is_live)) break;
  }
  full_screen.reset();
  const bool anyone = std::any_of(before.begin(), before.end(),
                                  [](const ServerView& server) { return server.problem.empty(); });
  if (!anyone) return command_error("top: no server answers");
  return {};
}

constexpr Command kCommands[] = {
    {.name = "top",
     .syntax = "[--once] [-n count] [-i seconds]",
     .options = kOptions,
     .args_max = 0,
     .run = top,
     .is_ours = true},
};

}  // namespace

std::span<const Command> top_commands() {
  return kCommands;
}

}  // namespace drover::shell
