#include "toolbox/four_letter_word.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <iterator>

namespace drover::toolbox {

Result<std::string> four_letter_word(const client::HostPort& server, std::string_view word,
                                     std::chrono::milliseconds timeout) {
  boost::asio::ip::tcp::iostream stream;
  const auto failed = [&](std::string_view what) {
    return failure(
        fmt::format("{}:{}: {}: {}", server.host, server.port, what, stream.error().message()));
  };
  stream.expires_after(timeout);
  stream.connect(server.host, std::to_string(server.port));
  if (!stream) return failed("cannot connect");
  stream.expires_after(timeout);
  stream << word << std::flush;
  std::string answer(std::istreambuf_iterator<char>(stream), {});
  if (answer.empty()) return failed(fmt::format("no answer to {}", word));
  return answer;
}

}  // namespace drover::toolbox
