#include "file_tools/finding.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

constexpr std::size_t kTextWidth = 100;

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
                             {"what", toolbox::utf8_or_replaced(finding.what)}};
  if (!finding.file.empty()) object["file"] = toolbox::utf8_or_replaced(finding.file);
  if (finding.offset) object["offset"] = *finding.offset;
  if (finding.first_zxid) object["first_zxid"] = zxid_text(*finding.first_zxid);
  if (finding.last_zxid) object["last_zxid"] = zxid_text(*finding.last_zxid);
  if (!finding.next_step.empty())
    object["next_step"] = toolbox::utf8_or_replaced(finding.next_step);
  return object;
}

boost::json::array findings_json(const Findings& findings) {
  boost::json::array array;
  for (const Finding& finding : findings) array.push_back(finding_json(finding));
  return array;
}

}  // namespace drover::file_tools
