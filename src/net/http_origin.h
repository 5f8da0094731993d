#pragma once
// Who led a browser here. A page of another site may make its visitor's browser ask us things: by
// an address of ours (then the browser says whose page it was), or by a name of its own that it
// lets point at us (DNS rebinding: then only the Host is wrong).

#include <string>
#include <string_view>

#include "net/http.h"

namespace drover::net {

// Of a Host header: lower case, without port, brackets and final dot.
[[nodiscard]] std::string host_name(std::string_view host);

// Whether a Host means this machine whoever is asked for its name: an address, or localhost.
// Nobody can let those point elsewhere.
[[nodiscard]] bool is_plain_host(std::string_view name);

// The browser says that a page of another site asks. Following a link from there is no asking.
[[nodiscard]] bool is_cross_site(const HttpRequest& request);

}  // namespace drover::net
