#pragma once
// The grammar of zoo.cfg: Java properties, with the line each key
// stood on.

#include <drover/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace drover::server {

struct Property {
  std::string key;  // unescaped, trimmed
  std::string value;
  int line = 0;  // where it began, from 1
};

// In file order; a key that stands twice is there twice, and the last one counts. Errors: `<line>:
// what`.
Result<std::vector<Property>> parse_properties(std::string_view text);

}  // namespace drover::server
