#pragma once
// One line that came in (../README.md). Bytes travel as hexadecimal digits.

#include <drover/bytes.h>

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peer {

std::string to_hex(drover::BytesView bytes);
drover::Bytes from_hex(std::string_view text);

// Every member throws std::exception when the field is missing (and has no fallback) or is of
// another type.
class Request {
 public:
  // Throws when it is no JSON object.
  explicit Request(std::string_view line);

  [[nodiscard]] std::int64_t serial() const { return number("n"); }
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const boost::json::value& at(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] std::int64_t number(std::string_view key) const;
  [[nodiscard]] std::int64_t number(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] drover::Bytes bytes(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  // `timeout_ms`, a day if there is none.
  [[nodiscard]] std::chrono::milliseconds timeout() const;

 private:
  boost::json::object line_;
};

}  // namespace peer
