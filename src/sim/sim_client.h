#pragma once
// A client with a workload: the shipped session machine on the simulated network. It retries, moves
// between servers, loses its session and begins another.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "client/session_machine.h"
#include "sim/client_checker.h"
#include "sim/network.h"
#include "sim/watch_checker.h"

namespace drover::sim {

// Who listens to a client.
struct ClientChecks {
  ClientChecker& clients;
  WatchChecker& watches;
};

class SimClient final : public Host {
 public:
  // `index` counts clients; `host` is its number in the network. Servers are hosts 0..servers-1.
  SimClient(int index, HostId host, int servers, const Scenario& scenario, Schedule& schedule,
            Network& network, base::Prng& prng, ClientChecks checks);

  void start();
  void stop_asking() { asking_ = false; }
  // Sends one more write, that fires the watches on `path`.
  void write(const std::string& path);
  // Says whether it is connected and nothing of it is unanswered.
  [[nodiscard]] bool is_at_rest() const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] wire::SessionId session() const { return session_->session_id(); }
  [[nodiscard]] std::int64_t completed() const { return completed_; }
  [[nodiscard]] std::int64_t sessions_lost() const { return sessions_lost_; }
  // The ephemeral that this session made for certain and did not remove; empty: none.
  [[nodiscard]] const std::string& ephemeral() const { return ephemeral_; }

  // ---- Host
  bool on_accept(StreamId, int) override { return false; }
  void on_connected(StreamId stream) override;
  void on_bytes(StreamId stream, const std::string& bytes) override;
  void on_closed(StreamId stream) override;

 private:
  struct Asked {
    wire::OpCode op = wire::OpCode::kPing;
    std::string path{};
    std::string data{};
    wire::Zxid floor{};
    bool watch = false;
    std::string other{};  // kMulti: the second path that it writes
    bool recursive = false;
  };
  void begin_session();
  void ask();
  void ask_something();
  void ask_ephemeral();
  void ask_write(const std::string& path);
  void ask_persistent_watch(const std::string& path);
  void ask_multi(const std::string& path);
  [[nodiscard]] std::string next_data();
  void move();   // to another server, with all that is unanswered
  void close();  // the session, and begin another
  void submit(Asked asked, std::string body, std::optional<client::WatchKind> watch = std::nullopt);
  void carry_out(client::SessionEffects& effects);
  void deliver(const client::Completion& completion);
  void deliver_multi(const Asked& asked, const std::string& body);
  void deliver(const WatchedEvent& event);
  void arm();
  [[nodiscard]] std::string any_path();

  const int index_;
  const HostId host_;
  const int servers_;
  const Scenario& scenario_;
  Schedule& schedule_;
  Network& network_;
  base::Prng& prng_;
  const ClientChecks checks_;
  std::unique_ptr<client::SessionMachine> session_;
  std::uint64_t session_number_ = 0;
  std::optional<StreamId> stream_;
  std::map<client::RequestId, Asked> asked_;
  std::set<std::string> adding_;      // watches whose addWatch is not answered
  std::deque<std::string> children_;  // perhaps made by a multi, to be deleted by another
  std::optional<base::Instant> armed_;
  std::int64_t next_value_ = 0;
  std::int64_t completed_ = 0;
  std::int64_t sessions_lost_ = 0;
  std::string ephemeral_;
  bool asking_ = true;
  bool closing_ = false;  // the session is asked to end
};

}  // namespace drover::sim
