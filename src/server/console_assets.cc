#include "server/console_assets.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace drover::server {

namespace {

constexpr std::string_view kBelow = "/console/";
// Scripts, styles and requests of our own only: what a znode holds can never run in the page.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool lists(std::optional<std::string_view> header, std::string_view word) {
  return header && header->find(word) != std::string_view::npos;
}

// RFC 1952 ends with the length of what was compressed.
std::optional<std::string> unpacked(std::string_view gzip) {
  if (gzip.size() < 18) return std::nullopt;
  std::size_t size = 0;
  for (int i = 1; i <= 4; ++i) {
    size = size << 8 | static_cast<unsigned char>(gzip[gzip.size() - static_cast<std::size_t>(i)]);
  }
  std::string out(size, '\0');
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> machine(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (libdeflate_gzip_decompress(machine.get(), gzip.data(), gzip.size(), out.data(), out.size(),
                                 nullptr) != LIBDEFLATE_SUCCESS) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

net::HttpResponse console_file(std::span<const ConsoleAsset> assets,
                               const net::HttpRequest& request) {
  std::string_view name = request.path;
  if (name.starts_with(kBelow)) name.remove_prefix(kBelow.size());
  if (name.empty()) name = "index.html";
  const auto found = std::ranges::find(assets, name, &ConsoleAsset::path);
  if (found == assets.end())
    return {.status = 404, .body = "the console has no such file: " + request.path + "\n"};

  net::HttpResponse response{.content_type = std::string(found->content_type)};
  response.headers = {
      {"Cache-Control", found->named ? "public, max-age=31536000, immutable" : "no-cache"},
      {"ETag", std::string(found->etag)},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", kContentSecurityPolicy},
      {"Referrer-Policy", "no-referrer"},
  };
  if (lists(request.header("if-none-match"), found->etag)) {
    response.status = 304;
    return response;
  }
  if (!found->gzip || lists(request.header("accept-encoding"), "gzip")) {
    if (found->gzip) response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = found->body;
    return response;
  }
  auto plain = unpacked(found->body);
  if (!plain) return {.status = 500, .body = "a file of the console is damaged\n"};
  response.body = std::move(*plain);
  return response;
}

void add_console_files(net::HttpRouter& routes) {
  routes.add({.method = "GET",
              .path = "/console/*",
              .handle =
                  [](const net::HttpRequest& request, const net::HttpReply& reply) {
                    reply(console_file(console_assets(), request));
                  },
              .own_hosts_only = true});
  for (const char* path : {"/", "/console"}) {
    routes.add({.method = "GET",
                .path = path,
                .handle = [](const net::HttpRequest&, const net::HttpReply& reply) {
                  reply({.status = 302, .headers = {{"Location", "/console/"}}});
                }});
  }
}

}  // namespace drover::server
