#include "net/http_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <ctime>
#include <list>
#include <string>

#include "net/connection.h"
#include "net/http_origin.h"

namespace drover::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kHeadBytesMax = 8 * 1024;
constexpr std::size_t kPieceBytes = 64 * 1024;
// What is still coming from a client that has its (bad) answer already is read for so long, so that
// no reset destroys the answer on its way.
constexpr auto kLinger = std::chrono::seconds(1);
constexpr std::size_t kLingerBytesMax = 1024 * 1024;

auto saying(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

// A connection: one coroutine that reads and answers in turn.
struct Session {
  explicit Session(tcp::socket socket_in)
      : socket(std::move(socket_in)), deadline(socket.get_executor()) {}

  tcp::socket socket;
  asio::steady_timer deadline;
  beast::flat_buffer buffer{kHeadBytesMax + kPieceBytes};
  bool answering = false;  // a handler has the request, or its answer is on the way
  bool timed_out = false;
  std::string remote_address;
};
using SessionPtr = std::shared_ptr<Session>;

// From now on reading (or, once it answers, the connection) ends after `patience`. What is shut
// down stays so, however the end falls between two reads.
void arm(const SessionPtr& session, std::chrono::milliseconds patience,
         tcp::socket::shutdown_type what = tcp::socket::shutdown_receive) {
  session->timed_out = false;
  session->deadline.expires_after(patience);
  session->deadline.async_wait([weak = std::weak_ptr(session), what](error_code aborted) {
    const auto armed = weak.lock();
    if (aborted || !armed || armed->deadline.expiry() > std::chrono::steady_clock::now()) return;
    armed->timed_out = true;
    error_code ignored;
    armed->socket.shutdown(what, ignored);
  });
}

HttpResponse plain(unsigned status, std::string text) {
  return {.status = status, .body = std::move(text) + "\n"};
}

// What is said of a request that could not be read.
HttpResponse complaint(const error_code& error, bool timed_out) {
  if (timed_out) return plain(408, "the request did not come in time");
  if (error == http::error::header_limit)
    return plain(431, fmt::format("the head of a request may have {} bytes", kHeadBytesMax));
  if (error == http::error::body_limit) return plain(413, "the body is too large");
  return plain(400, fmt::format("not a request: {}", error.message()));
}

bool is_gone(const error_code& error) {
  return error == http::error::end_of_stream || error == http::error::partial_message ||
         error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::bad_descriptor ||
         error == asio::error::operation_aborted;
}

HttpRequest request_of(const http::request_parser<http::empty_body>& parser, HttpTarget target,
                       const std::string& remote_address) {
  const auto& head = parser.get();
  HttpRequest request;
  request.method = head.method() == http::verb::head ? "GET" : std::string(head.method_string());
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (const auto& field : head) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    request.headers.emplace_back(std::move(name), std::string(head[field.name_string()]));
  }
  request.remote_address = remote_address;
  return request;
}

// A file of its own, gone with the last who holds its name.
std::shared_ptr<const std::string> make_body_file(const std::string& prefix) {
  std::string path = prefix + "XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) return nullptr;
  ::close(descriptor);
  return {new std::string(std::move(path)), [](const std::string* name) {
            ::unlink(name->c_str());
            delete name;
          }};
}

// One value that somebody on another thread gives, awaited here. The giver holds only the state.
template <typename T>
class Awaited {
 public:
  explicit Awaited(const std::shared_ptr<asio::io_context>& context)
      : timer_(*context), state_(std::make_shared<State>()) {
    state_->context = context;
    state_->timer = &timer_;
  }
  ~Awaited() { state_->timer = nullptr; }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;

  [[nodiscard]] auto giver() const {
    return [state = state_](T value) {
      const auto context = state->context.lock();
      if (!context) return;
      asio::post(*context, [state, value = std::move(value)]() mutable {
        if (state->timer == nullptr || state->value) return;
        state->value.emplace(std::move(value));
        state->timer->cancel();
      });
    };
  }
  asio::awaitable<std::optional<T>> wait(std::chrono::milliseconds patience) {
    timer_.expires_after(patience);
    error_code ignored;
    if (!state_->value) co_await timer_.async_wait(saying(ignored));
    co_return std::move(state_->value);
  }

 private:
  struct State {
    std::weak_ptr<asio::io_context> context;
    asio::steady_timer* timer = nullptr;  // both: the context's thread only
    std::optional<T> value;
  };
  asio::steady_timer timer_;
  std::shared_ptr<State> state_;
};

// As HTTP wants it of whoever has a clock (RFC 9110, 6.6.1): `drover doctor` sees skew by it.
std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

template <typename Body>
void set_head(http::response<Body>& message, const HttpResponse& response, bool keep_alive) {
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::date, date_now());
  message.set("X-Content-Type-Options", "nosniff");
  message.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
}

// Each piece has the patience of its own. False: the client is gone, or too slow.
template <typename Body>
asio::awaitable<bool> write_out(const SessionPtr& session, http::response<Body>& message,
                                bool head_only, std::chrono::milliseconds patience) {
  http::response_serializer<Body> serializer(message);
  if (head_only) serializer.split(true);
  error_code error;
  const auto done = [&] { return head_only ? serializer.is_header_done() : serializer.is_done(); };
  while (!done() && !error) {
    arm(session, patience, tcp::socket::shutdown_both);
    if (head_only) {
      co_await http::async_write_header(session->socket, serializer, saying(error));
    } else {
      co_await http::async_write_some(session->socket, serializer, saying(error));
    }
  }
  co_return !error;
}

asio::awaitable<bool> send(const SessionPtr& session, HttpResponse response, unsigned version,
                           bool keep_alive, bool head_only, std::chrono::milliseconds patience) {
  if (!response.file.empty()) {
    http::response<http::file_body> message{http::status(response.status), version};
    error_code error;
    message.body().open(response.file.c_str(), beast::file_mode::scan, error);
    if (!error) {
      set_head(message, response, keep_alive);
      message.prepare_payload();
      co_return co_await write_out(session, message, head_only, patience) && keep_alive;
    }
    response = plain(500, fmt::format("cannot read the file: {}", error.message()));
  }
  http::response<http::string_body> message{http::status(response.status), version};
  set_head(message, response, keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  co_return co_await write_out(session, message, head_only, patience) && keep_alive;
}

}  // namespace

struct HttpServer::Impl {
  Impl(std::shared_ptr<asio::io_context> context_in, HttpServerOptions options_in,
       const HttpRouter& router_in, std::unique_ptr<Acceptor> acceptor_in)
      : context(std::move(context_in)),
        options(std::move(options_in)),
        router(router_in),
        acceptor(std::move(acceptor_in)) {}

  void accept(tcp::socket socket);
  bool make_room();
  asio::awaitable<void> serve(SessionPtr session);
  asio::awaitable<bool> serve_one(const SessionPtr& session);
  asio::awaitable<bool> send_last(const SessionPtr& session, HttpResponse response,
                                  unsigned version, bool head_only);
  asio::awaitable<std::optional<HttpResponse>> read_body(
      const SessionPtr& session, http::request_parser<http::empty_body>& head,
      const HttpRoute& route, HttpRequest& request);
  [[nodiscard]] std::optional<HttpResponse> refuse_led_astray(const HttpRoute& route,
                                                              const HttpRequest& request) const;
  asio::awaitable<HttpResponse> answer(const HttpRoute& route, HttpRequest request);
  asio::awaitable<void> linger(const SessionPtr& session) const;

  const std::shared_ptr<asio::io_context> context;
  const HttpServerOptions options;
  const HttpRouter& router;
  std::unique_ptr<Acceptor> acceptor;
  std::list<SessionPtr> sessions;  // who was heard last stands last
};

void HttpServer::Impl::accept(tcp::socket socket) {
  if (sessions.size() >= options.connections_max && !make_room()) return;  // closes the socket
  auto session = std::make_shared<Session>(std::move(socket));
  error_code gone;
  const auto remote = session->socket.remote_endpoint(gone);
  if (gone) return;
  session->remote_address = address_text(remote.address());
  sessions.push_back(session);
  asio::co_spawn(*context, serve(session), [this, session](const std::exception_ptr&) {
    error_code ignored;
    session->deadline.cancel();
    session->socket.close(ignored);
    sessions.remove(session);
  });
}

// The connection that has waited for longest, and asks nothing just now, makes room.
bool HttpServer::Impl::make_room() {
  const auto silent =
      std::ranges::find(sessions, false, [](const SessionPtr& s) { return s->answering; });
  if (silent == sessions.end()) return false;
  error_code ignored;
  (*silent)->socket.close(ignored);
  sessions.erase(silent);
  return true;
}

asio::awaitable<void> HttpServer::Impl::serve(SessionPtr session) {
  while (co_await serve_one(session)) {
    session->answering = false;
    const auto place = std::ranges::find(sessions, session);
    if (place == sessions.end()) co_return;
    sessions.splice(sessions.end(), sessions, place);
  }
}

asio::awaitable<bool> HttpServer::Impl::send_last(const SessionPtr& session, HttpResponse response,
                                                  unsigned version, bool head_only) {
  co_await send(session, std::move(response), version, false, head_only, options.idle_timeout);
  co_await linger(session);
  co_return false;
}

// One request. False: it was the last.
asio::awaitable<bool> HttpServer::Impl::serve_one(const SessionPtr& session) {
  http::request_parser<http::empty_body> head;
  head.header_limit(kHeadBytesMax);
  head.body_limit(boost::none);  // the route's, once it is known
  error_code error;
  arm(session, options.idle_timeout);
  co_await http::async_read_header(session->socket, session->buffer, head, saying(error));
  const bool began = head.got_some() || session->buffer.size() > 0;
  if (error && (!began || (is_gone(error) && !session->timed_out))) co_return false;
  session->deadline.cancel();
  session->answering = true;
  const unsigned version = error ? 11 : head.get().version();
  const bool head_only = !error && head.get().method() == http::verb::head;
  if (error)
    co_return co_await send_last(session, complaint(error, session->timed_out), version, head_only);
  const bool has_body =
      !head.is_done() && (head.chunked() || head.content_length().value_or(0) > 0);
  const bool keep_alive = head.get().keep_alive();

  auto target =
      parse_target(std::string_view(head.get().target().data(), head.get().target().size()));
  if (!target) co_return co_await send_last(session, plain(400, "not a path"), version, head_only);
  HttpRequest request = request_of(head, std::move(*target), session->remote_address);
  const auto found = router.find(request.method, request.path);
  if (found.route == nullptr) {
    HttpResponse response = found.allowed.empty()
                                ? plain(404, "there is nothing here")
                                : plain(405, fmt::format("only {}", found.allowed));
    if (!found.allowed.empty()) response.headers.emplace_back("Allow", found.allowed);
    if (has_body) co_return co_await send_last(session, std::move(response), version, head_only);
    co_return co_await send(session, std::move(response), version, keep_alive, head_only,
                            options.idle_timeout);
  }
  if (auto refusal = refuse_led_astray(*found.route, request))
    co_return co_await send_last(session, std::move(*refusal), version, head_only);
  if (found.route->gate) {
    Awaited<std::optional<HttpResponse>> verdict(context);
    found.route->gate(request, verdict.giver());
    auto given = co_await verdict.wait(options.answer_timeout);
    if (!given)
      co_return co_await send_last(session, plain(503, "no answer in time"), version, head_only);
    if (*given) co_return co_await send_last(session, std::move(**given), version, head_only);
  }
  if (has_body) {
    if (auto refusal = co_await read_body(session, head, *found.route, request))
      co_return co_await send_last(session, std::move(*refusal), version, head_only);
  }
  HttpResponse response = co_await answer(*found.route, std::move(request));
  co_return co_await send(session, std::move(response), version, keep_alive, head_only,
                          options.idle_timeout);
}

namespace {

// Each piece of a body has the patience of its own.
template <typename Body>
asio::awaitable<error_code> read_all(const SessionPtr& session, http::request_parser<Body>& parser,
                                     std::chrono::milliseconds patience) {
  error_code error;
  std::size_t piece = kPieceBytes;
  while (!parser.is_done() && !error && !session->timed_out) {
    if (piece >= kPieceBytes) {
      arm(session, patience);
      piece = 0;
    }
    piece +=
        co_await http::async_read_some(session->socket, session->buffer, parser, saying(error));
  }
  co_return error;
}

}  // namespace

// A browser that another site's page sent here. Who sends no Host is no browser.
std::optional<HttpResponse> HttpServer::Impl::refuse_led_astray(const HttpRoute& route,
                                                                const HttpRequest& request) const {
  if (is_cross_site(request)) return plain(403, "a page of another site may not ask this");
  const auto host = request.header("host");
  if (!route.own_hosts_only || !options.is_own_host || !host) return std::nullopt;
  const std::string name = host_name(*host);
  if (is_plain_host(name) || options.is_own_host(name)) return std::nullopt;
  return plain(403, fmt::format("{} is no name of this server: ask by its address, or add the name "
                                "to admin.allowedHosts in zoo.cfg",
                                name.empty() ? "an empty Host" : name));
}

// Nullopt: it is there.
asio::awaitable<std::optional<HttpResponse>> HttpServer::Impl::read_body(
    const SessionPtr& session, http::request_parser<http::empty_body>& head, const HttpRoute& route,
    HttpRequest& request) {
  if (head.content_length().value_or(0) > route.body_bytes_max) {
    co_return plain(413, fmt::format("the body may have {} bytes", route.body_bytes_max));
  }
  error_code error;
  if (beast::iequals(head.get()[http::field::expect], "100-continue")) {
    arm(session, options.idle_timeout);
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(session->socket, asio::buffer(kContinue), saying(error));
    if (error) co_return plain(400, "the client is gone");
  }
  if (route.body_file_prefix.empty()) {
    http::request_parser<http::string_body> parser(std::move(head));
    parser.body_limit(route.body_bytes_max);
    error = co_await read_all(session, parser, options.idle_timeout);
    request.body = std::move(parser.get().body());
  } else {
    request.body_file = make_body_file(route.body_file_prefix);
    if (!request.body_file) co_return plain(500, "no file for the body");
    http::request_parser<http::file_body> parser(std::move(head));
    parser.body_limit(route.body_bytes_max);
    parser.get().body().open(request.body_file->c_str(), beast::file_mode::write, error);
    if (error) co_return plain(500, fmt::format("no file for the body: {}", error.message()));
    error = co_await read_all(session, parser, options.idle_timeout);
  }
  if (error || session->timed_out) co_return complaint(error, session->timed_out);
  session->deadline.cancel();
  co_return std::nullopt;
}

asio::awaitable<HttpResponse> HttpServer::Impl::answer(const HttpRoute& route,
                                                       HttpRequest request) {
  Awaited<HttpResponse> awaited(context);
  route.handle(std::move(request), HttpReply(awaited.giver()));
  auto response = co_await awaited.wait(std::max(options.answer_timeout, route.patience));
  co_return response ? std::move(*response) : plain(503, "no answer in time");
}

asio::awaitable<void> HttpServer::Impl::linger(const SessionPtr& session) const {
  error_code error;
  session->socket.shutdown(tcp::socket::shutdown_send, error);
  std::array<char, 4096> rest{};
  std::size_t bytes = 0;
  arm(session, kLinger);
  while (!error && bytes < kLingerBytesMax) {
    bytes += co_await session->socket.async_read_some(asio::buffer(rest), saying(error));
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(std::shared_ptr<asio::io_context> context,
                                                       HttpServerOptions options,
                                                       const HttpRouter& router) {
  auto acceptor = Acceptor::listen(*context, {.address = options.address, .port = options.port});
  if (!acceptor) return std::unexpected(acceptor.error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Impl>(
      std::move(context), std::move(options), router, std::move(*acceptor))));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

void HttpServer::start() {
  impl_->acceptor->start([this]() -> asio::io_context& { return *impl_->context; },
                         [this](tcp::socket socket) { impl_->accept(std::move(socket)); },
                         [](const std::string&) {});
}

void HttpServer::stop() {
  impl_->acceptor->close();
  for (const SessionPtr& session : impl_->sessions) {
    error_code ignored;
    session->socket.close(ignored);
  }
}

tcp::endpoint HttpServer::local_endpoint() const {
  return impl_->acceptor->local_endpoint();
}

std::size_t HttpServer::connections_count() const {
  return impl_->sessions.size();
}

}  // namespace drover::net
