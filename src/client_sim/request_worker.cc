#include <drover/detail/recipe.h>
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <memory>

#include "client_sim/workers.h"

namespace drover::client_sim {

using boost::asio::awaitable;

namespace {

// What one worker has asked, of a znode that it alone writes.
struct Asked {
  Stage* stage;
  Actor* actor;
  std::string path;
  std::int64_t asked = 0;         // numbers requests
  std::int64_t answered = 0;      // the last one
  std::int64_t written = 0;       // the newest value that was asked for
  std::int64_t acknowledged = 0;  // and that is there for certain
  std::int64_t session = 0;       // in which the client got to know that
  // Values that may be written yet, by the session in which they were asked for. One that was
  // given up here may live on at the servers for a while, and with it what was on its way.
  std::map<std::int64_t, std::int64_t> late{};

  [[nodiscard]] std::int64_t session_now() const { return actor->impatient->session_id(); }
  [[nodiscard]] bool may_come_late(std::int64_t value) const {
    const auto found = late.find(value);
    return found != late.end() && found->second != session_now();
  }

  // Every answer comes here first.
  void take(std::int64_t number, const char* what, ErrorCode code) {
    --actor->unanswered;
    ++stage->answered;
    stage->note(*actor, fmt::format("{} {}: {}", what, number, static_cast<int>(code)));
    if (number == answered + 1) {
      answered = number;
      return;
    }
    stage->fail(number <= answered ? "AnsweredOnce" : "AnswersInOrder",
                fmt::format("process {}: answer {} after answer {}", actor->process->host(), number,
                            answered));
  }
};
using AskedPtr = std::shared_ptr<Asked>;

std::int64_t value_of(const Node& node) {
  const auto text = as_text(node.data);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void ask_set(Client& client, const AskedPtr& asked) {
  const std::int64_t number = ++asked->asked;
  const std::int64_t value = ++asked->written;
  ++asked->actor->unanswered;
  const auto text = std::to_string(value);
  client.set(asked->path, as_bytes(text), {}, [asked, number, value](const Result<Stat>& stat) {
    asked->take(number, "set", stat ? ErrorCode::kOk : stat.error().code);
    if (!stat) {
      asked->late[value] = asked->session_now();
      return;
    }
    asked->acknowledged = value;
    asked->session = asked->session_now();
  });
}

void ask_get(Client& client, const AskedPtr& asked) {
  const std::int64_t number = ++asked->asked;
  ++asked->actor->unanswered;
  client.get(asked->path, {}, [asked, number, at_most = asked->written](const Result<Node>& node) {
    asked->take(number, "get", node ? ErrorCode::kOk : node.error().code);
    if (!node) return;
    const auto value = value_of(*node);
    // A new session may be at a server that is behind.
    const auto at_least = asked->session == asked->session_now() ? asked->acknowledged : 0;
    if (value >= at_least && value <= at_most) return;
    if (asked->may_come_late(value)) return;
    asked->stage->fail("OwnWrites",
                       fmt::format("process {} reads {}; it wrote {} for certain and {} at most",
                                   asked->actor->process->host(), value, at_least, at_most));
  });
}

}  // namespace

awaitable<void> ask(Stage* stage, Actor* actor) {
  Client patient = *actor->client;
  Client client = *actor->impatient;
  const auto path = fmt::format("/asked/p{}", actor->process->host());
  const auto asked = std::make_shared<Asked>(Asked{.stage = stage, .actor = actor, .path = path});
  const CreateOptions how{.parents = Parents::kPersistent};
  const auto zero = to_bytes("0");
  while (!client.closing_token().stop_requested()) {
    const auto made = co_await patient.create(path, zero, how);
    if (made || made.error().code == ErrorCode::kNodeExists) break;
    (void)co_await detail::pause(patient, stage->ms_below(500));
  }
  // The other client of this process may be at a server that has not heard of it.
  while (!client.closing_token().stop_requested()) {
    const auto synced = co_await client.sync(path);
    if (synced) break;
    (void)co_await detail::pause(client, stage->ms_below(500));
  }
  while (!client.closing_token().stop_requested()) {
    const bool is_last = stage->is_ending();
    const auto size = 1 + stage->below(12);
    const auto before = asked->acknowledged;
    for (std::uint64_t i = 0; i < size; ++i) {
      if (stage->chance(1, 2)) {
        ask_set(client, asked);
      } else {
        ask_get(client, asked);
      }
    }
    const bool waits = is_last || stage->chance(3, 4);
    while (waits && asked->answered < asked->asked) {
      (void)co_await detail::pause(client, stage->ms_below(50));
    }
    if (is_last && asked->acknowledged > before) break;
    (void)co_await detail::pause(client, stage->ms_below(400));
  }
}

}  // namespace drover::client_sim
