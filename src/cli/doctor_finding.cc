#include "cli/doctor_finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::cli {

namespace {

constexpr std::size_t kTextWidth = 100;

// How many bytes at `at` form one UTF-8 character, and whether it is a good one. A broken one is
// as long as its longest correct beginning; a surrogate counts as one, as in Java.
struct Utf8Step {
  std::size_t length = 1;
  bool good = false;
};

Utf8Step utf8_step(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= bytes.size()) return {i, false};
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (i == 1) {  // overlong forms, above U+10FFFF
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    }
    if (byte(i) < low || byte(i) > high) return {i, false};
  }
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  return {length, !surrogate};
}

}  // namespace

Verdict verdict_of(const Findings& findings) {
  Verdict verdict = Verdict::kOk;
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kProblem) return Verdict::kProblems;
    if (finding.severity == Severity::kWarning) verdict = Verdict::kWarnings;
  }
  return verdict;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "ok";
    case Severity::kWarning:
      return "warning";
    case Severity::kProblem:
      return "problem";
  }
  return "?";
}

std::string zxid_text(wire::Zxid zxid) {
  return fmt::format("0x{:x}", zxid.value);
}

std::string zxid_range_text(wire::Zxid first, wire::Zxid last) {
  if (first == last) return "txn " + zxid_text(first);
  return fmt::format("txns {} to {}", zxid_text(first), zxid_text(last));
}

std::string counted(std::int64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string indented(std::string_view text, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && indent + column + 1 + end > kTextWidth) {
      out += '\n';
      column = 0;
    }
    out += column == 0 ? margin : " ";
    out += text.substr(0, end);
    column += end + (column == 0 ? 0 : 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

std::string finding_text(const Finding& finding) {
  constexpr std::size_t kMargin = 9;
  std::string where = finding.file;
  if (finding.offset) {
    where += fmt::format("{}at offset {}", where.empty() ? "" : ": ", *finding.offset);
  }
  std::string head = finding.what;
  if (!where.empty()) head = where + ": " + head;
  if (finding.first_zxid && finding.last_zxid) {
    head += fmt::format(" ({})", zxid_range_text(*finding.first_zxid, *finding.last_zxid));
  }
  std::string text = indented(head, kMargin);
  text.replace(0, kMargin, fmt::format("{:<{}}", severity_name(finding.severity), kMargin));
  if (!finding.next_step.empty()) text += indented("-> " + finding.next_step, kMargin);
  return text;
}

boost::json::object finding_json(const Finding& finding) {
  boost::json::object object{{"severity", severity_name(finding.severity)},
                             {"code", finding.code},
                             {"what", utf8_or_replaced(finding.what)}};
  if (!finding.file.empty()) object["file"] = utf8_or_replaced(finding.file);
  if (finding.offset) object["offset"] = *finding.offset;
  if (finding.first_zxid) object["first_zxid"] = zxid_text(*finding.first_zxid);
  if (finding.last_zxid) object["last_zxid"] = zxid_text(*finding.last_zxid);
  if (!finding.next_step.empty()) object["next_step"] = utf8_or_replaced(finding.next_step);
  return object;
}

boost::json::array findings_json(const Findings& findings) {
  boost::json::array array;
  for (const Finding& finding : findings) array.push_back(finding_json(finding));
  return array;
}

std::string utf8_or_replaced(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, at);
    text += step.good ? bytes.substr(at, step.length) : "\xef\xbf\xbd";
    at += step.length;
  }
  return text;
}

}  // namespace drover::cli
