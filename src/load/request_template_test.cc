// A patched frame equals one that was encoded for its path from the start.
#include "load/request_template.h"

#include <gtest/gtest.h>

#include "wire/client_records.h"

namespace drover::load {
namespace {

TEST(RequestTemplateTest, NodePathsArePatchedInPlace) {
  const BenchTree tree{.root = "/bench"};
  const RequestTemplate get(wire::OpCode::kGetData, path_watch_record(tree.node(0), true),
                            tree.node(0));
  base::ByteBuffer out;
  for (const std::uint32_t index : {0u, 7u, 999u, 1000u, 123'456'789u}) {
    out.clear();
    get.append_to(out, 42, index);
    wire::JuteReader in(out.view());
    EXPECT_EQ(in.read_int(), static_cast<std::int32_t>(out.size() - 4));
    const auto header = wire::RequestHeader::decode(in);
    EXPECT_EQ(header.xid, 42);
    EXPECT_EQ(header.op, wire::OpCode::kGetData);
    const auto record = wire::PathWatchRequest::decode(in);
    EXPECT_EQ(record.path, tree.node(index));
    EXPECT_TRUE(record.watch);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_EQ(BenchTree::index_of(*record.path), index);
  }
}

TEST(RequestTemplateTest, DirectoryPathsToo) {
  const BenchTree tree{.root = "/bench"};
  const RequestTemplate remove(wire::OpCode::kDelete, delete_record(tree.directory(0)),
                               tree.directory(0));
  base::ByteBuffer out;
  remove.append_to(out, 1, 12'345);
  wire::JuteReader in(out.view().substr(12));
  EXPECT_EQ(wire::PathVersionRequest::decode(in).path, tree.directory(12'345));
}

}  // namespace
}  // namespace drover::load
