// The changes of a node, read from the logs by a thread of its own.

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/array.hpp>

#include "admin/console_json.h"
#include "server/console.h"
#include "server/console_history.h"

namespace drover::server {

namespace asio = boost::asio;
namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;

namespace {

// One is read, so many wait; more are told to come again.
constexpr int kWaitingMax = 4;

// Who asks, and what the tree said of the node then.
struct Asked {
  txn::Identities ids;
  bool everything = false;  // all permissions on /
  bool exists = false;      // then who asks may read it
  Stat stat;
};

// Data is shown to who could have read it: by the ACL that the node had then, not by the one it has
// now, which whoever came later may have opened. `same_acl`: from where on it is certain to be the
// present one.
bool may_see_data(const Console& console, const Asked& asked, const NodeChange& change,
                  std::optional<wire::Zxid> same_acl) {
  if (asked.everything) return true;
  if (change.acl) {
    return txn::allowed(console.auth(), change.acl.get(), perms::kRead, *asked.ids);
  }
  return same_acl && change.zxid >= *same_acl;
}

// An ACL that was never set since the node was made, or not by what was read, when that reaches to
// this day.
std::optional<wire::Zxid> same_acl_since(const Asked& asked, const NodeHistory& history,
                                         bool to_this_day) {
  const bool same = asked.stat.aversion == 0 || (to_this_day && !history.acl_was_told);
  if (!asked.exists || !same) return std::nullopt;
  return wire::Zxid(asked.stat.czxid);
}

json::object history_json(const Console& console, const Asked& asked, const NodeHistory& history,
                          bool to_this_day) {
  const auto same_acl = same_acl_since(asked, history, to_this_day);
  json::array changes;
  for (auto change = history.changes.rbegin(); change != history.changes.rend(); ++change) {
    json::object row{{"zxid", admin::hex_text(change->zxid.value)},
                     {"time", change->time_ms},
                     {"session", admin::hex_text(change->session)},
                     {"op", change->op},
                     {"version", change->version},
                     {"data", nullptr}};
    if (change->data && may_see_data(console, asked, *change, same_acl))
      row["data"] = admin::base64_text(*change->data);
    changes.push_back(std::move(row));
  }
  json::value back = nullptr;
  if (history.reaches_back_to) {
    back = json::object{{"zxid", admin::hex_text(history.reaches_back_to->first.value)},
                        {"time", history.reaches_back_to->second}};
  }
  return {
      {"changes", std::move(changes)}, {"reaches_back_to", back}, {"complete", history.complete}};
}

class Historians {
 public:
  explicit Historians(ConsolePtr console) : console_(std::move(console)) {}
  ~Historians() {
    give_up_.store(true, std::memory_order_relaxed);
    pool_.join();
  }

  void ask(const HttpRequest& request, const HttpReply& reply) {
    HistoryRequest wanted{.log_dir = console_->from.log_dir,
                          .length_max = console_->from.length_max,
                          .path = {},
                          .before = wire::Zxid(INT64_MAX),
                          .committed = {}};
    const auto path = path_argument(request, reply);
    if (!path) return;
    wanted.path = *path;
    const auto limit = number_argument(request, reply, "limit", 100, 1, 1000);
    if (!limit) return;
    wanted.limit = static_cast<std::size_t>(*limit);
    if (const auto before = request.parameter("before")) {
      const auto zxid = admin::parse_hex(*before);
      if (!zxid) return reply(bad_argument("`before` is a zxid, 0x..."));
      wanted.before = wire::Zxid(*zxid);
    }
    const auto who = who_asks(*console_, request, reply);
    if (!who) return;
    Asked asked{.ids = *who, .stat = {}};
    bool readable = false;
    const bool served = console_->from.lane.read([&](const tree::Tree& tree) {
      wanted.committed = tree.last_zxid();
      asked.everything = may_everything(tree, *asked.ids);
      const tree::NodeId node = tree.find(wanted.path);
      asked.exists = node != tree::kNoNode;
      if (!asked.exists) return;
      readable = console_->may(tree, node, perms::kRead, *asked.ids);
      asked.stat = tree.stat(node);
    });
    if (!served) return reply(not_served());
    if (asked.exists ? !readable : !asked.everything)
      return reply(console_error(asked.exists ? ErrorCode::kNoAuth : ErrorCode::kNoNode, "history",
                                 wanted.path));
    read(std::move(wanted), std::move(asked), reply);
  }

 private:
  [[nodiscard]] bool may_everything(const tree::Tree& tree, const std::vector<Id>& ids) const {
    for (const auto one :
         {perms::kRead, perms::kWrite, perms::kCreate, perms::kDelete, perms::kAdmin}) {
      if (!console_->may(tree, tree.find("/"), one, ids)) return false;
    }
    return true;
  }

  void read(HistoryRequest wanted, Asked asked, const HttpReply& reply) {
    if (waiting_ == kWaitingMax) {
      return reply(console_error(503, error_name(ErrorCode::kThrottledOp),
                                 "others read the logs already: ask again in a moment"));
    }
    ++waiting_;
    const bool to_this_day = wanted.before.value == INT64_MAX;
    asio::post(
        pool_, [this, to_this_day, wanted = std::move(wanted), asked = std::move(asked), reply] {
          auto history = read_history(console_->from.files, wanted, give_up_);
          asio::post(console_->context(), [this, to_this_day, history = std::move(history), asked,
                                           reply] {
            --waiting_;
            if (history)
              return reply(json_answer(history_json(*console_, asked, *history, to_this_day)));
            reply(console_error(500, error_name(ErrorCode::kSystemError), history.error().message));
          });
        });
  }

  ConsolePtr console_;
  int waiting_ = 0;  // asked and not answered
  std::atomic<bool> give_up_{false};
  asio::thread_pool pool_{1};
};

}  // namespace

void add_history_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  auto historians = std::make_shared<Historians>(console);
  add_row(routes,
          {"history",
           "The changes of one znode that the txn logs still hold, newest first",
           {"path!", "limit", "before"}},
          [historians](const HttpRequest& request, const HttpReply& reply) {
            historians->ask(request, reply);
          });
}

}  // namespace drover::server
