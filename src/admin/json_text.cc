#include "admin/json_text.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace drover::admin {

namespace {

namespace json = boost::json;

void write(const json::value& value, int level, std::string& out);

void write(const json::object& object, int level, std::string& out) {
  if (object.empty()) {
    out += "{ }";
    return;
  }
  out += '{';
  bool first = true;
  for (const auto& [key, member] : object) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(static_cast<std::size_t>(level + 1) * 2, ' ');
    out += json::serialize(json::string(key));
    out += " : ";
    write(member, level + 1, out);
  }
  out += '\n';
  out.append(static_cast<std::size_t>(level) * 2, ' ');
  out += '}';
}

void write(const json::array& array, int level, std::string& out) {
  out += '[';
  bool first = true;
  for (const auto& element : array) {
    out += first ? " " : ", ";
    first = false;
    write(element, level, out);
  }
  out += " ]";
}

// As Java prints a double: 0.0, 11.5; never in the form 1.15E1 for what is shown here.
std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

void write(const json::value& value, int level, std::string& out) {
  if (const auto* object = value.if_object()) return write(*object, level, out);
  if (const auto* array = value.if_array()) return write(*array, level, out);
  if (const auto* number = value.if_double()) {
    out += number_text(*number);
    return;
  }
  out += json::serialize(value);
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  write(value, 0, out);
  return out;
}

}  // namespace drover::admin
