#include "load/request_template.h"

#include <fmt/format.h>

#include <cstring>

#include "base/assert.h"
#include "wire/client_records.h"

namespace drover::load {
namespace {

constexpr int kDirectoryDigits = 7;
constexpr int kNodeDigits = 10;
constexpr std::string_view kNodePrefix = "node-";

template <typename Record>
std::string encoded(const Record& record) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  if constexpr (std::is_same_v<Record, wire::CreateRequest>) {
    record.encode(out, false);
  } else {
    record.encode(out);
  }
  return std::string(bytes.view());
}

// Writes `value` in decimal so that its last digit stands before `end`.
void patch_digits(char* end, int digits, std::uint32_t value) {
  for (int i = 1; i <= digits; ++i, value /= 10) *(end - i) = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string BenchTree::directory(std::uint32_t index) const {
  return fmt::format("{}/{:07}", root, index);
}

std::string BenchTree::node(std::uint32_t index) const {
  return fmt::format("{}/{}{:010}", directory(index / kNodesPerDirectory), kNodePrefix, index);
}

std::uint32_t BenchTree::index_of(std::string_view node_path) {
  if (node_path.size() < kNodeDigits) return 0;
  std::uint32_t index = 0;
  for (const char c : node_path.substr(node_path.size() - kNodeDigits)) {
    index = index * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return index;
}

RequestTemplate::RequestTemplate(wire::OpCode op, std::string_view record,
                                 std::string_view sample) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  out.write_int(static_cast<std::int32_t>(record.size() + 8));
  wire::RequestHeader{.xid = 0, .op = op}.encode(out);
  bytes.append(record);
  frame_ = bytes.view();
  const auto at = frame_.find(sample);
  DROVER_ASSERT(at != std::string::npos, "a request template must hold its path");
  path_end_ = at + sample.size();
  const BenchTree nameless;
  if (sample.ends_with(nameless.node(0))) patch_ = Patch::kNode;
  if (sample.ends_with(nameless.directory(0))) patch_ = Patch::kDirectory;
}

void RequestTemplate::append_to(base::ByteBuffer& out, std::int32_t xid,
                                std::uint32_t index) const {
  char* frame = out.extend(frame_.size());
  std::memcpy(frame, frame_.data(), frame_.size());
  wire::store_big_endian(frame + 4, static_cast<std::uint32_t>(xid));
  char* end = frame + path_end_;
  if (patch_ == Patch::kDirectory) patch_digits(end, kDirectoryDigits, index);
  if (patch_ != Patch::kNode) return;
  patch_digits(end, kNodeDigits, index);
  patch_digits(end - kNodeDigits - kNodePrefix.size() - 1, kDirectoryDigits,
               index / BenchTree::kNodesPerDirectory);
}

std::string create_record(std::string_view path, std::string_view data) {
  return encoded(wire::CreateRequest{
      .path = path,
      .data = data,
      .acl = std::vector<wire::AclView>{{.perms = perms::kAll, .scheme = "world", .id = "anyone"}},
      .flags = 0});
}

std::string set_data_record(std::string_view path, std::string_view data) {
  return encoded(wire::SetDataRequest{.path = path, .data = data, .version = -1});
}

std::string path_watch_record(std::string_view path, bool watch) {
  return encoded(wire::PathWatchRequest{.path = path, .watch = watch});
}

std::string delete_record(std::string_view path) {
  return encoded(wire::PathVersionRequest{.path = path, .version = -1});
}

}  // namespace drover::load
