#include <drover/recipes/migrations.h>
#include <drover/recipes/semaphore_mutex.h>
#include <fmt/format.h>

#include <algorithm>

#include "recipes/sha256.h"

namespace drover {

using boost::asio::awaitable;

namespace {

using Operation = Transaction::Operation;

// A request's numbers (ZooDefs.OpCode).
int op_code(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kCheck:
      return 13;
    case Operation::Kind::kSet:
      return 5;
    case Operation::Kind::kRemove:
      return 2;
    case Operation::Kind::kCreate:
      break;
  }
  if (has_ttl(operation.mode)) return 21;
  return operation.mode == CreateMode::kContainer ? 19 : 1;
}

// Text and bytes as jute's records print them.
std::string record_text(std::string_view text) {
  std::string printed = "'";
  for (const char c : text) {
    if (std::string_view("\n\r,}%").contains(c) || c == '\0') {
      printed += fmt::format("%{:02X}", static_cast<int>(c));
    } else {
      printed += c;
    }
  }
  return printed;
}

std::string record_data(const Bytes& data) {
  std::string printed = "#";
  for (const std::byte byte : data) printed += fmt::format("{:02x}", static_cast<int>(byte));
  return printed;
}

std::string record_acls(const std::optional<AclList>& acls) {
  const AclList list = acls.value_or(AclList{{perms::kAll, {"world", "anyone"}}});
  std::string printed;
  for (const Acl& acl : list) {
    if (!printed.empty()) printed += ',';
    printed += fmt::format("s{{{},s{{{},{}}}}}", acl.perms, record_text(acl.id.scheme),
                           record_text(acl.id.id));
  }
  return "v{" + printed + "}";
}

std::string record(const Operation& operation) {
  const std::string path = record_text(operation.path);
  switch (operation.kind) {
    case Operation::Kind::kCreate: {
      const std::string ttl =
          has_ttl(operation.mode) ? fmt::format(",{}", operation.ttl.count()) : "";
      return fmt::format("{},{},{},{}{}\n", path, record_data(operation.data),
                         record_acls(operation.acls), static_cast<int>(operation.mode), ttl);
    }
    case Operation::Kind::kSet:
      return fmt::format("{},{},{}\n", path, record_data(operation.data), operation.version);
    case Operation::Kind::kCheck:
    case Operation::Kind::kRemove:
      break;
  }
  return fmt::format("{},{}\n", path, operation.version);
}

void append(Transaction& all, const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kCheck:
      all.check(operation.path, operation.version);
      break;
    case Operation::Kind::kSet:
      all.set(operation.path, operation.data,
              {.version = operation.version, .compress = operation.compress});
      break;
    case Operation::Kind::kRemove:
      all.remove(operation.path, operation.version);
      break;
    case Operation::Kind::kCreate: {
      CreateOptions options{
          .mode = operation.mode, .ttl = operation.ttl, .compress = operation.compress};
      if (operation.acls) options.acls = *operation.acls;
      all.create(operation.path, operation.data, options);
      break;
    }
  }
}

Error inconsistent(const std::string& meta_path, const std::string& why) {
  return {ErrorCode::kDataInconsistency, "migrations of " + meta_path + ": " + why, meta_path};
}

// The hashes of what was applied, in order.
awaitable<Result<std::vector<Bytes>>> read_applied(Client client, std::string meta_path) {
  std::vector<Bytes> applied;
  auto listing = co_await client.children(meta_path);
  if (!listing) co_return std::unexpected(std::move(listing.error()));
  std::ranges::sort(listing->names);
  for (const std::string& name : listing->names) {
    auto node = co_await client.get(detail::child_path(meta_path, name));
    if (!node) co_return std::unexpected(std::move(node.error()));
    applied.push_back(std::move(node->data));
  }
  co_return applied;
}

}  // namespace

Bytes migration_hash(const Migration& migration) {
  std::string text;
  for (const Operation& operation : migration.operations()) {
    text += operation.path + std::to_string(op_code(operation)) + record(operation);
  }
  Bytes hash;
  for (const std::uint8_t byte : recipes::sha256(text)) hash.push_back(std::byte{byte});
  return hash;
}

awaitable<Result<int>> Migrations::do_migrate(Client client, std::string lock_path,
                                              std::string meta_path,
                                              std::vector<Migration> migrations,
                                              std::chrono::milliseconds at_most) {
  SemaphoreMutex mutex(client, lock_path);
  auto hold = co_await mutex.acquire(at_most);
  if (!hold) co_return std::unexpected(std::move(hold.error()));
  auto made = co_await client.ensure_path(meta_path);
  if (!made) co_return std::unexpected(std::move(made.error()));
  auto applied = co_await read_applied(client, meta_path);
  if (!applied) co_return std::unexpected(std::move(applied.error()));
  if (applied->size() > migrations.size()) {
    co_return std::unexpected(inconsistent(meta_path, "more were applied than are given"));
  }
  Transaction missing;
  int count = 0;
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    const Bytes hash = migration_hash(migrations[i]);
    if (i < applied->size()) {
      if ((*applied)[i] == hash) continue;
      co_return std::unexpected(
          inconsistent(meta_path, "number " + std::to_string(i) + " is not what was applied"));
    }
    for (const Operation& operation : migrations[i].operations()) append(missing, operation);
    missing.create(detail::child_path(meta_path, "meta-"), hash,
                   {.mode = CreateMode::kPersistentSequential});
    ++count;
  }
  auto done = co_await client.commit(std::move(missing));
  if (!done) co_return std::unexpected(std::move(done.error()));
  co_return count;
}

}  // namespace drover
