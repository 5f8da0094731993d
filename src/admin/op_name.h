#pragma once
// Request.op2String's short names, what `cons` prints as lop.

#include <string_view>

#include "wire/op_code.h"

namespace drover::admin {

[[nodiscard]] std::string_view short_op_name(wire::OpCode op);

}  // namespace drover::admin
