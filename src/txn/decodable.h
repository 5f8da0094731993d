#pragma once
// Whether the record of a write can be read at all. A learner asks before it sends a request on:
// Apache's leader, from 3.9.0, makes a txn with a zxid that is used already when it cannot decode
// one, and no write commits after that.

#include <drover/error_code.h>

#include <string_view>

#include "wire/op_code.h"

namespace drover::txn {

// kOk, or what the client is answered. `length_max` bounds one string or buffer, bytes.
[[nodiscard]] ErrorCode check_decodable(wire::OpCode op, std::string_view body,
                                        std::int32_t length_max);

}  // namespace drover::txn
