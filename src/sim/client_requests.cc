#include "sim/client_requests.h"

namespace drover::sim {

using wire::OpCode;

namespace {

template <typename Record, typename... Args>
std::string encoded(const Record& record, Args... args) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  record.encode(out, args...);
  return std::string(bytes.view());
}

}  // namespace

std::string path_body(std::string_view path) {
  base::ByteBuffer bytes;
  wire::JuteWriter(bytes).write_string(path);
  return std::string(bytes.view());
}

std::string get_data_body(std::string_view path, bool watch) {
  return encoded(wire::PathWatchRequest{path, watch});
}

std::string set_data_body(std::string_view path, std::string_view data) {
  return encoded(wire::SetDataRequest{path, data, -1});
}

std::string create_body(std::string_view path, std::string_view data, std::int32_t flags) {
  const std::vector<wire::AclView> open = {{31, "world", "anyone"}};
  return encoded(wire::CreateRequest{path, data, open, flags, -1}, false);
}

std::string path_version_body(std::string_view path, std::int32_t version) {
  return encoded(wire::PathVersionRequest{path, version});
}

std::string add_watch_body(std::string_view path, bool recursive) {
  return encoded(wire::PathModeRequest{path, recursive ? 1 : 0});
}

std::string multi_body(const std::vector<MultiOp>& ops) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  for (const MultiOp& op : ops) {
    wire::MultiHeader{.op = op.op, .done = false, .error = -1}.encode(out);
    bytes.append(op.body);
  }
  wire::MultiHeader{.op = OpCode::kError, .done = true, .error = -1}.encode(out);
  return std::string(bytes.view());
}

std::optional<std::vector<wire::Zxid>> decode_multi_answer(std::string_view body) {
  std::vector<wire::Zxid> zxids;
  wire::JuteReader in(body);
  while (true) {
    const auto header = wire::MultiHeader::decode(in);
    if (!in.ok()) return std::nullopt;
    if (header.done) return zxids;
    if (header.op == OpCode::kError) return std::nullopt;
    if (header.op == OpCode::kSetData) zxids.emplace_back(wire::decode_stat(in).mzxid);
    if (header.op == OpCode::kCreate) in.read_string();
  }
}

}  // namespace drover::sim
