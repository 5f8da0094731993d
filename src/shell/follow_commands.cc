// watch: what happens below a path, line by line, until Ctrl-C. Beyond Apache's shell.

#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/interrupt.h"
#include "shell/json.h"
#include "shell/screen.h"
#include "shell/wake_queue.h"
#include "shell/walk.h"
#include "toolbox/utf8.h"

namespace drover::shell {
namespace {

constexpr std::size_t kDataShown = 60;  // bytes of data behind an event
constexpr std::int32_t kCountMax = 1'000'000;

constexpr OptionSpec kOptions[] = {{"n", true, "end after that many events", "count"},
                                   {"t", true, "end after that many seconds", "seconds"},
                                   {"v", false, "show the data of what was created or changed"}};

std::string time_now() {
  const auto now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

// What became of a znode, or of the session.
std::pair<std::string_view, Colour> word_for(const WatchedEvent& event) {
  switch (event.type) {
    case EventType::kNodeCreated:
      return {"created", Colour::kGreen};
    case EventType::kNodeDeleted:
      return {"deleted", Colour::kRed};
    case EventType::kNodeDataChanged:
      return {"changed", Colour::kYellow};
    default:
      return {type_name(event.type), Colour::kDim};
  }
}

// Bytes for a person: no control characters, and not all of them.
std::string shown(std::string_view data) {
  std::string text;
  for (const char c : data.substr(0, kDataShown)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '.' : c;
  }
  if (!toolbox::is_utf8(text))
    return fmt::format("{} of binary data", counted(data.size(), "byte"));
  return data.size() > kDataShown ? text + "..." : text;
}

// While it lives, what the subtree tells goes to the queue, not to the screen.
class Subscription {
 public:
  Subscription(ShellSession& session, std::string path)
      : session_(session), path_(std::move(path)) {}
  ~Subscription() {
    forget_interrupt();  // which would end the next call at once
    if (is_ours_ && session_.is_connected()) {
      // A session that cannot say so loses its watches with its connection.
      [[maybe_unused]] const auto removed =
          session_.client().remove_watches(path_, client::WatcherType::kPersistentRecursive, true);
    }
    session_.set_follower(nullptr);
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  Result<void> begin() {
    const bool was_there =
        session_.client().has_watch(path_, client::WatcherType::kPersistentRecursive);
    session_.set_follower([this](const WatchedEvent& event) {
      if (!concerns(event)) return false;
      events_.push(event);
      return true;
    });
    auto added = session_.client().add_watch(path_, true);
    is_ours_ = added && !was_there;
    return added;
  }
  WakeQueue<WatchedEvent>& events() { return events_; }

 private:
  [[nodiscard]] bool concerns(const WatchedEvent& event) const {
    return event.type == EventType::kNone || path_ == "/" || event.path == path_ ||
           event.path.starts_with(path_ + "/");
  }

  ShellSession& session_;
  std::string path_;
  bool is_ours_ = false;
  WakeQueue<WatchedEvent> events_;
};

void tell(ShellSession& session, const WatchedEvent& event, bool with_data) {
  std::optional<client::DataAndStat> now;
  const bool is_there =
      event.type == EventType::kNodeCreated || event.type == EventType::kNodeDataChanged;
  if (with_data && is_there) {
    if (auto found = session.client().get_data(event.path)) now = std::move(*found);
  }
  if (session.is_json()) {
    auto json = event_json(event);
    if (now) json["data"] = data_json(now->data);
    return session.put_line({{"event", std::move(json)}});
  }
  const auto& screen = Screen::instance();
  if (event.type == EventType::kNone) {
    return session.out_line(
        fmt::format("{}  {}", time_now(), screen.in(Colour::kBold, state_name(event.state))));
  }
  const auto [word, colour] = word_for(event);
  session.out_line(fmt::format(
      "{}  {}  {}{}{}", time_now(), screen.in(colour, word), event.path,
      event.zxid == -1 ? "" : screen.in(Colour::kDim, "  zxid " + hexadecimal(event.zxid)),
      now ? "  = " + shown(now->data.value_or("null")) : ""));
}

CommandResult watch(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  if (auto good = check_path(path); !good) return good;
  const auto count = count_of(words, "n", "events", kCountMax);
  if (!count) return std::unexpected(count.error());
  const auto seconds = count_of(words, "t", "seconds", kCountMax);
  if (!seconds) return std::unexpected(seconds.error());
  std::optional<std::chrono::steady_clock::time_point> until;
  if (*seconds) until = std::chrono::steady_clock::now() + std::chrono::seconds(**seconds);

  const InterruptScope interrupts;
  Subscription subscription(session, path);
  if (const auto begun = subscription.begin(); !begun) return command_error(begun.error());
  if (!session.is_json() && Screen::instance().is_terminal()) {
    session.out_line(fmt::format("Watching {} and below. Ctrl-C ends it.", path));
  }
  std::int32_t seen = 0;
  while (!*count || seen < **count) {
    const auto event = subscription.events().pop(until);
    if (!event) break;
    tell(session, *event, words.has("v"));
    if (event->type != EventType::kNone) ++seen;
    if (!session.is_alive())
      return command_error("watch: the session is over; `connect` begins another");
  }
  if (session.is_json()) session.put("events", seen, "");
  return {};
}

constexpr Command kCommands[] = {
    {.name = "watch",
     .syntax = "path [-v] [-n count] [-t seconds]",
     .options = kOptions,
     .args_min = 1,
     .args_max = 1,
     .run = watch,
     .is_ours = true},
};

}  // namespace

std::span<const Command> follow_commands() {
  return kCommands;
}

}  // namespace drover::shell
