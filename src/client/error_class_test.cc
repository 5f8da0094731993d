#include <drover/error_class.h>
#include <gtest/gtest.h>

namespace drover {
namespace {

TEST(ErrorClassTest, WhatMayBeTriedAgainIsApartFromWhatIsUnknown) {
  EXPECT_EQ(error_class(ErrorCode::kOk), ErrorClass::kNone);
  EXPECT_EQ(error_class(ErrorCode::kNotSent), ErrorClass::kNotApplied);
  EXPECT_EQ(error_class(ErrorCode::kConnectionLoss), ErrorClass::kOutcomeUnknown);
  EXPECT_EQ(error_class(ErrorCode::kSessionExpired), ErrorClass::kSessionDead);
  EXPECT_EQ(error_class(ErrorCode::kNoNode), ErrorClass::kPrecondition);
  EXPECT_EQ(error_class(ErrorCode::kNoAuth), ErrorClass::kUsage);
  EXPECT_EQ(error_class(static_cast<ErrorCode>(-999)), ErrorClass::kFault);
}

TEST(ErrorClassTest, LocalCodesArePositiveAndNamed) {
  EXPECT_TRUE(is_local(ErrorCode::kNotSent));
  EXPECT_FALSE(is_local(ErrorCode::kNoNode));
  EXPECT_FALSE(is_local(ErrorCode::kOk));
  EXPECT_EQ(error_name(ErrorCode::kWouldDeadlock), "WOULDDEADLOCK");
}

}  // namespace
}  // namespace drover
