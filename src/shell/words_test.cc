// Words and options by the rules of zkCli; each expectation was seen from Apache's shell.
#include "shell/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::shell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SplitWordsTest, BlanksSeparate) {
  EXPECT_THAT(split_words("  ls   /t1\t"), ElementsAre("ls", "/t1"));
  EXPECT_THAT(split_words(" \t "), IsEmpty());
}

TEST(SplitWordsTest, AWordMayBeQuotedAsAWhole) {
  EXPECT_THAT(split_words("get '/a b' \"c 'd'\" ''"), ElementsAre("get", "/a b", "c 'd'", ""));
}

TEST(SplitWordsTest, OtherQuotesStandForThemselves) {
  EXPECT_THAT(split_words("set /a a'b c'"), ElementsAre("set", "/a", "a'b", "c'"));
  EXPECT_THAT(split_words("ls '/t1"), ElementsAre("ls", "/t1"));
  EXPECT_THAT(split_words("get \"/t1/b c"), ElementsAre("get", "/t1/b", "c"));
}

constexpr OptionSpec kOptions[] = {
    {"s", false, "stats"}, {"w", false, "watch"}, {"v", true, "version"}, {"file", true, "a file"}};

std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse_words(kOptions, words);
  return parsed ? "none" : parsed.error();
}

TEST(ParseWordsTest, OptionsMayStandAnywhere) {
  const auto parsed = parse_words(kOptions, {"set", "-s", "/a", "x", "-v", "5"});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->args, ElementsAre("set", "/a", "x"));
  EXPECT_TRUE(parsed->has("s"));
  EXPECT_FALSE(parsed->has("w"));
  EXPECT_EQ(parsed->value("v"), "5");
}

TEST(ParseWordsTest, LettersRunTogether) {
  EXPECT_TRUE(parse_words(kOptions, {"ls", "-sw", "/"})->has("w"));
  EXPECT_EQ(parse_words(kOptions, {"ls", "-sv5", "/"})->value("v"), "5");
  EXPECT_EQ(parse_words(kOptions, {"ls", "-file", "x"})->value("file"), "x");
}

TEST(ParseWordsTest, ValuesMayBeNegativeNumbers) {
  EXPECT_EQ(parse_words(kOptions, {"set", "-v", "-1"})->value("v"), "-1");
}

TEST(ParseWordsTest, DoubleDashEndsOptions) {
  EXPECT_THAT(parse_words(kOptions, {"ls", "--", "-s"})->args, ElementsAre("ls", "-s"));
  EXPECT_THAT(parse_words(kOptions, {"ls", "-"})->args, ElementsAre("ls", "-"));
}

TEST(ParseWordsTest, ErrorsAreThoseOfCommonsCli) {
  EXPECT_EQ(error_of({"ls", "-z", "/"}),
            "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -z");
  EXPECT_EQ(error_of({"ls", "-wz", "/"}),
            "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -wz");
  EXPECT_EQ(error_of({"set", "/a", "-5"}),
            "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -5");
  EXPECT_EQ(error_of({"set", "-v"}),
            "org.apache.commons.cli.MissingArgumentException: Missing argument for option: v");
  EXPECT_EQ(error_of({"set", "-v", "-s", "/a"}),
            "org.apache.commons.cli.MissingArgumentException: Missing argument for option: v");
}

}  // namespace
}  // namespace drover::shell
