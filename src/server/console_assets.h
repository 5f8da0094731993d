#pragma once
// The web console's files, built from console/ into the binary, and the rows that serve them below
// /console/. A build without npm holds one page instead, that says how to get the rest.

#include <span>
#include <string_view>

#include "net/http_router.h"

namespace drover::server {

// All views live as long as the program.
struct ConsoleAsset {
  std::string_view path;  // below /console/; index.html is the page itself
  std::string_view content_type;
  std::string_view etag;  // quoted, of the content
  std::string_view body;
  bool gzip = false;   // how `body` is stored
  bool named = false;  // its name changes with its content: may be kept for good
};

// Written by the build (cmake/console_embed.cmake).
[[nodiscard]] std::span<const ConsoleAsset> console_assets();

// What a GET of `request.path` answers; 404 for what is not among `assets`.
[[nodiscard]] net::HttpResponse console_file(std::span<const ConsoleAsset> assets,
                                             const net::HttpRequest& request);

// GET /console/*, and redirects there from / and /console
void add_console_files(net::HttpRouter& routes);

}  // namespace drover::server
