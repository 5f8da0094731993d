// Goal: a page has what --help has, each in its section, and shows every character as it is.

#include "cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const ManPage kPage{.name = "drover-dance",
                    .section = '1',
                    .version = "Drover 1.2",
                    .topics_heading = "STEPS",
                    .topics = {{"walk", "One foot\n  .then the other"}}};

TEST(ManPageTest, EscapesWhatRoffWouldTakeForItself) {
  EXPECT_EQ(roff_escaped("a-b"), "a\\-b");
  EXPECT_EQ(roff_escaped(R"(C:\x)"), R"(C:\ex)");
  EXPECT_EQ(roff_escaped(".TH\n'x\nv1.2"), "\\&.TH\n\\&\\(aqx\nv1.2");
}

TEST(ManPageTest, OptionsCarryTypeAndDefault) {
  CLI::App app("All");
  app.name("drover");
  auto* command = app.add_subcommand("dance", "Dance for a while");
  int steps = 3;
  std::string where;
  command->add_option("--steps", steps, "How many")->capture_default_str();
  command->add_option("where", where, "The floor")->required();
  command->add_option("--secret", where, "For the build")->group("");
  const auto page = man_page(*command, kPage);
  EXPECT_THAT(page, HasSubstr("drover\\-dance \\- Dance for a while\n"));
  EXPECT_THAT(page, HasSubstr("\\fBdrover dance\\fR [\\fIoptions\\fR] \\fIwhere\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-steps\\fR \\fIINT\\fR\nHow many (default 3)\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBwhere\\fR\nThe floor\n"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

TEST(ManPageTest, FootersAreTakenApart) {
  CLI::App app("All");
  app.name("drover");
  app.footer(
      "First line\nsecond line.\n\nExit codes: 0 good,\n1 bad.\n\nExamples:\n  drover dance -x\n\n"
      "Something long enough to be no heading, and then\n  verbatim");
  const auto page = man_page(app, kPage);
  EXPECT_THAT(page, AllOf(HasSubstr(".PP\nFirst line second line.\n"),
                          HasSubstr(".SH EXIT STATUS\n0 good, 1 bad.\n"),
                          HasSubstr(".SH EXAMPLES\n.PP\n.nf\n.RS 2\ndrover dance \\-x\n.RE\n.fi\n"),
                          HasSubstr("and then\n.PP\n.nf\n.RS 2\nverbatim\n")));
}

TEST(ManPageTest, TopicsAreShownAsTheyStand) {
  CLI::App app("All");
  EXPECT_THAT(man_page(app, kPage),
              HasSubstr(".SH STEPS\n.SS walk\n.nf\nOne foot\n  .then the other\n.fi\n"));
}

TEST(ManPageTest, CommandsBelowACommandStandOnItsPage) {
  CLI::App app("All");
  app.name("drover");
  auto* log = app.add_subcommand("log", "Look at logs");
  log->footer("Said once.");  // CLI11 hands it down
  auto* dump = log->add_subcommand("dump", "Print every txn");
  bool json = false;
  dump->add_flag("--json", json, "For programs");
  EXPECT_THAT(man_page(app, kPage),
              AllOf(HasSubstr(".TP\n\\fBlog\\fR\nLook at logs\n"), Not(HasSubstr("dump"))));
  EXPECT_THAT(man_page(*log, kPage), AllOf(HasSubstr(".SS drover log dump\n"),
                                           HasSubstr("\\fB\\-\\-json\\fR\nFor programs")));
}

}  // namespace
}  // namespace drover::cli
