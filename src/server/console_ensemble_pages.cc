// The ensemble as this server sees it, and what the others say of themselves when asked.

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/array.hpp>

#include "admin/console_json.h"
#include "server/clock.h"
#include "server/console.h"
#include "server/member_poll.h"

namespace drover::server {

namespace asio = boost::asio;
namespace json = boost::json;
using net::HttpReply;
using net::HttpRequest;

namespace {

// An answer is used again for so long, so that many consoles cost the members what one does.
constexpr std::int64_t kFreshMs = 1000;

using Member = admin::ConfView::Ensemble::Member;

// What only the replica's thread knows.
struct Elections {
  std::int64_t epoch = 0;
  std::vector<Election> last;  // the newest last
};

template <typename Value>
json::value or_null(const std::optional<Value>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

std::string quorum_host(const Member& member) {
  return member.quorum.substr(0, member.quorum.rfind(':'));
}

// host and port of a client address; `0.0.0.0` is where it listens, not where it is. A member whose
// line names none is taken to use the same port as we do, where its host is not ours.
std::optional<std::pair<std::string, std::string>> client_endpoint(const Member& member,
                                                                   const admin::ConfView& conf) {
  const auto colon = member.client.rfind(':');
  std::string host, port;
  if (colon == std::string::npos) {
    const auto self = std::ranges::find(conf.ensemble->members, conf.server_id, &Member::sid);
    const bool is_self = member.sid == conf.server_id;
    if (!is_self &&
        (self == conf.ensemble->members.end() || quorum_host(*self) == quorum_host(member))) {
      return std::nullopt;
    }
    host = quorum_host(member);
    port = std::to_string(conf.client_port);
  } else {
    host = member.client.substr(0, colon);
    port = member.client.substr(colon + 1);
  }
  if (host == "0.0.0.0" || host == "[::]" || host == "::" || host.empty()) {
    host = quorum_host(member);
  }
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::pair(std::move(host), std::move(port));
}

std::string joined(const std::pair<std::string, std::string>& endpoint) {
  const bool v6 = endpoint.first.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.first + "]" : endpoint.first) + ":" + endpoint.second;
}

// One round: our own view, then every member's answer, then the page.
class Round : public std::enable_shared_from_this<Round> {
 public:
  Round(ConsolePtr console, std::function<void(net::HttpResponse)> done)
      : console_(std::move(console)), done_(std::move(done)) {}

  void begin() {
    with_view(console_->from.pages, {.learners = true},
              [self = shared_from_this()](std::optional<admin::StatusView> view) {
                if (!view) {
                  return self->done_(
                      console_error(503, error_name(ErrorCode::kOperationTimeout),
                                    "a thread that serves clients did not answer in time"));
                }
                self->view_ = std::move(*view);
                self->ask_replica();
              });
  }

 private:
  void ask_replica() {
    if (console_->from.peer == nullptr) return make();
    asio::post(console_->from.pages.replica_reactor.context(), [self = shared_from_this()] {
      PeerRunner& peer = *self->console_->from.peer;
      Elections elections{.epoch = peer.peer().view().epoch,
                          .last = {peer.elections().begin(), peer.elections().end()}};
      asio::post(self->console_->context(), [self, elections = std::move(elections)]() mutable {
        self->elections_ = std::move(elections);
        self->ask_members();
      });
    });
  }

  void ask_members() {
    const auto& members = view_.conf.ensemble->members;
    polled_.resize(members.size());
    missing_ = 1;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].sid == view_.conf.server_id) continue;
      const auto endpoint = client_endpoint(members[i], view_.conf);
      if (!endpoint) {
        polled_[i].why =
            "its line in the configuration names no client port, and it shares this host";
        continue;
      }
      ++missing_;
      poll_member(console_->context(), endpoint->first, endpoint->second,
                  [self = shared_from_this(), i](MemberStatus status) {
                    self->polled_[i] = std::move(status);
                    self->one_less();
                  });
    }
    one_less();
  }
  void one_less() {
    if (--missing_ == 0) make();
  }

  [[nodiscard]] std::string self_role() const {
    if (!view_.ensemble || view_.serving) return view_.mode;
    return view_.ensemble->peer_state.substr(0, view_.ensemble->peer_state.find(' '));
  }

  [[nodiscard]] MemberStatus self_status() const {
    MemberStatus status;
    status.role = view_.serving ? view_.mode : "unknown";
    status.zxid = view_.zxid.value;
    status.connections = view_.connections_count;
    status.outstanding = view_.outstanding;
    status.latency_avg_ms = view_.latency_ms.count == 0
                                ? 0.0
                                : static_cast<double>(view_.latency_ms.sum) /
                                      static_cast<double>(view_.latency_ms.count);
    if (!view_.serving) status.why = "it looks for a leader";
    return status;
  }

  // Who does not answer may still be known: who leads, and to the one that leads, who follows.
  void add_what_we_know(const Member& member, MemberStatus& status) const {
    if (!status.role.empty() || !view_.ensemble) return;
    if (member.sid == view_.ensemble->leader_sid) status.role = "leader";
    if (!view_.ensemble->leader) return;
    for (const admin::LearnerLine& line : view_.ensemble->leader->lines) {
      if (line.sid != member.sid || !line.synced) continue;
      status.role = line.observer ? "observer" : "follower";
      if (line.last_acked.value > 0) status.zxid = line.last_acked.value;
    }
  }

  // How many txns behind the one that is farthest, within one epoch.
  [[nodiscard]] static json::value lag(const MemberStatus& status, wire::Zxid farthest) {
    if (!status.zxid || wire::Zxid(*status.zxid).epoch() != farthest.epoch()) return nullptr;
    return farthest.counter() - wire::Zxid(*status.zxid).counter();
  }

  [[nodiscard]] json::object member_json(const Member& member, const MemberStatus& status,
                                         wire::Zxid farthest) const {
    json::object object{{"id", member.sid},
                        {"role", status.role.empty() ? "unknown" : status.role},
                        {"voter", !member.observer},
                        {"address", member.quorum},
                        {"client_address", nullptr},
                        {"zxid", nullptr},
                        {"lag", lag(status, farthest)},
                        {"reachable", status.why.empty()},
                        {"connections", or_null(status.connections)},
                        {"outstanding", or_null(status.outstanding)},
                        {"latency_avg_ms", or_null(status.latency_avg_ms)}};
    if (const auto endpoint = client_endpoint(member, view_.conf))
      object["client_address"] = joined(*endpoint);
    if (status.zxid) object["zxid"] = admin::hex_text(*status.zxid);
    if (!status.why.empty()) object["why"] = status.why;
    return object;
  }

  void make() {
    json::array members, elections;
    if (view_.conf.ensemble) {
      const auto& all = view_.conf.ensemble->members;
      wire::Zxid farthest = view_.zxid;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].sid == view_.conf.server_id) polled_[i] = self_status();
        add_what_we_know(all[i], polled_[i]);
        if (polled_[i].zxid) farthest = std::max(farthest, wire::Zxid(*polled_[i].zxid));
      }
      for (std::size_t i = 0; i < all.size(); ++i) {
        members.push_back(member_json(all[i], polled_[i], farthest));
      }
    } else {
      Member alone{.sid = 0, .quorum = {}, .election = {}, .client = {}};
      alone.client = "127.0.0.1:" + std::to_string(view_.conf.client_port);
      json::object self = member_json(alone, self_status(), view_.zxid);
      self["address"] = nullptr;
      members.push_back(std::move(self));
    }
    for (const Election& election : elections_.last) {
      elections.push_back(json::object{{"at", election.at_ms},
                                       {"epoch", election.epoch},
                                       {"leader", election.leader},
                                       {"took_ms", election.took_ms}});
    }
    done_(json_answer(
        json::object{{"self", view_.conf.ensemble ? view_.conf.server_id : 0},
                     {"state", self_role()},
                     {"serving", view_.serving},
                     {"epoch", view_.conf.ensemble ? elections_.epoch : view_.zxid.epoch()},
                     {"zxid", admin::hex_text(view_.zxid.value)},
                     {"version", view_.version},
                     {"members", std::move(members)},
                     {"elections", std::move(elections)}}));
  }

  ConsolePtr console_;
  std::function<void(net::HttpResponse)> done_;
  admin::StatusView view_;
  Elections elections_;
  std::vector<MemberStatus> polled_;
  std::size_t missing_ = 0;
};

struct Cached {
  std::optional<net::HttpResponse> answer;
  std::int64_t at_ms = 0;
  std::vector<HttpReply> waiting;
};

}  // namespace

void add_ensemble_pages(net::HttpRouter& routes, const ConsolePtr& console) {
  auto cached = std::make_shared<Cached>();
  add_row(routes, {"ensemble", "The members, who leads, how far each is, the last elections"},
          [console, cached](const HttpRequest&, const HttpReply& reply) {
            if (cached->answer && now().ms() - cached->at_ms < kFreshMs)
              return reply(*cached->answer);
            cached->waiting.push_back(reply);
            if (cached->waiting.size() > 1) return;
            std::make_shared<Round>(console, [cached](const net::HttpResponse& answer) {
              cached->answer = answer;
              cached->at_ms = now().ms();
              for (const HttpReply& waiting : std::exchange(cached->waiting, {})) waiting(answer);
            })->begin();
          });
}

}  // namespace drover::server
