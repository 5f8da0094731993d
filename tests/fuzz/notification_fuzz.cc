// An election stream: its first message and its frames, cut anywhere, into the election behind it.
// What decodes must encode to bytes that decode to the same; a stream that was refused stays
// silent; the election always knows when it wants to be called again.

#include "base/log.h"
#include "fuzz_support.h"
#include "zab/election.h"
#include "zab/election_links.h"

namespace {

using namespace drover;
using namespace drover::zab;
using drover::fuzz::require;

const EnsembleConfig& ensemble() {
  static const EnsembleConfig config = *EnsembleConfig::parse(
      "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2\nserver.5=e:1:2:observer\n");
  return config;
}

void check_notification(std::string_view bytes) {
  const auto decoded = Notification::decode(bytes);
  if (!decoded) return;
  require(decoded->config.size() <= bytes.size(), "a configuration is part of its frame");
  base::ByteBuffer out;
  decoded->encode(out);
  const auto again = Notification::decode(out.view());
  require(again.has_value(), "what was encoded decodes");
  require(again->state == decoded->state && again->vote == decoded->vote &&
              again->config == decoded->config && again->version == 2,
          "what was decoded encodes to the same");
}

void check_first_message(std::string_view bytes) {
  const auto decoded = InitialMessage::decode(bytes);
  if (!decoded) return;
  if (!*decoded) {
    require(bytes.size() < 20 + 2048, "nobody waits for more than a first message");
    return;
  }
  const InitialMessage& message = (*decoded)->message;
  require((*decoded)->size <= bytes.size(), "a first message ends within the bytes");
  if (message.host.empty()) return;
  base::ByteBuffer out;
  InitialMessage::encode(message.sid, message.host, message.port, out);
  const auto again = InitialMessage::decode(out.view());
  require(again && *again && (*again)->size == out.size(), "what was encoded decodes");
  require((*again)->message.sid == message.sid && (*again)->message.host == message.host &&
              (*again)->message.port == message.port && (*again)->message.known == message.known,
          "what was decoded encodes to the same");
}

// Server 2: 3 and 4 dial it, 1 is called back.
class Server {
 public:
  Server() : link_(links_.on_accepted(now_)) { look(); }

  void hear(std::string_view bytes) {
    ElectionLinksEffects effects;
    const bool refused = links_.find(link_)->close;
    links_.on_bytes(link_, bytes, now_, effects);
    require(!refused || (effects.received.empty() && effects.reachable.empty()),
            "a refused stream is silent");
    for (const auto& received : effects.received) {
      require(!received.frame.empty() &&
                  received.frame.size() <= static_cast<std::size_t>(kNotificationFrameMax),
              "frames have legal sizes");
      check_notification(received.frame);
      if (const auto notification = Notification::decode(received.frame)) {
        ElectionEffects said;
        election_.on_notification(received.from, *notification, now_, said);
        carry(said);
      }
    }
  }
  void pass_ms(std::int64_t ms) {
    now_ = now_ + std::chrono::milliseconds(ms);
    ElectionEffects said;
    election_.on_timer(now_, said);
    carry(said);
    ElectionLinksEffects effects;
    links_.on_timer(now_, effects);
  }

 private:
  void look() {
    ElectionEffects said;
    election_.look({1, 1, Zxid::of(1, 5)}, now_, said);
    carry(said);
  }
  void carry(const ElectionEffects& said) {
    require(said.sends.size() <= 10, "an event makes a broadcast and an answer at most");
    ElectionLinksEffects effects;
    for (const auto& send : said.sends) links_.send(send.to, send.notification, now_, effects);
    const bool looking = election_.role() == Role::kLooking;
    require(looking == election_.next_deadline().has_value(), "who looks is called again");
    if (said.decision) {
      require(said.decision->role == election_.role() && !looking, "a decision is a role");
      look();
    }
  }

  base::NullLog log_;
  base::Instant now_;
  std::uint64_t next_link_ = 1;
  ElectionLinks links_{ServerId(2), ensemble(), {}, next_link_, log_};
  Election election_{ServerId(2), ensemble(), {}, log_};
  LinkId link_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_notification(bytes);
  check_first_message(bytes);
  if (size == 0) return 0;

  // The first byte: how many bytes come at once (0: all), and whether time passes between.
  const std::size_t piece = data[0] & 0x7f;
  Server server;
  for (std::size_t at = 1; at < size; at += piece == 0 ? size : piece) {
    server.hear(bytes.substr(at, piece == 0 ? std::string_view::npos : piece));
    if ((data[0] & 0x80) != 0) server.pass_ms(data[at]);
  }
  return 0;
}
