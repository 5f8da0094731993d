#pragma once
// Elections of many servers on one simulated network: messages take a random while, may be lost;
// servers start, die, freeze. Every chance comes from one seed.
//
// What follows an election is played as simply as it can be: a follower looks again when its leader
// does not lead, a leader when it has no quorum of followers; a leader with a quorum starts an
// epoch.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/prng.h"
#include "zab/election.h"
#include "zab/testing.h"

namespace drover::zab::testing {

class ElectionWorld {
 public:
  struct Options {
    std::int64_t delay_ms_min = 1;
    std::int64_t delay_ms_max = 1;
    int loss_percent = 0;
    ElectionOptions election{};
  };

  ElectionWorld(EnsembleConfig config, Options options, std::uint64_t seed)
      : config_(std::move(config)), options_(options), quorum_(config_), prng_(seed) {
    for (const auto& [sid, member] : config_.members) servers_[static_cast<int>(sid.value)];
  }

  // ---- what happens to servers
  void start(int sid, History history) {
    servers_[sid].history = history;
    start(sid);
  }
  void start(int sid) {
    Server& server = servers_[sid];
    server.up = true;
    server.election = std::make_unique<Election>(ServerId(sid), config_, options_.election, log_);
    trace("{} starts", sid);
    for (auto& [other, peer] : servers_) {
      if (other == sid) continue;
      tell_reachable(sid, other, peer.up);
      if (!peer.up) continue;
      tell_reachable(other, sid, true);
      if (const auto last = last_.find({other, sid}); last != last_.end()) {
        post(other, sid, last->second);
      }
    }
    look(sid);
  }
  // Everyone who is not among `but`: those were there too, and have just died.
  void start_all(const std::set<int>& but = {}) {
    for (auto& [sid, server] : servers_) {
      if (but.contains(sid)) continue;
      server.up = true;
      server.election = std::make_unique<Election>(ServerId(sid), config_, options_.election, log_);
    }
    for (auto& [sid, server] : servers_) {
      if (!server.up) continue;
      for (const int dead : but) {
        tell_reachable(sid, dead, true);
        tell_reachable(sid, dead, false);
      }
    }
    for (auto& [sid, server] : servers_) {
      if (server.up) look(sid);
    }
  }
  // Others notice at once, unless it freezes.
  void stop(int sid, bool freezes = false) {
    servers_[sid].up = false;
    servers_[sid].election.reset();
    std::erase_if(last_, [&](const auto& entry) { return entry.first.first == sid; });
    trace("{} {}", sid, freezes ? "freezes" : "dies");
    if (freezes) return;
    for (auto& [other, peer] : servers_) {
      if (other != sid && peer.up) tell_reachable(other, sid, false);
    }
  }
  void look(int sid) {
    Server& server = servers_[sid];
    trace("{} looks, with epoch {} zxid {:#x}", sid, server.history.current_epoch,
          server.history.last_zxid.value);
    server.strikes = 0;
    call(sid,
         [&](ElectionEffects& effects) { server.election->look(server.history, now_, effects); });
  }
  void set_loss(int percent) { options_.loss_percent = percent; }

  // ---- time
  // Until nothing happens for a while or `ms` have passed.
  void run_ms(std::int64_t ms) {
    const auto end = now_ + std::chrono::milliseconds(ms);
    while (true) {
      auto next = next_check_;
      for (const auto& message : messages_) next = std::min(next, message.at);
      for (const auto& [sid, server] : servers_) {
        if (!server.up) continue;
        if (const auto at = server.election->next_deadline()) next = std::min(next, *at);
      }
      if (next > end) break;
      now_ = std::max(now_, next);
      step();
    }
    now_ = end;
  }
  [[nodiscard]] base::Instant now() const { return now_; }

  // ---- what came of it
  [[nodiscard]] bool is_up(int sid) { return servers_[sid].up; }
  [[nodiscard]] Role role(int sid) { return servers_[sid].election->role(); }
  [[nodiscard]] int leader_of(int sid) {
    const auto& election = *servers_[sid].election;
    return election.role() == Role::kLooking
               ? 0
               : static_cast<int>(election.current_vote().leader.value);
  }
  [[nodiscard]] Election& election(int sid) { return *servers_[sid].election; }
  [[nodiscard]] History& history(int sid) { return servers_[sid].history; }
  // The one that all who are up agree on, themselves included; 0: they do not.
  [[nodiscard]] int agreed() {
    int leader = 0;
    for (const auto& [sid, server] : servers_) {
      if (!server.up) continue;
      if (leader_of(sid) == 0 || (leader != 0 && leader_of(sid) != leader)) return 0;
      leader = leader_of(sid);
    }
    if (leader == 0 || !is_up(leader) || role(leader) != Role::kLeading) return 0;
    return leader;
  }
  [[nodiscard]] bool has_quorum_up() {
    std::set<ServerId> up;
    for (const auto& [sid, server] : servers_) {
      if (server.up) up.insert(ServerId(sid));
    }
    return quorum_.contains(up);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string state() {
    std::string out;
    for (const auto& [sid, server] : servers_) {
      if (!server.up) {
        out += fmt::format("{} is down\n", sid);
      } else {
        const auto& vote = server.election->current_vote();
        out += fmt::format("{} {} vote {} zxid {:#x} epoch {} round {}\n", sid,
                           name_of(server.election->role()), vote.leader.value, vote.zxid.value,
                           vote.peer_epoch, server.election->round());
      }
    }
    return out;
  }

 private:
  static constexpr std::int64_t kCheckMs = 50;
  static constexpr std::int64_t kLeaderPatienceMs = 1000;

  struct Server {
    bool up = false;
    History history;
    std::unique_ptr<Election> election;
    int strikes = 0;  // checks in a row at which its leader did not lead
    base::Instant decided_at;
    bool established = false;
  };
  struct Message {
    base::Instant at;
    int from = 0;
    int to = 0;
    std::string bytes;
  };

  template <typename... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) {
    text_ +=
        fmt::format("{:>5} ms  {}\n", now_.ms(), fmt::format(format, std::forward<Args>(args)...));
  }
  static std::string name(const Notification& notification) {
    const Vote& vote = notification.vote;
    return fmt::format("{}, for {} (zxid {:#x}, round {})", name_of(notification.state),
                       vote.leader.value, vote.zxid.value, vote.round);
  }

  template <typename Call>
  void call(int sid, Call&& make) {
    Server& server = servers_[sid];
    const Vote before = server.election->current_vote();
    ElectionEffects effects;
    make(effects);
    const Vote& after = server.election->current_vote();
    if (!effects.decision && before.leader != after.leader && after.leader.value != sid) {
      trace("  {} now votes for {}", sid, after.leader.value);
    }
    for (const auto& send : effects.sends) post(sid, send);
    if (!effects.decision) return;
    server.decided_at = now_;
    server.established = false;
    trace("  {} decides: {} {}", sid, name_of(effects.decision->role),
          effects.decision->vote.leader.value);
  }

  void post(int from, const ElectionEffects::Send& send) {
    base::ByteBuffer bytes;
    send.notification.encode(bytes);
    const int to = static_cast<int>(send.to.value);
    last_[{from, to}] = bytes.view();
    if (servers_[to].up) post(from, to, std::string(bytes.view()));
  }
  // Streams keep the order: nothing overtakes what went to the same server earlier.
  void post(int from, int to, const std::string& bytes) {
    if (prng_.chance(static_cast<std::uint64_t>(options_.loss_percent), 100)) return;
    const auto spread = static_cast<std::uint64_t>(options_.delay_ms_max - options_.delay_ms_min);
    auto at = now_ + std::chrono::milliseconds(options_.delay_ms_min +
                                               static_cast<std::int64_t>(prng_.below(spread + 1)));
    for (const auto& message : messages_) {
      if (message.from == from && message.to == to) at = std::max(at, message.at);
    }
    messages_.push_back({at, from, to, bytes});
  }

  void tell_reachable(int sid, int other, bool reachable) {
    call(sid, [&](ElectionEffects& effects) {
      servers_[sid].election->on_reachable(ServerId(other), reachable, now_, effects);
    });
  }

  // Everything that is due now.
  void step() {
    for (std::size_t i = 0; i < messages_.size();) {
      if (messages_[i].at > now_) {
        ++i;
        continue;
      }
      const Message message = std::move(messages_[i]);
      messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i));
      deliver(message);
      i = 0;
    }
    for (auto& [sid, server] : servers_) {
      if (!server.up) continue;
      const auto due = server.election->next_deadline();
      if (!due || *due > now_) continue;
      const auto& election = *server.election;
      const auto round = election.round();
      call(sid, [&](ElectionEffects& effects) { server.election->on_timer(now_, effects); });
      DROVER_ASSERT(election.round() == round, "time alone changes no round");
    }
    if (now_ < next_check_) return;
    next_check_ = now_ + std::chrono::milliseconds(kCheckMs);
    for (auto& [sid, server] : servers_) {
      if (server.up) check(sid, server);
    }
  }

  void deliver(const Message& message) {
    if (!servers_[message.to].up) return;
    const auto notification = Notification::decode(message.bytes);
    DROVER_ASSERT(notification.has_value(), "what was encoded can be decoded");
    trace("{} hears {}: {}", message.to, message.from, name(*notification));
    call(message.to, [&](ElectionEffects& effects) {
      servers_[message.to].election->on_notification(ServerId(message.from), *notification, now_,
                                                     effects);
    });
  }

  void check(int sid, Server& server) {
    if (server.election->role() == Role::kLooking) return;
    const int leader = leader_of(sid);
    if (leader != sid) {
      const bool leads = is_up(leader) && role(leader) == Role::kLeading;
      server.strikes = leads ? 0 : server.strikes + 1;
      if (server.strikes >= 3) look(sid);
      return;
    }
    std::set<ServerId> followers = {ServerId(sid)};
    for (const auto& [other, peer] : servers_) {
      if (other != sid && peer.up && leader_of(other) == sid) followers.insert(ServerId(other));
    }
    if (!quorum_.contains(followers)) {
      const bool patient = now_ - server.decided_at < std::chrono::milliseconds(kLeaderPatienceMs);
      if (server.established || !patient) look(sid);
      return;
    }
    if (!server.established) {
      server.established = true;
      ++epoch_;
      server.history.last_zxid = Zxid::of(epoch_, 0);
    }
    for (const auto follower : followers) {
      Server& joined = servers_[static_cast<int>(follower.value)];
      const auto epoch = server.history.last_zxid.epoch();
      joined.history = {epoch, epoch, server.history.last_zxid};
      joined.election->settle(epoch);
    }
  }

  EnsembleConfig config_;
  Options options_;
  Quorum quorum_;
  base::Prng prng_;
  base::NullLog log_;
  base::Instant now_;
  base::Instant next_check_ = base::Instant::from_ms(kCheckMs);
  Epoch epoch_ = 100;
  std::map<int, Server> servers_;
  // The newest message from one to another, which a new stream carries first.
  std::map<std::pair<int, int>, std::string> last_;
  std::vector<Message> messages_;
  std::string text_;
};

}  // namespace drover::zab::testing
