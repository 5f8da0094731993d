// The bytes of notifications and first messages: golden ones, and every way to be wrong.

#include "zab/notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/jute_writer.h"
#include "zab/ensemble_config.h"

namespace drover::zab {
namespace {

using testing::HasSubstr;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string unhex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += text[i] == ' ' ? 1 : 2) {
    if (text[i] != ' ') out += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
  }
  return out;
}

constexpr std::string_view kV2 =
    "00000000 0000000000000003 0000000100000002 0000000000000007 0000000000000001"
    "00000002 00000009 76657273696f6e3d30";

TEST(NotificationTest, GoldenBytes) {
  const Notification notification{.state = Role::kLooking,
                                  .vote = {ServerId(3), Zxid(0x100000002), 1, 7},
                                  .version = 2,
                                  .config = "version=0"};
  base::ByteBuffer out;
  notification.encode(out);
  EXPECT_EQ(hex(out.view()), hex(unhex(kV2)));

  const auto bytes = unhex(kV2);
  const auto decoded = Notification::decode(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->state, Role::kLooking);
  EXPECT_EQ(decoded->vote, notification.vote);
  EXPECT_EQ(decoded->version, 2);
  EXPECT_EQ(decoded->config, "version=0");
}

// Taken from the wire: Apache 3.8.0, server 2 of three, freshly started, looking for the first
// time.
TEST(NotificationTest, ApacheSendsTheSameBytes) {
  constexpr std::string_view kConfig =
      "server.1=127.0.0.1:58023:60345:participant\n"
      "server.2=127.0.0.1:36377:40017:participant\n"
      "server.3=127.0.0.1:38847:37247:participant\nversion=0";
  const auto captured =
      unhex(
          "00000000 0000000000000002 0000000000000000 0000000000000001 0000000000000000"
          "00000002 0000008a") +
      std::string(kConfig);
  const auto config = EnsembleConfig::parse(kConfig);
  ASSERT_TRUE(config) << config.error().message;
  const auto text = config->text();
  base::ByteBuffer out;
  Notification{
      .state = Role::kLooking, .vote = {ServerId(2), Zxid(0), 0, 1}, .version = 2, .config = text}
      .encode(out);
  EXPECT_EQ(hex(out.view()), hex(captured));

  base::ByteBuffer first;
  InitialMessage::encode(ServerId(2), "127.0.0.1", 40017, first);
  EXPECT_EQ(hex(first.view()),
            "ffffffffffff000000000000000000020000000f3132372e302e302e313a3430303137");
}

TEST(NotificationTest, OldFormatsAreReadAsJavaReadsThem) {
  const auto bytes = unhex(kV2);
  const auto of28 = Notification::decode(std::string_view(bytes).substr(0, 28));
  ASSERT_TRUE(of28);
  EXPECT_EQ(of28->version, 0);
  EXPECT_EQ(of28->vote, (Vote{ServerId(3), Zxid(0x100000002), 1, 7})) << "epoch of the zxid";
  const auto of40 = Notification::decode(std::string_view(bytes).substr(0, 40));
  ASSERT_TRUE(of40);
  EXPECT_EQ(of40->version, 0) << "what stands there is not read";
  EXPECT_EQ(of40->vote.peer_epoch, 1);
  auto v1 = bytes;
  v1[39] = 1;
  const auto of_v1 = Notification::decode(v1);
  ASSERT_TRUE(of_v1);
  EXPECT_EQ(of_v1->version, 1);
  EXPECT_EQ(of_v1->config, "") << "version 1 has none";
}

TEST(NotificationTest, CutAnywhereElseItIsNone) {
  const auto bytes = unhex(kV2);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const bool whole = size == 28 || size == 40;
    EXPECT_EQ(Notification::decode(std::string_view(bytes).substr(0, size)).has_value(), whole)
        << size;
  }
  EXPECT_TRUE(Notification::decode(bytes + "more"));
}

TEST(NotificationTest, UnknownStatesAndBadLengthsAreNone) {
  for (const char state : {'\4', '\177', '\377'}) {
    auto bytes = unhex(kV2);
    bytes[3] = state;
    EXPECT_FALSE(Notification::decode(bytes)) << int(state);
  }
  auto negative_state = unhex(kV2);
  negative_state[0] = -128;
  EXPECT_FALSE(Notification::decode(negative_state));
  for (const std::string_view length : {"ffffffff", "80000000", "7fffffff", "0000000a"}) {
    auto bytes = unhex(kV2);
    bytes.replace(40, 4, unhex(length));
    EXPECT_FALSE(Notification::decode(bytes)) << length;
  }
}

TEST(NotificationTest, EveryStateComesBack) {
  for (const auto state : {Role::kLooking, Role::kFollowing, Role::kLeading, Role::kObserving}) {
    base::ByteBuffer out;
    Notification{.state = state, .vote = no_vote(), .version = 2, .config = {}}.encode(out);
    const auto decoded = Notification::decode(out.view());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->state, state);
    EXPECT_EQ(decoded->vote, no_vote());
  }
}

constexpr std::string_view kInitial =
    "ffffffffffff0000 0000000000000003 0000000f 3132372e302e302e313a3238393233";

Result<std::optional<InitialMessage::Decoded>> decode(std::string_view text) {
  return InitialMessage::decode(unhex(text));
}

TEST(InitialMessageTest, GoldenBytes) {
  base::ByteBuffer out;
  InitialMessage::encode(ServerId(3), "127.0.0.1", 28923, out);
  EXPECT_EQ(hex(out.view()), hex(unhex(kInitial)));

  const auto bytes = unhex(kInitial);
  const auto decoded = InitialMessage::decode(bytes + "more");
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->size, bytes.size());
  EXPECT_EQ((*decoded)->message.sid, ServerId(3));
  EXPECT_EQ((*decoded)->message.host, "127.0.0.1");
  EXPECT_EQ((*decoded)->message.port, 28923);
  EXPECT_TRUE((*decoded)->message.known);
}

TEST(InitialMessageTest, WaitsForTheRest) {
  const auto bytes = unhex(kInitial);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = InitialMessage::decode(std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(decoded) << size;
    EXPECT_FALSE(*decoded) << size;
  }
}

TEST(InitialMessageTest, OldServersSendTheirSidOnly) {
  const auto decoded = decode("0000000000000005");
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->size, 8u);
  EXPECT_EQ((*decoded)->message.sid, ServerId(5));
  EXPECT_EQ((*decoded)->message.host, "");
  EXPECT_TRUE((*decoded)->message.known);
  const auto observer = decode("7fffffffffffffff");
  ASSERT_TRUE(observer && *observer);
  EXPECT_FALSE((*observer)->message.known);
}

std::string initial(std::string_view version, std::string_view address) {
  base::ByteBuffer out;
  out.append(unhex(version));
  wire::JuteWriter writer(out);
  writer.write_long(3);
  writer.write_string(address);
  return std::string(out.view());
}

constexpr std::string_view kV1 = "ffffffffffff0000";
constexpr std::string_view kSeveral = "ffffffffffff0001";

TEST(InitialMessageTest, AddressesOfEveryForm) {
  struct Case {
    std::string_view version, address, host;
    int port;
  };
  for (const auto& [version, address, host, port] : {
           Case{kV1, "[::1]:3888", "::1", 3888},
           Case{kV1, "::1:3888", "::1", 3888},
           Case{kV1, "0.0.0.0:3888", "", 0},
           Case{kV1, "[::]:3888", "", 0},
           Case{kSeveral, "a:1", "a", 1},
           Case{kSeveral, "0.0.0.0:1|b:2|c:3", "b", 2},
       }) {
    const auto decoded = InitialMessage::decode(initial(version, address));
    ASSERT_TRUE(decoded && *decoded) << address;
    EXPECT_EQ((*decoded)->message.host, host) << address;
    EXPECT_EQ((*decoded)->message.port, port) << address;
  }
}

TEST(InitialMessageTest, GarbageIsNamed) {
  const auto error = [](const std::string& bytes) {
    const auto decoded = InitialMessage::decode(bytes);
    return decoded ? "no error" : decoded.error().message;
  };
  EXPECT_EQ(error(unhex("fffffffffffeffff")), "unknown version -65537 of the first message");
  EXPECT_THAT(error(unhex("ffffffffffff0002")), HasSubstr("unknown version -65534"));
  EXPECT_THAT(error("\xffgarbage"), HasSubstr("unknown version"));
  for (const std::string_view length : {"00000000", "ffffffff", "00000801", "7fffffff"}) {
    EXPECT_THAT(error(unhex(kV1) + unhex("0000000000000003") + unhex(length)),
                HasSubstr("sid 3 sends an address of "))
        << "before any of its bytes: " << length;
  }
  for (const std::string_view address : {"a", "a:", ":1", "a:0", "a:99999", "[a:1", "a:1|"}) {
    EXPECT_EQ(error(initial(kSeveral, address)), "sid 3 sends an address without a host or port")
        << address;
  }
  EXPECT_EQ(error(initial(kV1, "a:1|b:2")), "no error") << "one host of a strange name";
  EXPECT_EQ(error(initial(kV1, std::string(2046, 'a') + ":1")), "no error");
}

}  // namespace
}  // namespace drover::zab
