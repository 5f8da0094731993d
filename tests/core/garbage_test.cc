// Goal: no frame of any shape stops the server, holds it up or makes it forget a reply. Random
// frames, half of them mutations of good ones, go through several connections on two lanes; a
// bystander is served all along.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"
#include "socketless.h"

namespace drover::core_test {
namespace {

std::string random_bytes(base::Prng& random, std::size_t size_max) {
  std::string bytes(random.below(size_max + 1), '\0');
  for (char& c : bytes) {
    // Many zeros and small numbers, as lengths and counts are made of them.
    c = random.chance(1, 2) ? static_cast<char>(random.below(4)) : static_cast<char>(random.next());
  }
  return bytes;
}

std::string good_body(base::Prng& random) {
  constexpr std::string_view kPaths[] = {"/", "/a", "/a/b", "/a/", "", "/zookeeper/quota"};
  base::ByteBuffer body;
  wire::JuteWriter out(body);
  const std::string_view path = kPaths[random.below(std::size(kPaths))];
  switch (random.below(5)) {
    case 0:
      wire::CreateRequest{path, "data", std::vector<wire::AclView>{{31, "world", "anyone"}},
                          static_cast<std::int32_t>(random.below(8)), 1}
          .encode(out, true);
      break;
    case 1:
      wire::SetDataRequest{path, "data", -1}.encode(out);
      break;
    case 2:
      wire::PathWatchRequest{path, true}.encode(out);
      break;
    case 3:
      set_watches_request(1, std::vector<wire::NullableBytes>{path},
                          std::vector<wire::NullableBytes>{path},
                          std::vector<wire::NullableBytes>{path})
          .encode(out, false);
      break;
    default:
      wire::MultiHeader{wire::OpCode::kDelete, false, -1}.encode(out);
      wire::PathVersionRequest{path, -1}.encode(out);
      wire::MultiHeader{wire::OpCode::kError, true, -1}.encode(out);
  }
  return std::string(body.view());
}

std::string random_frame(base::Prng& random) {
  constexpr std::int32_t kOps[] = {1,  2,  3,  4,  5,  6,   7,   8,   9,   11,  12,  14,  15, 16,
                                   17, 18, 19, 21, 22, 100, 101, 102, 103, 104, 105, 106, 107};
  base::ByteBuffer frame;
  wire::JuteWriter out(frame);
  out.write_int(static_cast<std::int32_t>(random.below(100)));
  out.write_int(random.chance(1, 30) ? static_cast<std::int32_t>(random.next())
                                     : kOps[random.below(std::size(kOps))]);
  std::string body = random.chance(1, 3) ? random_bytes(random, 60) : good_body(random);
  if (random.chance(1, 3) && !body.empty()) {
    body[random.below(body.size())] = static_cast<char>(random.next());
  }
  if (random.chance(1, 10)) body.resize(random.below(body.size() + 1));
  frame.append(body);
  return std::string(frame.view());
}

class GarbageTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(GarbageTest, TheServerGoesOnServing) {
  base::Prng random(GetParam());
  ServerOptions options{.lanes = 2};
  options.replica.prepare.extended_types_enabled = true;
  options.replica.prepare.length_max = options.lane.length_max;
  Server server(options);
  Client& bystander = server.connect(1, 60000);
  Client* wild = nullptr;
  for (int step = 0; step < 5000; ++step) {
    if (wild == nullptr || wild->is_closed()) {
      wild = &server.accept(static_cast<std::uint32_t>(random.below(2)));
      wild->expect_anything();
      if (random.chance(1, 20)) {
        wild->send_frame(random_bytes(random, 60));
      } else {
        wild->handshake(connect_request(10000));
      }
    }
    for (std::uint64_t i = random.below(6); i > 0; --i) wild->send_frame(random_frame(random));
    if (random.chance(1, 50)) wild->disconnect();
    if (random.chance(1, 10)) server.advance(100);
    server.run();
    if (step % 100 == 0) {
      bystander.get_data("/");
      bystander.set_data("/", "x");
      server.run();
      ASSERT_EQ(bystander.heard().size(), 2u);
    }
  }
  if (!wild->is_closed()) wild->disconnect();
  server.run();
  for (const auto& lane : server.lanes) EXPECT_EQ(lane->probe().outstanding, 0);
  EXPECT_EQ(server.replica->outstanding(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GarbageTest, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace drover::core_test
