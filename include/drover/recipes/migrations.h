#pragma once
// Changes of the tree that belong to a program's version, each applied once for all: Curator's
// MigrationManager (curator-x-async).
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `<lock path>/<set id>` | a SemaphoreMutex | |
// | `<meta path>/<set id>/meta-<seq>`, one for each migration, in order | persistent sequential |
// SHA-256 of the migration |
//
// ## Guarantees
// * A migration is applied once, whoever runs the set and how often; all that are missing are
//   applied in one transaction, with their records.
// * A set that does not begin with what was applied before is refused (kDataInconsistency), and
//   nothing is done.
//
// ## Does not guarantee
// * More than a transaction can hold: the server's jute.maxbuffer.
// * The same hash as Curator's for a create without data: Curator writes the host's address then,
//   so that it differs from host to host. Always give data.
//
// ## Example
//     drover::Transaction first;
//     first.create("/app", drover::as_bytes("1")).create("/app/users", drover::as_bytes(""));
//     drover::Migrations migrations(client, "/locks", "/meta");
//     co_await migrations.migrate("users", {first});

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace drover {

// A migration is what it does. Paths are hashed as they stand here.
using Migration = Transaction;

// SHA-256 over path, number and request of each operation; 32 bytes.
[[nodiscard]] Bytes migration_hash(const Migration& migration);

// Thread-safe.
class Migrations {
 public:
  Migrations(Client client, std::string lock_path, std::string meta_path)
      : client_(std::move(client)),
        lock_path_(std::move(lock_path)),
        meta_path_(std::move(meta_path)) {}

  // Applies what of `migrations` was not applied before. Result<int>: how many that were. Errors:
  // kTimedOut (others held the lock for `at_most`), kDataInconsistency, and those of the
  // operations.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto migrate(const std::string& set_id, std::vector<Migration> migrations,
                             std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    auto patience =
        std::make_shared<detail::Patience>(client_, kForever, "migrate " + set_id, meta_path_);
    return detail::run_recipe<int>(
        patience, token,
        [client = client_, lock = detail::child_path(lock_path_, set_id),
         meta = detail::child_path(meta_path_, set_id), migrations = std::move(migrations),
         at_most] { return do_migrate(client, lock, meta, migrations, at_most); });
  }

 private:
  static boost::asio::awaitable<Result<int>> do_migrate(Client client, std::string lock_path,
                                                        std::string meta_path,
                                                        std::vector<Migration> migrations,
                                                        std::chrono::milliseconds at_most);

  Client client_;
  std::string lock_path_;
  std::string meta_path_;
};

}  // namespace drover
