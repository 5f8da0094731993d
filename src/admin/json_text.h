#pragma once
// JSON as Apache's AdminServer writes it: two blanks per level, ` : ` between key and value, arrays
// in one line.

#include <boost/json/value.hpp>
#include <string>

namespace drover::admin {

[[nodiscard]] std::string json_text(const boost::json::value& value);

}  // namespace drover::admin
