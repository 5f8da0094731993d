#include <drover/transaction.h>

namespace drover {

Transaction& Transaction::create(std::string path, BytesView data, const CreateOptions& options) {
  const bool is_more =
      options.parents != Parents::kNone || options.protect || options.exists != OnExists::kFail;
  if (is_more && refused_operation_ < 0) {
    refused_operation_ = static_cast<std::int32_t>(operations_.size());
  }
  return add({.kind = Operation::Kind::kCreate,
              .path = std::move(path),
              .data = Bytes(data.begin(), data.end()),
              .mode = options.mode,
              .acls = options.acls ? std::optional<AclList>(
                                         AclList(options.acls->begin(), options.acls->end()))
                                   : std::nullopt,
              .ttl = options.ttl,
              .compress = options.compress});
}

Transaction& Transaction::set(std::string path, BytesView data, const SetOptions& options) {
  if (options.accept_identical && refused_operation_ < 0) {
    refused_operation_ = static_cast<std::int32_t>(operations_.size());
  }
  return add({.kind = Operation::Kind::kSet,
              .path = std::move(path),
              .data = Bytes(data.begin(), data.end()),
              .version = options.version,
              .compress = options.compress});
}

}  // namespace drover
