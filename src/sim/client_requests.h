#pragma once
// The bodies of what the simulator's clients ask.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/client_records.h"

namespace drover::sim {

struct MultiOp {
  wire::OpCode op = wire::OpCode::kError;
  std::string body;
};

std::string path_body(std::string_view path);
std::string get_data_body(std::string_view path, bool watch);
std::string set_data_body(std::string_view path, std::string_view data);
// `flags`: of CreateMode; everyone may do everything.
std::string create_body(std::string_view path, std::string_view data, std::int32_t flags);
std::string path_version_body(std::string_view path, std::int32_t version);  // delete, check
std::string add_watch_body(std::string_view path, bool recursive);
std::string multi_body(const std::vector<MultiOp>& ops);

// A multi's answer: nullopt when it was refused, else the mzxid of each setData in it.
std::optional<std::vector<wire::Zxid>> decode_multi_answer(std::string_view body);

}  // namespace drover::sim
