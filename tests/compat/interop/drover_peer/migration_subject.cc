// Migrations: `migrate` runs the set `id`, a list of lists of operations.

#include <drover/recipes/migrations.h>

#include "client_subject.h"
#include "subjects.h"

namespace peer {

namespace json = boost::json;

namespace {

class MigrationSubject : public Subject {
 public:
  explicit MigrationSubject(const Making& making)
      : migrations_(making.client, making.request.text("lock_path"),
                    making.request.text("meta_path")) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op != "migrate") throw no_such_op(op);
    std::vector<drover::Migration> all;
    for (const json::value& each : request.at("migrations").as_array()) {
      all.push_back(to_transaction(each));
    }
    const int applied = drover::value_or_throw(migrations_.migrate(
        request.text("id"), std::move(all), std::chrono::seconds(10), drover::block));
    return applied;
  }

 private:
  drover::Migrations migrations_;
};

}  // namespace

Made make_migration(const Making& making) {
  return std::make_shared<MigrationSubject>(making);
}

}  // namespace peer
