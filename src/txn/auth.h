#pragma once
// Authentication schemes and access checks. Pure functions over
// values.

#include <drover/acl.h>
#include <drover/error_code.h>

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/client_records.h"

namespace drover::txn {

struct AuthOptions {
  bool skip_acl = false;                      // skipACL=yes
  bool digest_enabled = true;                 // DigestAuthenticationProvider.enabled
  std::string digest_algorithm = "SHA1";      // DigestAuthenticationProvider.digestAlg
  std::string super_digest{};                 // "super:<base64>", empty: no super user
  std::vector<std::string> ensemble_names{};  // ensembleAuthName
  bool ensemble_scheme = false;               // registered only when configured
  bool sasl_scheme = false;
  bool x509_scheme = false;
};

// Whether digest_algorithm names one that we have ("SHA1", "SHA-256", "SHA3-256" ...).
[[nodiscard]] bool is_digest_algorithm(std::string_view algorithm);

// "user:base64(hash(user:password))"; empty when there is no such algorithm.
[[nodiscard]] std::string digest_id(std::string_view user_and_password, std::string_view algorithm);

// The identities that an auth packet adds, or the error to answer before closing (kAuthFailed).
[[nodiscard]] std::expected<std::vector<Id>, ErrorCode> authenticate(
    const AuthOptions& options, wire::NullableBytes scheme, wire::NullableBytes auth,
    std::string_view remote_address);

// True when `identities` hold any bit of `perms` by `acl` (null: open).
[[nodiscard]] bool allowed(const AuthOptions& options, const AclList* acl, std::int32_t perms,
                           std::span<const Id> identities);

// The list to store for what a client sent, or kInvalidAcl / kMarshallingError.
[[nodiscard]] std::expected<AclList, ErrorCode> fix_up_acl(
    const AuthOptions& options, const std::optional<std::vector<wire::AclView>>& acl,
    std::span<const Id> identities);

// What whoAmI shows for an identity.
[[nodiscard]] std::string display_user(const Id& id);

}  // namespace drover::txn
