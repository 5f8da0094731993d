#pragma once
// Tests of the public client against a server that somebody else started: its address comes in
// DROVER_TEST_SERVER (host:port), the shortest session timeout it grants in
// DROVER_TEST_SESSION_MS. Each test works below a znode of its own.

#include <drover/client.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

namespace drover {

inline constexpr std::chrono::seconds kPatience{30};  // far more than any of this takes

class ClientLibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* server = std::getenv("DROVER_TEST_SERVER");
    if (!server) GTEST_SKIP() << "no server in DROVER_TEST_SERVER";
    server_ = server;
    const char* session = std::getenv("DROVER_TEST_SESSION_MS");
    session_timeout_ = std::chrono::milliseconds(session ? std::atoi(session) : 2000);
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::string("/") + test->test_suite_name() + "." + test->name();
    Client client = open();
    auto removed = client.remove(root_, {.recursive = true, .missing_ok = true}, block);
    ASSERT_TRUE(removed) << removed.error().message;
    auto made = client.create(root_, {}, {}, block);
    ASSERT_TRUE(made) << made.error().message;
  }

  [[nodiscard]] ClientOptions options() const {
    return {.session_timeout = session_timeout_,
            .retry = retry::Exponential{.base = std::chrono::milliseconds(20), .count_max = 8},
            .track_ensemble = false};
  }
  [[nodiscard]] Client open(ClientOptions options) const { return open(server_, options); }
  [[nodiscard]] Client open() const { return open(server_, options()); }
  [[nodiscard]] Client open(const std::string& server, ClientOptions options) const {
    return value_or_throw(Client::open(server, std::move(options)));
  }
  // Under the test's own znode.
  [[nodiscard]] std::string at(std::string_view path) const { return root_ + std::string(path); }

  std::string server_;
  std::string root_;
  std::chrono::milliseconds session_timeout_{0};
};

}  // namespace drover
