// What export writes, import reads; anything else is refused with its line.

#include "shell/subtree_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace drover::shell {
namespace {

using testing::HasSubstr;

const AclList kOpen{{perms::kAll, {"world", "anyone"}}};

std::string problem_of(const std::string& text) {
  std::istringstream file(text);
  const auto read =
      read_subtree(file, [](SubtreeNode) { return std::expected<void, std::string>(); });
  return read ? "none" : read.error();
}

const std::string kHeader = subtree_header("/a");
const std::string kRoot = subtree_line({.path = "", .data = "x", .acl = kOpen});

TEST(SubtreeFileTest, KeepsEveryByteAndAcl) {
  std::string bytes(256, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  const std::vector<SubtreeNode> written{
      {.path = "", .data = std::nullopt, .acl = kOpen},
      {.path = "/b c", .data = bytes, .acl = {{perms::kRead, {"digest", "u:h="}}}},
      {.path = "/b c/\xc3\xa4", .data = "", .acl = kOpen, .is_ephemeral = true},
      {.path = "/t", .data = "x", .acl = kOpen}};
  std::stringstream file;
  file << subtree_header("/a");
  for (const auto& node : written) file << subtree_line(node);
  file << subtree_trailer(written.size());
  std::size_t i = 0;
  const auto root = read_subtree(file, [&](SubtreeNode node) -> std::expected<void, std::string> {
    EXPECT_EQ(node.path, written[i].path);
    EXPECT_EQ(node.data, written[i].data);
    EXPECT_EQ(node.acl, written[i].acl);
    EXPECT_EQ(node.is_ephemeral, written[i].is_ephemeral);
    ++i;
    return {};
  });
  EXPECT_EQ(root, "/a");
  EXPECT_EQ(i, written.size());
}

TEST(SubtreeFileTest, RefusesWhatIsNotWholeWithTheLine) {
  EXPECT_EQ(problem_of(""), "the file is empty");
  EXPECT_THAT(problem_of("nonsense"), HasSubstr("line 1: not JSON"));
  EXPECT_EQ(problem_of("{}"), "line 1: this is no file that `export` wrote");
  EXPECT_EQ(problem_of("{\"drover-subtree\":7}"), "line 1: version 7 of the format is not known");
  EXPECT_THAT(problem_of(kHeader + kRoot), HasSubstr("ends early"));
  EXPECT_EQ(problem_of(kHeader + kRoot + subtree_trailer(2)),
            "line 3: it counts 2 znodes, but 1 are there");
  EXPECT_THAT(problem_of(kHeader + kRoot + kRoot), HasSubstr("line 3: path \"\""));
  EXPECT_EQ(problem_of(kHeader + kRoot + subtree_line({.path = "/x/y", .data = {}, .acl = kOpen})),
            "line 3: path \"/x/y\" comes before its parent");
  EXPECT_EQ(problem_of(kHeader + "{\"path\":\"\",\"data\":\"?\"}\n"),
            "line 2: \"data\" is not base64");
  EXPECT_EQ(problem_of(kHeader + "{\"path\":\"\",\"data\":null}\n"),
            "line 2: \"acl\" is not a list");
  EXPECT_EQ(problem_of(kHeader + "{\"path\":\"\",\"acl\":[]}\n"), "line 2: \"acl\" is empty");
  EXPECT_EQ(
      problem_of(kHeader +
                 "{\"path\":\"\",\"acl\":[{\"scheme\":\"a\",\"id\":\"b\",\"perms\":\"z\"}]}\n"),
      "line 2: perms \"z\": use of cdrwa");
  EXPECT_EQ(problem_of(kHeader + kRoot + subtree_trailer(1)), "none");
}

}  // namespace
}  // namespace drover::shell
