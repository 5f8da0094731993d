// Goal: identities, access and ACL fix-up exactly as ZooKeeper's providers decide them.

#include "txn/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "txn/ip_address.h"

namespace drover::txn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::AclView;

const Id kWorld{"world", "anyone"};
const Id kIp{"ip", "10.1.2.3"};
const Id kUser{"digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="};
const Id kSuper{"super", ""};

// ---- digest

TEST(DigestIdTest, KnownUsers) {
  EXPECT_EQ(digest_id("u:p", "SHA1"), "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=");
  EXPECT_EQ(digest_id("super:test", "SHA1"), "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
}

TEST(DigestIdTest, AcceptsTextWithoutAColonAndEmptyText) {
  EXPECT_EQ(digest_id("", "SHA1"), ":2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  EXPECT_EQ(digest_id("blah", "SHA1"), "blah:W/H9kn37hnlJai5s8Ay+UMHIcUU=");
}

TEST(DigestIdTest, UserEndsAtTheFirstColonTheHashCoversAll) {
  EXPECT_TRUE(digest_id("a:b:c", "SHA1").starts_with("a:"));
  EXPECT_NE(digest_id("a:b:c", "SHA1"), digest_id("a:b", "SHA1"));
}

TEST(DigestIdTest, OtherAlgorithms) {
  EXPECT_EQ(digest_id("u:p", "SHA-256").size(), 2u + 44u);
  EXPECT_EQ(digest_id("u:p", "SHA3-256").size(), 2u + 44u);
  EXPECT_TRUE(is_digest_algorithm("SHA-512"));
  EXPECT_FALSE(is_digest_algorithm("NOPE"));
  EXPECT_EQ(digest_id("u:p", "NOPE"), "");
}

// ---- auth packets

TEST(AuthenticateTest, DigestAddsTheUser) {
  const auto ids = authenticate({}, "digest", "u:p", "10.1.2.3");
  ASSERT_TRUE(ids);
  EXPECT_THAT(*ids, ElementsAre(kUser));
}

TEST(AuthenticateTest, SuperDigestAddsSuperToo) {
  const AuthOptions options{.super_digest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="};
  const auto ids = authenticate(options, "digest", "super:test", "");
  ASSERT_TRUE(ids);
  EXPECT_THAT(*ids, ElementsAre(kSuper, Id{"digest", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="}));
  EXPECT_EQ(authenticate(options, "digest", "super:other", "")->size(), 1u);
  EXPECT_EQ(authenticate({}, "digest", "super:test", "")->size(), 1u);
}

TEST(AuthenticateTest, IpIgnoresItsData) {
  const auto ids = authenticate({}, "ip", "none", "10.1.2.3");
  ASSERT_TRUE(ids);
  EXPECT_THAT(*ids, ElementsAre(kIp));
}

TEST(AuthenticateTest, Refused) {
  for (const wire::NullableBytes scheme :
       {wire::NullableBytes(), wire::NullableBytes(""), wire::NullableBytes("world"),
        wire::NullableBytes("sasl"), wire::NullableBytes("x509"), wire::NullableBytes("ensemble"),
        wire::NullableBytes("super"), wire::NullableBytes("auth"), wire::NullableBytes("Digest")}) {
    const auto ids = authenticate({}, scheme, "u:p", "10.1.2.3");
    ASSERT_FALSE(ids) << scheme.value_or("<null>");
    EXPECT_EQ(ids.error(), ErrorCode::kAuthFailed);
  }
  EXPECT_FALSE(authenticate({}, "digest", std::nullopt, ""));
  EXPECT_FALSE(authenticate({.digest_enabled = false}, "digest", "u:p", ""));
}

TEST(AuthenticateTest, EnsembleChecksTheNameWhenThereIsOne) {
  AuthOptions options{.ensemble_scheme = true};
  EXPECT_THAT(*authenticate(options, "ensemble", "any", ""), IsEmpty());
  options.ensemble_names = {"east", "west"};
  EXPECT_THAT(*authenticate(options, "ensemble", "west", ""), IsEmpty());
  EXPECT_THAT(*authenticate(options, "ensemble", "", ""), IsEmpty());
  EXPECT_FALSE(authenticate(options, "ensemble", "north", ""));
}

// ---- access

bool may(const AclList& acl, std::int32_t perms, std::vector<Id> ids,
         const AuthOptions& options = {}) {
  return allowed(options, &acl, perms, ids);
}

TEST(AllowedTest, OpenAndEmptyListsAdmitEveryone) {
  EXPECT_TRUE(allowed({}, nullptr, perms::kAdmin, {}));
  EXPECT_TRUE(may({}, perms::kAdmin, {}));
}

TEST(AllowedTest, WorldAdmitsForItsBits) {
  EXPECT_TRUE(may({{perms::kRead, kWorld}}, perms::kRead, {kIp}));
  EXPECT_FALSE(may({{perms::kRead, kWorld}}, perms::kWrite, {kIp}));
  EXPECT_FALSE(may({{perms::kAll, {"world", "other"}}}, perms::kRead, {kIp}));
}

TEST(AllowedTest, AnyOneOfTheBitsSuffices) {
  EXPECT_TRUE(may({{perms::kAdmin, kWorld}}, perms::kRead | perms::kAdmin, {}));
}

TEST(AllowedTest, DigestByEquality) {
  EXPECT_TRUE(may({{perms::kAll, kUser}}, perms::kRead, {kIp, kUser}));
  EXPECT_FALSE(may({{perms::kAll, kUser}}, perms::kRead, {kIp, {"digest", "u:other"}}));
  EXPECT_FALSE(may({{perms::kAll, kUser}}, perms::kRead, {{"ip", kUser.id}}));
  EXPECT_FALSE(may({{perms::kAll, kUser}}, perms::kRead, {kUser}, {.digest_enabled = false}));
}

TEST(AllowedTest, SuperAndSkipAclBypass) {
  EXPECT_TRUE(may({{perms::kRead, kUser}}, perms::kAdmin, {kSuper}));
  EXPECT_TRUE(may({{perms::kRead, kUser}}, perms::kAdmin, {}, {.skip_acl = true}));
}

TEST(AllowedTest, AnUnknownSchemeAdmitsNobody) {
  EXPECT_FALSE(may({{perms::kAll, {"nope", "x"}}}, perms::kRead, {{"nope", "x"}}));
  EXPECT_FALSE(may({{perms::kAll, {"sasl", "x"}}}, perms::kRead, {{"sasl", "x"}}));
}

bool ip_matches(const std::string& address, const std::string& acl_id) {
  return may({{perms::kAll, {"ip", acl_id}}}, perms::kRead, {{"ip", address}});
}

TEST(AllowedTest, IpByAddressAndBits) {
  EXPECT_TRUE(ip_matches("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(ip_matches("10.1.2.4", "10.1.2.3"));
  EXPECT_TRUE(ip_matches("10.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(ip_matches("10.1.2.3", "10.1.2.0/31") == false);
  EXPECT_TRUE(ip_matches("10.1.2.1", "10.1.2.0/31"));
  EXPECT_TRUE(ip_matches("200.1.1.1", "0.0.0.0/0"));
  EXPECT_FALSE(ip_matches("10.1.2.3", "::/0")) << "other family";
  EXPECT_TRUE(ip_matches("0:0:0:0:0:0:0:1", "::1"));
  EXPECT_TRUE(ip_matches("2001:db8::1", "2001:db8::/32"));
  EXPECT_FALSE(ip_matches("2001:db9::1", "2001:db8::/32"));
  EXPECT_TRUE(ip_matches("2001:dbf::1", "2001:db8::/29"));
}

TEST(IpRangeTest, Syntax) {
  for (const std::string_view good :
       {"1.2.3.4", "0.0.0.0/0", "255.255.255.255/32", "::", "::1", "1::", "1:2:3:4:5:6:7:8",
        "1:2:3::7:8", "fe80::1/64", "::/128", "::2:3"}) {
    EXPECT_TRUE(IpRange::parse(good)) << good;
  }
  for (const std::string_view bad : {"",
                                     "localhost",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "1.2.3.256",
                                     "1.2.3.-4",
                                     "1.2.3.",
                                     "1.2.3.4/33",
                                     "1.2.3.4/-1",
                                     "1.2.3.4/",
                                     "1.2.3.4/8/8",
                                     "1.2.3.4/x",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "::1::2",
                                     "12345::",
                                     "g::",
                                     "::1/129",
                                     "fe80::1%eth0",
                                     "::ffff:1.2.3.4",
                                     ":1",
                                     "1:",
                                     ":::"}) {
    EXPECT_FALSE(IpRange::parse(bad)) << bad;
  }
}

// ---- fix-up

std::expected<AclList, ErrorCode> fix(std::vector<AclView> acl, std::vector<Id> ids = {kIp},
                                      const AuthOptions& options = {}) {
  return fix_up_acl(options, acl, ids);
}
void expect_invalid(std::vector<AclView> acl, std::vector<Id> ids = {kIp}) {
  const auto fixed = fix(std::move(acl), std::move(ids));
  ASSERT_FALSE(fixed);
  EXPECT_EQ(fixed.error(), ErrorCode::kInvalidAcl);
}

TEST(FixUpAclTest, NullAndEmptyAreInvalid) {
  EXPECT_EQ(fix_up_acl({}, std::nullopt, {}).error(), ErrorCode::kInvalidAcl);
  expect_invalid({});
}

TEST(FixUpAclTest, DuplicatesKeepTheFirstInOrder) {
  const AclView a{1, "world", "anyone"}, b{2, "world", "anyone"}, c{1, "ip", "1.2.3.4"};
  EXPECT_THAT(*fix({b, a, b, c, a, c}),
              ElementsAre(Acl{2, kWorld}, Acl{1, kWorld}, Acl{1, {"ip", "1.2.3.4"}}));
}

TEST(FixUpAclTest, AuthBecomesTheAuthenticatedIdentities) {
  const Id other{"digest", "v:x"};
  for (const wire::NullableBytes id :
       {wire::NullableBytes(), wire::NullableBytes(""), wire::NullableBytes("whatever")}) {
    EXPECT_THAT(*fix({{5, "auth", id}}, {kIp, kUser, other, kSuper}),
                ElementsAre(Acl{5, kUser}, Acl{5, other}));
  }
  expect_invalid({{5, "auth", ""}}, {kIp});
  expect_invalid({{5, "auth", ""}}, {kIp, kSuper});
}

TEST(FixUpAclTest, DuplicatesMadeByExpansionAreKept) {
  EXPECT_THAT(*fix({{5, "auth", ""}, {5, "digest", kUser.id}}, {kUser}),
              ElementsAre(Acl{5, kUser}, Acl{5, kUser}));
}

TEST(FixUpAclTest, DigestIdsHaveTwoPieces) {
  for (const std::string_view good : {"a:b", ":b", "a:b:", "a:b::"}) {
    EXPECT_TRUE(fix({{1, "digest", good}})) << good;
  }
  for (const std::string_view bad : {"", "a", "a:", "a:b:c", ":", "::", ":::b"}) {
    SCOPED_TRACE(bad);
    expect_invalid({{1, "digest", bad}});
  }
}

TEST(FixUpAclTest, OtherSchemesAreInvalid) {
  expect_invalid({{1, "world", "other"}});
  expect_invalid({{1, "world", ""}});
  expect_invalid({{1, "super", ""}});
  expect_invalid({{1, "nope", "x"}});
  expect_invalid({{1, "sasl", "x"}});
  expect_invalid({{1, "x509", "CN=x"}});
  expect_invalid({{1, "ip", "localhost"}});
  expect_invalid({{1, std::nullopt, "x"}});
  expect_invalid({{1, "nope", std::nullopt}});
}

TEST(FixUpAclTest, ANullIdWhereApacheLooksIntoItIsAMarshallingError) {
  for (const std::string_view scheme : {"world", "digest", "ip"}) {
    const auto fixed = fix({{1, scheme, std::nullopt}});
    ASSERT_FALSE(fixed) << scheme;
    EXPECT_EQ(fixed.error(), ErrorCode::kMarshallingError) << scheme;
  }
}

TEST(FixUpAclTest, PermsAreStoredVerbatim) {
  EXPECT_THAT(*fix({{0, "world", "anyone"}, {-1, "world", "anyone"}, {1 << 20, "world", "anyone"}}),
              ElementsAre(Acl{0, kWorld}, Acl{-1, kWorld}, Acl{1 << 20, kWorld}));
}

TEST(FixUpAclTest, ExpansionIsBounded) {
  std::vector<AclView> acl;
  for (std::int32_t perms = 0; perms < 20000; ++perms) acl.push_back({perms, "auth", ""});
  std::vector<Id> ids;
  for (int user = 0; user < 100; ++user)
    ids.push_back({"digest", "user" + std::to_string(user) + ":x"});
  expect_invalid(acl, ids);
}

TEST(DisplayUserTest, ByScheme) {
  EXPECT_EQ(display_user(kUser), "u");
  EXPECT_EQ(display_user(kIp), "10.1.2.3");
  EXPECT_EQ(display_user({"sasl", "bob@R"}), "bob@R");
  EXPECT_EQ(display_user(kSuper), "");
}

}  // namespace
}  // namespace drover::txn
