// Goal: the server on real loopback sockets, above all with clients that are broken, slow or many.

#include "net/http_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

namespace drover::net {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Blocking, with a deadline on each read.
class Browser {
 public:
  explicit Browser(std::uint16_t port) {
    socket.connect({asio::ip::address_v4::loopback(), port});
    timeval timeout{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  void send(std::string_view bytes) {
    boost::system::error_code gone;
    asio::write(socket, asio::buffer(bytes), gone);
  }
  std::string all() {
    std::string text;
    asio::read(socket, asio::dynamic_buffer(text), end);
    return text;
  }
  // One answer with a Content-Length.
  std::string one() {
    std::string text;
    const auto head = asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n", end);
    const auto at = text.find("Content-Length: ");
    if (end || at == std::string::npos) return text;
    const auto size = head + std::stoul(text.substr(at + 16));
    if (size > text.size()) {
      asio::read(socket, asio::dynamic_buffer(text), asio::transfer_exactly(size - text.size()),
                 end);
    }
    return text;
  }
  asio::io_context context;
  tcp::socket socket{context};
  boost::system::error_code end;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    folder = fs::temp_directory_path() / fmt::format("http_server_test.{}", ::getpid());
    fs::create_directories(folder);
    router.add(
        {.method = "GET",
         .path = "/hello",
         .handle = [](const HttpRequest& request, const HttpReply& reply) {
           reply({.headers = {{"X-Who", std::string(request.parameter("who").value_or("nobody"))}},
                  .body = "hello",
                  .file = {}});
         }});
    router.add({.method = "POST",
                .path = "/echo",
                .handle = [](const HttpRequest& request,
                             const HttpReply& reply) { reply({.body = request.body}); },
                .body_bytes_max = 1000});
    router.add({.method = "GET",
                .path = "/forgets",
                .handle = [](const HttpRequest&, const HttpReply&) {}});
    router.add(
        {.method = "GET",
         .path = "/never",
         .handle = [this](const HttpRequest&, const HttpReply& reply) { kept.push_back(reply); }});
    router.add({.method = "GET",
                .path = "/elsewhere",
                .handle = [this](const HttpRequest&, const HttpReply& reply) {
                  others.emplace_back([reply] { reply({.body = "from a thread"}); });
                }});
    router.add({.method = "GET",
                .path = "/file",
                .handle = [this](const HttpRequest&, const HttpReply& reply) {
                  reply({.file = (folder / "big").string()});
                }});
    router.add(
        {.method = "POST",
         .path = "/upload",
         .handle =
             [](const HttpRequest& request, const HttpReply& reply) {
               reply({.headers = {},
                      .body = fmt::format(
                          "{} bytes", request.body_file ? fs::file_size(*request.body_file) : 0),
                      .file = {}});
             },
         .body_bytes_max = 8 << 20,
         .gate =
             [](const HttpRequest& request, const auto& decide) {
               if (request.header("authorization")) return decide(std::nullopt);
               decide(HttpResponse{.status = 401, .body = "who are you?"});
             },
         .body_file_prefix = (folder / "upload.").string()});
    router.add({.method = "POST",
                .path = "/guarded",
                .handle = [](const HttpRequest&, const HttpReply& reply) { reply({.body = "in"}); },
                .own_hosts_only = true});
  }
  ~HttpServerTest() override {
    if (thread.joinable()) {
      asio::post(*context, [this] {
        server->stop();
        work.reset();
        kept.clear();
      });
      for (auto& other : others) other.join();
      // All connections have ended, or the thread never does.
      thread.join();
    }
    fs::remove_all(folder);
  }
  void start(HttpServerOptions options = {}) {
    options.address = "127.0.0.1";
    auto listening = HttpServer::listen(context, options, router);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    port = server->local_endpoint().port();
    server->start();
    thread = std::thread([this] { context->run(); });
  }
  std::string exchange(std::string_view bytes) {
    Browser browser(port);
    browser.send(bytes);
    return browser.all();
  }

  fs::path folder;
  HttpRouter router;
  std::shared_ptr<asio::io_context> context = std::make_shared<asio::io_context>(1);
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(*context);
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;
  std::thread thread;
  std::vector<HttpReply> kept;      // the server thread's
  std::vector<std::thread> others;  // the server thread's, until it is told to stop
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  Browser browser(port);
  for (int i = 0; i < 3; ++i) {
    browser.send("GET /hello?who=me HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = browser.one();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Who: me\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer, ::testing::ContainsRegex(
                            "\r\nDate: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ 20[0-9]+ .* GMT\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTurn) {
  start();
  const auto answers = exchange(
      "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\nHEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::size_t at = 0;
  for (const std::string part :
       {"from a thread", "X-Who: nobody", "\r\n\r\nabc", "Connection: close", "\r\n\r\nhello"}) {
    at = answers.find(part, at);
    ASSERT_NE(at, std::string::npos) << part << " in " << answers;
  }
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  start();
  EXPECT_THAT(exchange("HEAD /hello HTTP/1.0\r\n\r\n"),
              testing::AllOf(HasSubstr("Content-Length: 5"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, UnknownPathsAndMethodsAreNamed) {
  start();
  EXPECT_THAT(exchange("GET /x HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 404 "));
  const auto answer = exchange("DELETE /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.0 405 "));
  EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(HttpServerTest, WhatIsNoRequestGetsOneAnswerAndTheEnd) {
  start();
  for (const std::string bad :
       {"\r\n\r\n \r\n", "GET\r\n\r\n", "GET /hello HTTP/9.9\r\n\r\n",
        "GET /hello HTTP/1.1\r\nno colon\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n",
        "GET http://elsewhere/ HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
        "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const auto answer = exchange(bad + "\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bad;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bad;
  }
  EXPECT_THAT(exchange("GET /hello HTTP/1.0\r\n\r\n"), EndsWith("hello"));
}

TEST_F(HttpServerTest, GiantHeadsAndBodiesAreRefused) {
  start();
  EXPECT_THAT(exchange("GET /hello HTTP/1.1\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" +
                       std::string(0x1000, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      exchange("POST /echo HTTP/1.0\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')),
      EndsWith(std::string(1000, 'x')));
}

TEST_F(HttpServerTest, ASlowRequestIsGivenUp) {
  start({.idle_timeout = milliseconds(50)});
  EXPECT_THAT(exchange("GET /hello HTTP/1.1\r\nX: "), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(exchange(""), "");  // said nothing: closed without a word
}

// A byte now and then does not prolong anything.
TEST_F(HttpServerTest, ADrippingRequestIsGivenUpToo) {
  start({.idle_timeout = milliseconds(100)});
  Browser browser(port);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  browser.send("GET /hello HTTP/1.1\r\nX: ");
  browser.socket.non_blocking(true);
  std::string answer(64, '\0');
  boost::system::error_code error = asio::error::would_block;
  while (error == asio::error::would_block && std::chrono::steady_clock::now() < give_up) {
    browser.send("x");
    std::this_thread::sleep_for(milliseconds(1));  // how fast it drips
    answer.resize(64);
    answer.resize(browser.socket.read_some(asio::buffer(answer), error));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AHandlerThatForgetsOrSleepsIsAnsweredFor) {
  start({.answer_timeout = milliseconds(50)});
  EXPECT_THAT(exchange("GET /forgets HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 500 "));
  EXPECT_THAT(exchange("GET /never HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 503 "));
}

TEST_F(HttpServerTest, ManySilentConnectionsDoNotKeepOthersOut) {
  start({.connections_max = 4});
  std::vector<std::unique_ptr<Browser>> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(std::make_unique<Browser>(port));
    silent.back()->send("GET /hello HTTP/1.1\r\n");
    EXPECT_THAT(exchange("GET /hello HTTP/1.0\r\n\r\n"), EndsWith("hello"));
  }
  EXPECT_EQ(silent.front()->all(), "");  // made room
  std::promise<std::size_t> count;
  asio::post(*context, [&] { count.set_value(server->connections_count()); });
  EXPECT_LE(count.get_future().get(), 4);
}

TEST_F(HttpServerTest, AFileIsStreamed) {
  const std::string big(3'000'000, 'x');
  std::ofstream(folder / "big") << big;
  start();
  const auto answer = exchange("GET /file HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3000000\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + big));
  fs::remove(folder / "big");
  EXPECT_THAT(exchange("GET /file HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 500 "));
}

TEST_F(HttpServerTest, ABodyGoesToAFileOnceTheGateHasOpened) {
  start();
  const auto upload = [this](const std::string& more) {
    Browser browser(port);
    browser.send("POST /upload HTTP/1.1\r\nConnection: close\r\nContent-Length: 5000000\r\n" +
                 more + "\r\n");
    browser.send(std::string(5'000'000, 'x'));
    return browser.all();
  };
  EXPECT_THAT(upload(""), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(upload("Authorization: me\r\n"), EndsWith("5000000 bytes"));
  const auto waited = [this] {
    Browser browser(port);
    browser.send(
        "POST /upload HTTP/1.0\r\nContent-Length: 3\r\nAuthorization: x\r\nExpect: "
        "100-continue\r\n\r\n");
    const auto first = browser.one();
    browser.send("abc");
    return first + browser.all();
  }();
  EXPECT_THAT(waited, StartsWith("HTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_THAT(waited, EndsWith("3 bytes"));
  EXPECT_TRUE(fs::is_empty(folder)) << "uploads are removed";
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
  start();
  const auto second = HttpServer::listen(context, {.address = "127.0.0.1", .port = port}, router);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("127.0.0.1:{}", port)));
}

// A page lets a name of its own point at us.
TEST_F(HttpServerTest, OnlyNamesOfOursWhereTheRouteAsksForIt) {
  start({.is_own_host = [](const std::string& name) { return name == "zk1.example.com"; }});
  const auto with = [&](std::string_view path, std::string_view host) {
    return exchange(
        fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n",
                    path, host));
  };
  for (const char* host : {"127.0.0.1", "localhost:8080", "[::1]:8080", "ZK1.example.com:8080"}) {
    EXPECT_THAT(with("/guarded", host), StartsWith("HTTP/1.1 200")) << host;
  }
  for (const char* host : {"evil.example", "zk1.example.com.evil.example:8080", ""}) {
    EXPECT_THAT(with("/guarded", host), StartsWith("HTTP/1.1 403")) << host;
  }
  EXPECT_THAT(with("/guarded", "evil.example"), HasSubstr("admin.allowedHosts"));
  EXPECT_THAT(with("/echo", "evil.example"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(exchange("POST /guarded HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.0 200"));
}

TEST_F(HttpServerTest, APageOfAnotherSiteMayNotAsk) {
  start();
  const auto with = [&](std::string_view path, std::string_view header) {
    return exchange(
        fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\nConnection: close\r\n\r\n", path, header));
  };
  EXPECT_THAT(with("/hello", "Origin: http://evil.example"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(with("/hello", "Origin: http://a"), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace drover::net
