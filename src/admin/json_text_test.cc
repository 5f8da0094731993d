// Goal: JSON text is byte for byte what Jackson's pretty printer makes for Apache.

#include "admin/json_text.h"

#include <gtest/gtest.h>

namespace drover::admin {
namespace {

namespace json = boost::json;

TEST(JsonTextTest, ObjectsAreIndentedAndArraysInline) {
  const json::value value = {{"n", 1},
                             {"list", {1, 2}},
                             {"none", json::array()},
                             {"empty", json::object()},
                             {"objects", {{{"a", 0.0}}, {{"b", 11.5}}}},
                             {"error", nullptr}};
  EXPECT_EQ(json_text(value), R"({
  "n" : 1,
  "list" : [ 1, 2 ],
  "none" : [ ],
  "empty" : { },
  "objects" : [ {
    "a" : 0.0
  }, {
    "b" : 11.5
  } ],
  "error" : null
})");
}

TEST(JsonTextTest, StringsAreEscaped) {
  EXPECT_EQ(json_text(json::value("a\"\\\n\x01")), R"("a\"\\\n\u0001")");
}

}  // namespace
}  // namespace drover::admin
