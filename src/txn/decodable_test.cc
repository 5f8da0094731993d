// Which writes a learner may send on.

#include "txn/decodable.h"

#include <gtest/gtest.h>

#include "base/byte_buffer.h"
#include "wire/client_records.h"

namespace drover::txn {
namespace {

using wire::OpCode;

template <typename Record, typename... Args>
std::string bytes_of(const Record& record, Args... args) {
  base::ByteBuffer out;
  wire::JuteWriter writer(out);
  record.encode(writer, args...);
  return std::string(out.view());
}

ErrorCode check(OpCode op, std::string_view body, std::int32_t length_max = 1000) {
  return check_decodable(op, body, length_max);
}

const std::vector<wire::AclView> kOpen = {{31, "world", "anyone"}};

TEST(DecodableTest, WholeRecordsMayGo) {
  const wire::CreateRequest create{"/a", "data", kOpen, 0, -1};
  EXPECT_EQ(check(OpCode::kCreate, bytes_of(create, false)), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kCreateTtl, bytes_of(create, true)), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kDelete, bytes_of(wire::PathVersionRequest{"/a", 1})), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kSetData, bytes_of(wire::SetDataRequest{"/a", "b", -1})), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kSetAcl, bytes_of(wire::SetAclRequest{"/a", kOpen, -1})), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kCloseSession, ""), ErrorCode::kOk);
}

TEST(DecodableTest, ANullIsNotBroken) {
  const wire::CreateRequest create{std::nullopt, std::nullopt, std::nullopt, 0, -1};
  EXPECT_EQ(check(OpCode::kCreate, bytes_of(create, false)), ErrorCode::kOk);
}

TEST(DecodableTest, CutRecordsMayNot) {
  const std::string set_data = bytes_of(wire::SetDataRequest{"/a", "data", -1});
  for (std::size_t size = 0; size < set_data.size(); ++size) {
    EXPECT_EQ(check(OpCode::kSetData, std::string_view(set_data).substr(0, size)),
              ErrorCode::kMarshallingError)
        << size;
  }
}

TEST(DecodableTest, LengthsBeyondTheLimitMayNot) {
  const std::string body = bytes_of(wire::SetDataRequest{"/a", std::string(20, 'x'), -1});
  EXPECT_EQ(check(OpCode::kSetData, body, 20), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kSetData, body, 19), ErrorCode::kMarshallingError);
}

TEST(DecodableTest, AMultiMayGoUnlessApachesLeaderWouldStumble) {
  const auto multi = [](const wire::CreateRequest& create) {
    base::ByteBuffer out;
    wire::JuteWriter writer(out);
    wire::MultiHeader{OpCode::kCreate, false, -1}.encode(writer);
    create.encode(writer, false);
    wire::MultiHeader{OpCode::kError, true, -1}.encode(writer);
    return std::string(out.view());
  };
  EXPECT_EQ(check(OpCode::kMulti, multi({"/a", "", kOpen, 0, -1})), ErrorCode::kOk);
  EXPECT_EQ(check(OpCode::kMulti, "broken"), ErrorCode::kOk) << "an error txn comes of it";
  EXPECT_EQ(check(OpCode::kMulti, multi({"/a", "", std::nullopt, 0, -1})),
            ErrorCode::kMarshallingError);
}

TEST(DecodableTest, OnlyWhatClientsMayAsk) {
  EXPECT_EQ(check(OpCode::kCheck, ""), ErrorCode::kUnimplemented);
  EXPECT_EQ(check(OpCode::kDeleteContainer, ""), ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace drover::txn
