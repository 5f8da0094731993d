#pragma once
// What the file tools and the doctor have to say: one finding is one thing that is wrong, where it
// is, what it means and what to do about it. The same list becomes text, JSON and the exit code.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/zxid.h"

namespace drover::file_tools {

// How much a finding matters. Problem: a server would not start, or would lose or serve wrong data.
enum class Severity { kOk, kWarning, kProblem };

// Of `drover log`, `drover snapshot` and `drover doctor`, for scripts.
enum class Verdict : int {
  kOk = 0,
  kWarnings = 1,
  kProblems = 2,
  kNotExamined = 3,  // bad arguments; nothing there; no permission to read it
};

struct Finding {
  Severity severity = Severity::kWarning;
  std::string code{};  // stable, for scripts: "log.checksum", "snapshot.orphan", "doctor.fsync"
  std::string file{};  // path; empty: no file is meant
  std::optional<std::uint64_t> offset{};  // bytes; of a compressed snapshot: uncompressed
  // The txns concerned, first and last; both or none.
  std::optional<wire::Zxid> first_zxid{};
  std::optional<wire::Zxid> last_zxid{};
  std::string what{};       // one sentence
  std::string next_step{};  // what to type or do; empty: nothing
};

using Findings = std::vector<Finding>;

[[nodiscard]] Verdict verdict_of(const Findings& findings);
[[nodiscard]] std::string_view severity_name(Severity severity);  // ok, warning, problem
// Several lines, the first begins with the severity; ends with a newline.
[[nodiscard]] std::string finding_text(const Finding& finding);
[[nodiscard]] boost::json::object finding_json(const Finding& finding);
[[nodiscard]] boost::json::array findings_json(const Findings& findings);

[[nodiscard]] std::string zxid_text(wire::Zxid zxid);  // 0x<hex>
// "txn 0x5", "txns 0x5 to 0x9".
[[nodiscard]] std::string zxid_range_text(wire::Zxid first, wire::Zxid last);
// 1 txn, 2 txns.
[[nodiscard]] std::string counted(std::int64_t n, std::string_view noun);

// Words wrapped at column 100 behind a margin of `indent` blanks; ends with a newline.
[[nodiscard]] std::string indented(std::string_view text, std::size_t indent);

}  // namespace drover::file_tools
