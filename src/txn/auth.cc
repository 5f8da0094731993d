#include "txn/auth.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "txn/ip_address.h"

namespace drover::txn {

namespace {

// An `auth` entry grows into one entry per identity of the connection. More than this, in bytes, no
// request could have asked for in so many words.
constexpr std::size_t kExpandedBytesMax = 1 << 20;

struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};
using Digest = std::unique_ptr<EVP_MD, FreeDigest>;

Digest find_digest(std::string_view algorithm) {
  return Digest(EVP_MD_fetch(nullptr, std::string(algorithm).c_str(), nullptr));
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// String.split(":") leaves exactly two pieces; it drops empty ones at the end.
bool is_digest_id(std::string_view id) {
  while (id.ends_with(':')) id.remove_suffix(1);
  return std::count(id.begin(), id.end(), ':') == 1;
}

enum class Scheme { kUnknown, kDigest, kIp, kSasl, kX509, kEnsemble };

Scheme registered(const AuthOptions& options, std::string_view scheme) {
  if (scheme == "digest" && options.digest_enabled) return Scheme::kDigest;
  if (scheme == "ip") return Scheme::kIp;
  if (scheme == "sasl" && options.sasl_scheme) return Scheme::kSasl;
  if (scheme == "x509" && options.x509_scheme) return Scheme::kX509;
  if (scheme == "ensemble" && options.ensemble_scheme) return Scheme::kEnsemble;
  return Scheme::kUnknown;
}

bool matches(Scheme scheme, const Id& identity, const Id& entry) {
  switch (scheme) {
    case Scheme::kDigest:
    case Scheme::kX509:
      return identity.id == entry.id;
    case Scheme::kSasl:
      return identity.id == entry.id || identity.id == "super";
    case Scheme::kIp: {
      const auto range = IpRange::parse(entry.id);
      const auto address = IpAddress::parse(identity.id);
      return range && address && range->contains(*address);
    }
    case Scheme::kEnsemble:
    case Scheme::kUnknown:
      return false;
  }
  return false;
}

bool is_valid_id(Scheme scheme, std::string_view id) {
  switch (scheme) {
    case Scheme::kDigest:
      return is_digest_id(id);
    case Scheme::kIp:
      return IpRange::parse(id).has_value();
    case Scheme::kSasl:
    case Scheme::kX509:
      return !id.empty();
    case Scheme::kEnsemble:
    case Scheme::kUnknown:
      return false;
  }
  return false;
}

// Expands an `auth` entry; false when no identity of the connection is authenticated.
bool expand(const AuthOptions& options, std::int32_t perms, std::span<const Id> identities,
            AclList& list, std::size_t& bytes) {
  bool any = false;
  for (const Id& identity : identities) {
    const Scheme scheme = registered(options, identity.scheme);
    if (scheme == Scheme::kUnknown || scheme == Scheme::kIp) continue;
    any = true;
    bytes += identity.scheme.size() + identity.id.size() + 12;
    if (bytes > kExpandedBytesMax) return false;
    list.push_back({perms, identity});
  }
  return any;
}

// Keeps the first of equal entries. Sorting instead of comparing all pairs: a request may hold
// 60,000.
std::vector<wire::AclView> without_duplicates(const std::vector<wire::AclView>& acl) {
  if (acl.size() < 2) return acl;
  std::vector<std::size_t> order(acl.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&acl](std::size_t i) {
    return std::tie(acl[i].perms, acl[i].scheme, acl[i].id);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return key(a) != key(b) ? key(a) < key(b) : a < b;
  });
  order.erase(std::unique(order.begin(), order.end(),
                          [&](std::size_t a, std::size_t b) { return key(a) == key(b); }),
              order.end());
  std::sort(order.begin(), order.end());
  std::vector<wire::AclView> unique;
  unique.reserve(order.size());
  for (const std::size_t i : order) unique.push_back(acl[i]);
  return unique;
}

}  // namespace

bool is_digest_algorithm(std::string_view algorithm) {
  return find_digest(algorithm) != nullptr;
}

std::string digest_id(std::string_view user_and_password, std::string_view algorithm) {
  const Digest digest = find_digest(algorithm);
  std::array<char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (!digest || EVP_Digest(user_and_password.data(), user_and_password.size(),
                            reinterpret_cast<unsigned char*>(hash.data()), &size, digest.get(),
                            nullptr) != 1) {
    return {};
  }
  std::string id(user_and_password.substr(0, user_and_password.find(':')));
  return id + ':' + base64({hash.data(), size});
}

std::expected<std::vector<Id>, ErrorCode> authenticate(const AuthOptions& options,
                                                       wire::NullableBytes scheme,
                                                       wire::NullableBytes auth,
                                                       std::string_view remote_address) {
  const auto refused = std::unexpected(ErrorCode::kAuthFailed);
  if (!scheme) return refused;
  switch (registered(options, *scheme)) {
    case Scheme::kDigest: {
      if (!auth) return refused;
      const std::string id = digest_id(*auth, options.digest_algorithm);
      if (id.empty()) return refused;
      std::vector<Id> identities;
      if (id == options.super_digest) identities.push_back({"super", ""});
      identities.push_back({"digest", id});
      return identities;
    }
    case Scheme::kIp:
      return std::vector<Id>{{"ip", std::string(remote_address)}};
    case Scheme::kEnsemble: {
      const auto& names = options.ensemble_names;
      if (names.empty() || !auth || auth->empty()) return std::vector<Id>{};
      if (std::find(names.begin(), names.end(), *auth) == names.end()) return refused;
      return std::vector<Id>{};
    }
    case Scheme::kSasl:
    case Scheme::kX509:
    case Scheme::kUnknown:
      return refused;
  }
  return refused;
}

bool allowed(const AuthOptions& options, const AclList* acl, std::int32_t perms,
             std::span<const Id> identities) {
  if (acl == nullptr || acl->empty() || options.skip_acl) return true;
  for (const Id& identity : identities) {
    if (identity.scheme == "super") return true;
  }
  for (const Acl& entry : *acl) {
    if ((entry.perms & perms) == 0) continue;
    if (entry.id.scheme == "world" && entry.id.id == "anyone") return true;
    const Scheme scheme = registered(options, entry.id.scheme);
    for (const Id& identity : identities) {
      if (identity.scheme == entry.id.scheme && matches(scheme, identity, entry.id)) return true;
    }
  }
  return false;
}

std::expected<AclList, ErrorCode> fix_up_acl(const AuthOptions& options,
                                             const std::optional<std::vector<wire::AclView>>& acl,
                                             std::span<const Id> identities) {
  const auto invalid = std::unexpected(ErrorCode::kInvalidAcl);
  if (!acl || acl->empty()) return invalid;
  AclList list;
  std::size_t expanded_bytes = 0;
  for (const wire::AclView& entry : without_duplicates(*acl)) {
    if (!entry.scheme) return invalid;
    if (*entry.scheme == "auth") {
      if (!expand(options, entry.perms, identities, list, expanded_bytes)) return invalid;
      continue;
    }
    const Scheme scheme = registered(options, *entry.scheme);
    // Apache trips over a null id where it looks into one.
    if (!entry.id && (*entry.scheme == "world" || scheme != Scheme::kUnknown)) {
      return std::unexpected(ErrorCode::kMarshallingError);
    }
    const bool anyone = *entry.scheme == "world" && *entry.id == "anyone";
    if (!anyone && (scheme == Scheme::kUnknown || !is_valid_id(scheme, *entry.id))) return invalid;
    list.push_back({entry.perms, {std::string(*entry.scheme), std::string(*entry.id)}});
  }
  return list;
}

std::string display_user(const Id& id) {
  if (id.scheme == "digest") return id.id.substr(0, id.id.find(':'));
  if (id.scheme == "ip" || id.scheme == "sasl" || id.scheme == "x509") return id.id;
  return {};
}

}  // namespace drover::txn
