#pragma once
// How the JVM writes things, for the modes of our tools that stand in for Apache's: dates, hex,
// jute's CSV, and the order in which a HashMap gives its keys.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "file_tools/log_record.h"

namespace drover::file_tools {

// DateFormat SHORT, LONG, of an English locale: 11/21/26, 7:49:31 PM UTC. Local time zone.
[[nodiscard]] std::string java_short_date(std::int64_t ms);
// Date.toString: Sat Nov 21 19:49:32 UTC 2026.
[[nodiscard]] std::string java_date(std::int64_t ms);
// %#016x: 0x and at least 14 digits.
[[nodiscard]] std::string java_hex(std::int64_t value);

// Record.toString of a txn as TxnLogToolkit prints it behind the op's name.
[[nodiscard]] std::string java_record_text(wire::OpCode type, std::string_view body);
// TraceFormatter.op2String of 3.9.
[[nodiscard]] std::string java_op_name(wire::OpCode type);

// String.hashCode and Long.hashCode.
[[nodiscard]] std::int32_t java_hash(std::string_view utf8);
[[nodiscard]] std::int32_t java_hash(std::int64_t value);
// Places of a HashMap's keys in iteration order, from their hash codes in order of insertion into
// an empty map of that capacity. (Buckets so full that they become trees are not modelled.)
[[nodiscard]] std::vector<std::size_t> java_hash_order(const std::vector<std::int32_t>& hashes,
                                                       std::size_t capacity);

// Integer.parseInt and Long.decode. nullopt: NumberFormatException.
[[nodiscard]] std::optional<std::int32_t> java_int(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> java_long_decode(std::string_view text);

}  // namespace drover::file_tools
