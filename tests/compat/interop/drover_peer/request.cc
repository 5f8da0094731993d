#include "request.h"

#include <boost/json/parse.hpp>
#include <charconv>
#include <stdexcept>

namespace peer {

namespace json = boost::json;

std::string to_hex(drover::BytesView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte each : bytes) {
    text += kDigits[std::to_integer<unsigned>(each) >> 4];
    text += kDigits[std::to_integer<unsigned>(each) & 15];
  }
  return text;
}

drover::Bytes from_hex(std::string_view text) {
  drover::Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      throw std::invalid_argument("no hexadecimal digits: " + std::string(text));
    }
    bytes[i] = static_cast<std::byte>(value);
  }
  return bytes;
}

Request::Request(std::string_view line) : line_(json::parse(line).as_object()) {}

bool Request::has(std::string_view key) const {
  const json::value* value = line_.if_contains(key);
  return value && !value->is_null();
}

const json::value& Request::at(std::string_view key) const {
  return line_.at(key);
}

std::string Request::text(std::string_view key) const {
  return std::string(at(key).as_string());
}

std::string Request::text(std::string_view key, std::string_view otherwise) const {
  return has(key) ? text(key) : std::string(otherwise);
}

std::int64_t Request::number(std::string_view key) const {
  return at(key).to_number<std::int64_t>();
}

std::int64_t Request::number(std::string_view key, std::int64_t otherwise) const {
  return has(key) ? number(key) : otherwise;
}

bool Request::flag(std::string_view key) const {
  return has(key) && at(key).as_bool();
}

drover::Bytes Request::bytes(std::string_view key) const {
  return from_hex(text(key));
}

std::vector<std::string> Request::texts(std::string_view key) const {
  std::vector<std::string> texts;
  for (const json::value& each : at(key).as_array()) texts.emplace_back(each.as_string());
  return texts;
}

std::chrono::milliseconds Request::timeout() const {
  static constexpr std::chrono::milliseconds kDay = std::chrono::days(1);
  return std::chrono::milliseconds(number("timeout_ms", kDay.count()));
}

}  // namespace peer
