// One finding as text, JSON and exit code.

#include "file_tools/finding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::file_tools {
namespace {

Finding finding() {
  return {.severity = Severity::kProblem,
          .code = "log.record",
          .file = "log.5",
          .offset = 77,
          .first_zxid = wire::Zxid(0x6),
          .last_zxid = wire::Zxid(0x8),
          .what = "an entry with a wrong checksum",
          .next_step = "drover log repair log.5"};
}

TEST(FindingTest, TextTellsWhereAndWhatToDo) {
  EXPECT_EQ(finding_text(finding()),
            "problem  log.5: at offset 77: an entry with a wrong checksum (txns 0x6 to 0x8)\n"
            "         -> drover log repair log.5\n");
}

TEST(FindingTest, LongTextIsWrapped) {
  Finding long_one = finding();
  for (int i = 0; i < 40; ++i) long_one.what += " and more";
  std::size_t begin = 0;
  const std::string text = finding_text(long_one);
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 100U);
    begin = end + 1;
  }
  EXPECT_EQ(begin, text.size());
}

TEST(FindingTest, JsonHasWhatIsKnown) {
  const auto object = finding_json(finding());
  EXPECT_EQ(object.at("offset").as_uint64(), 77U);
  EXPECT_EQ(object.at("first_zxid").as_string(), "0x6");
  const auto bare = finding_json({.code = "dir.refused", .what = "no"});
  EXPECT_FALSE(bare.contains("file"));
  EXPECT_FALSE(bare.contains("offset"));
  EXPECT_FALSE(bare.contains("first_zxid"));
}

TEST(FindingTest, TheWorstDecides) {
  Finding warning = finding();
  warning.severity = Severity::kWarning;
  Finding fine = finding();
  fine.severity = Severity::kOk;
  EXPECT_EQ(verdict_of({}), Verdict::kOk);
  EXPECT_EQ(verdict_of({fine}), Verdict::kOk);
  EXPECT_EQ(verdict_of({warning, fine}), Verdict::kWarnings);
  EXPECT_EQ(verdict_of({warning, finding(), fine}), Verdict::kProblems);
}

}  // namespace
}  // namespace drover::file_tools
