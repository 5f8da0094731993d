#pragma once
// Operations that happen all or not at all (ZooKeeper's multi), in the order in which they are
// listed.

#include <drover/bytes.h>
#include <drover/options.h>
#include <drover/stat.h>

#include <optional>
#include <string>
#include <vector>

namespace drover {

class Transaction {
 public:
  struct Operation {
    enum class Kind : std::uint8_t { kCheck, kCreate, kSet, kRemove };
    Kind kind = Kind::kCheck;
    std::string path;
    Bytes data{};
    std::int32_t version = kAnyVersion;
    CreateMode mode = CreateMode::kPersistent;
    std::optional<AclList> acls{};
    std::chrono::milliseconds ttl{0};
    std::optional<bool> compress{};
  };

  // Fails unless the znode is there, with this version.
  Transaction& check(std::string path, std::int32_t version = kAnyVersion) {
    return add({.kind = Operation::Kind::kCheck, .path = std::move(path), .version = version});
  }
  // Of the options: mode, acls, ttl, compress. The others need more than one request and are
  // refused with kBadArguments when the transaction is committed.
  Transaction& create(std::string path, BytesView data = {}, const CreateOptions& options = {});
  // Of the options: version, compress.
  Transaction& set(std::string path, BytesView data, const SetOptions& options = {});
  Transaction& remove(std::string path, std::int32_t version = kAnyVersion) {
    return add({.kind = Operation::Kind::kRemove, .path = std::move(path), .version = version});
  }

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
  // What cannot be part of a transaction was asked for, in which operation; -1: all is well.
  [[nodiscard]] std::int32_t refused_operation() const { return refused_operation_; }

 private:
  Transaction& add(Operation operation) {
    operations_.push_back(std::move(operation));
    return *this;
  }

  std::vector<Operation> operations_;
  std::int32_t refused_operation_ = -1;
};

// What one operation of a committed transaction did.
struct OperationResult {
  std::string path;            // as given; of a create, with the number that it got
  std::optional<Stat> stat{};  // after the operation; of a set, and of creates of some modes
};

}  // namespace drover
