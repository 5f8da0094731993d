#pragma once
// One HTTP request and its answer, as plain values: what a handler sees of the web.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::net {

struct HttpRequest {
  using Fields = std::vector<std::pair<std::string, std::string>>;

  std::string method;  // GET also for a HEAD, whose body the server leaves out
  std::string path;    // percent-decoded, begins with a slash, without the query
  Fields query;        // decoded, in order
  Fields headers;      // names in lower case
  std::string body{};
  // Instead of `body`, for a route that asked for it: where the body lies. The file goes with the
  // last copy of the request.
  std::shared_ptr<const std::string> body_file;
  std::string remote_address;  // textual, without port

  [[nodiscard]] std::optional<std::string_view> header(std::string_view lower_name) const {
    return first(headers, lower_name);
  }
  // Of several the first, as in Apache.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const {
    return first(query, name);
  }

 private:
  static std::optional<std::string_view> first(const Fields& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
    if (found == fields.end()) return std::nullopt;
    return found->second;
  }
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  HttpRequest::Fields headers{};
  std::string body{};
  std::string file{};  // not empty: the body is what this file holds, streamed
};

// How the answer is given: once, from any thread, now or later. When the last copy goes without an
// answer the client hears 500; when none has come in time, 503.
class HttpReply {
 public:
  using Send = std::function<void(HttpResponse)>;

  explicit HttpReply(Send send) : once_(std::make_shared<Once>(std::move(send))) {}
  void operator()(HttpResponse response) const { once_->give(std::move(response)); }

 private:
  struct Once {
    explicit Once(Send send_in) : send(std::move(send_in)) {}
    ~Once() {
      if (send) send({.status = 500, .body = "no answer\n"});
    }
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    void give(HttpResponse response) {
      if (const Send taken = std::exchange(send, nullptr)) taken(std::move(response));
    }
    Send send;
  };
  std::shared_ptr<Once> once_;
};

using HttpHandler = std::function<void(HttpRequest request, HttpReply reply)>;
// Looks at a request before its body is read: an answer here ends it.
using HttpGate = std::function<void(const HttpRequest& request,
                                    std::function<void(std::optional<HttpResponse>)> decide)>;

struct HttpRoute {
  std::string method;  // GET (HEAD comes with it), POST, PUT, DELETE
  std::string path;    // exact, or with `/*` at its end: everything below
  HttpHandler handle;
  std::uint64_t body_bytes_max = 64 * 1024;  // 413 above it
  HttpGate gate{};                           // may be empty
  std::string summary{};                     // one line for /openapi.json; empty: not told there
  // Of the query, for /openapi.json; one that has to be there ends in `!`.
  std::vector<std::string> parameters{};
  bool needs_identity = false;  // for /openapi.json: 401 without
  // Only for browsers that were led here by a name of ours (HttpServerOptions::is_own_host).
  bool own_hosts_only = false;
  // Not empty: the body goes to a file of its own, whose path begins so.
  std::string body_file_prefix{};
  std::chrono::milliseconds patience{0};  // with the handler's answer; 0: the server's
};

}  // namespace drover::net
