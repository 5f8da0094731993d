#pragma once
// What the tests of recipes start with.

#include <drover/client.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "recipes/cutting_proxy.h"
#include "recipes/server_process.h"

namespace drover::test {

// Of a request, or of something that is bound to happen. Far longer than it should take.
inline constexpr std::chrono::seconds kPatience{30};
// Long enough for a server that is well to be done with something that it must not do.
inline constexpr std::chrono::milliseconds kMoment{300};

// Looks again and again until `holds`; false when it never did.
[[nodiscard]] inline bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// The server of all tests, running.
[[nodiscard]] inline ServerProcess& shared_server() {
  static ServerProcess server;
  return server;
}

// Each test has a chroot-like path of its own on one server.
class RecipeTest : public ::testing::Test {
 protected:
  // The server ends with the thread that starts it: so it is this one, not the first that asks.
  RecipeTest() { static_cast<void>(shared_server()); }

  [[nodiscard]] static std::string path() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::string("/") + test->test_suite_name() + "." + test->name();
  }
  // A session of its own.
  [[nodiscard]] static Client client(ClientOptions options = {}) {
    return connect(shared_server().address(), std::move(options));
  }
  [[nodiscard]] static Client connect(const std::string& address, ClientOptions options = {}) {
    if (options.session_timeout == ClientOptions().session_timeout) {
      options.session_timeout = std::chrono::seconds(10);
    }
    options.track_ensemble = false;
    auto client = Client::open(address, std::move(options));
    if (!client) {
      ADD_FAILURE() << client.error().message;
      std::abort();
    }
    return *client;
  }
  // Through `proxy`, with a session that expires soon when that is cut.
  [[nodiscard]] static Client fragile_client(const CuttingProxy& proxy) {
    return connect(proxy.address(), {.session_timeout = std::chrono::milliseconds(1000)});
  }
  // Sorted; none when there is no such znode.
  [[nodiscard]] static std::vector<std::string> children(Client& client, const std::string& path) {
    auto listing = client.children(path, block);
    if (!listing) return {};
    std::ranges::sort(listing->names);
    return listing->names;
  }
};

// Success, or what went wrong.
template <typename T>
[[nodiscard]] ::testing::AssertionResult ok(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << error_name(result.error().code) << ": " << result.error().message;
}

template <typename T>
[[nodiscard]] ErrorCode code_of(const Result<T>& result) {
  return result ? ErrorCode::kOk : result.error().code;
}

}  // namespace drover::test
