// config_center pub KEY VALUE..., config_center sub KEY: configuration that reaches everybody.
//
//     /config/<key>    persistent, the value as text
//
// A watch is a notice that something changed, not what it changed to: the subscriber is told, and
// then reads. So between a notice and the read there may be more changes, of which it sees the last
// one only. That is what a configuration wants; who needs every step needs a queue.
//
// A watch tells once. The next one has to be set by the read that follows the notice: reading and
// watching is one request, so no change can fall between the two.

#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "support/program.h"

namespace {

using boost::asio::awaitable;
using drover::ErrorCode;

std::string path_of(const example::Arguments& arguments) {
  return "/config/" + arguments.words[1];
}

awaitable<void> publish(drover::Client client, const example::Arguments& arguments) {
  for (std::size_t at = 2; at < arguments.words.size(); ++at) {
    // Creates the znode, or sets its data when it is there: two publishers may start at once.
    const auto made = co_await client.create(
        path_of(arguments), drover::as_bytes(arguments.words[at]),
        {.parents = drover::Parents::kPersistent, .exists = drover::OnExists::kSetData});
    example::print("published ", arguments.words[1], " v",
                   drover::value_or_throw(made).stat.version);
  }
}

// Prints what it is told, but nothing twice.
class Subscriber {
 public:
  explicit Subscriber(std::string key) : key_(std::move(key)) {}

  void on_value(const drover::Node& node) {
    // After a reconnection, or a change between notice and read, the same state is read again.
    // The mzxid tells states apart even when the znode was deleted and made anew, at version 0.
    if (std::exchange(mzxid_, node.stat.mzxid) == node.stat.mzxid) return;
    example::print("config ", key_, " v", node.stat.version, " ", drover::as_text(node.data));
  }
  void on_nothing() {
    const auto before = std::exchange(mzxid_, kNothing);
    if (before == kNothing) return;
    example::print("config ", key_, before == kUnknown ? " absent" : " removed");
  }

 private:
  static constexpr std::int64_t kUnknown = -2;
  static constexpr std::int64_t kNothing = -1;

  std::string key_;
  std::int64_t mzxid_ = kUnknown;
};

// Until the notice comes. A session that expired takes its watches along: then, too, everything is
// to be read again.
awaitable<void> await_change(drover::OneShot changed) {
  const auto event = co_await changed.fired();
  if (!event && event.error().code != ErrorCode::kSessionExpired) {
    throw drover::Exception(event.error());
  }
}

awaitable<void> subscribe(drover::Client client, const example::Arguments& arguments) {
  const std::string path = path_of(arguments);
  Subscriber subscriber(arguments.words[1]);
  for (;;) {
    auto node = co_await client.watch_data(path);
    if (node) {
      subscriber.on_value(node->value);
      co_await await_change(std::move(node->changed));
      continue;
    }
    if (node.error().code == ErrorCode::kSessionExpired) continue;
    if (node.error().code != ErrorCode::kNoNode) throw drover::Exception(node.error());
    // There is nothing to read, and no watch was set: `exists` watches for a znode that will come.
    // If it came since, read it instead of waiting.
    auto stat = co_await client.watch_exists(path);
    if (!stat || stat->value) continue;
    subscriber.on_nothing();
    co_await await_change(std::move(stat->changed));
  }
}

awaitable<void> run(drover::Client client, const example::Arguments& arguments) {
  return arguments.words[0] == "pub" ? publish(std::move(client), arguments)
                                     : subscribe(std::move(client), arguments);
}

bool accepts(const example::Arguments& arguments) {
  const auto& words = arguments.words;
  if (words.empty()) return false;
  return words[0] == "pub" ? words.size() >= 3 : words[0] == "sub" && words.size() == 2;
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv,
                      {.usage = "config_center pub KEY VALUE...|sub KEY",
                       .accepts = accepts,
                       .outlives_session = true},
                      run);
}
