#pragma once
// Blocking calls on a session, one for each operation, with a chroot taken off and put on. The
// small foundation that tools stand on.
//
// Paths are as the user writes them, inside the chroot; the caller has checked them with
// path_problem() where it wants ZooKeeper's own words for a bad one, the server judges otherwise.
// Errors carry the code and the path. Codes that come from here: kConnectionLoss (outcome unknown),
// kSessionExpired, kAuthFailed, kMarshallingError (the reply makes no sense). Thread-safe.

#include <drover/acl.h>
#include <drover/create_mode.h>
#include <drover/result.h>
#include <drover/stat.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/blocking_runner.h"
#include "client/path.h"

namespace drover::client {

struct CreateOptions {
  std::optional<std::string> data = std::nullopt;  // nullopt: null, which is not the same as empty
  AclList acl;
  CreateMode mode = CreateMode::kPersistent;
  std::int64_t ttl_ms = -1;  // only with a TTL mode
};

struct DataAndStat {
  std::optional<std::string> data;
  Stat stat;
};
struct ChildrenAndStat {
  std::vector<std::string> children;  // names, in the server's order
  Stat stat;
};
struct AclAndStat {
  AclList acl;
  Stat stat;
};

struct Reconfiguration {
  std::optional<std::string> joining;  // servers to add, as in a configuration file, commas between
  std::optional<std::string> leaving;  // ids of servers to remove
  std::optional<std::string> new_members;  // or all members
  std::int64_t version = -1;               // of the configuration that this replaces; -1: any
};

class Client {
 public:
  struct Options {
    ConnectString servers;
    SessionMachine::Options session;
    // 0: as long as it takes. Else a call that got no answer fails with kRequestTimeout, its
    // outcome unknown, and the connection is given up.
    std::int32_t request_timeout_ms = 0;
    // Asked again and again while a call waits; true ends it with kRequestTimeout, its outcome
    // unknown.
    std::function<bool()> gives_up = [] { return false; };
  };

  // Starts connecting at once; calls made before wait. `listener` gets watch events and changes of
  // state on another thread, and must not call back.
  Client(Options options, BlockingRunner::Listener listener);

  Result<std::string> create(std::string_view path, const CreateOptions& options);
  Result<void> remove(std::string_view path, std::int32_t version);
  // One multi, so all or nothing. The future's value is not to be waited for forever: a lost
  // connection ends it.
  [[nodiscard]] std::future<Completion> remove_all(const std::vector<std::string>& paths);
  // What became of it: the first operation's error, or the whole's.
  [[nodiscard]] static ErrorCode multi_error(const Completion& completion);
  Result<Stat> exists(std::string_view path, bool watch = false);
  Result<DataAndStat> get_data(std::string_view path, bool watch = false);
  // Of the ensemble's configuration, which no chroot hides.
  Result<DataAndStat> get_config(bool watch = false);
  // Answers the new configuration.
  Result<DataAndStat> reconfig(const Reconfiguration& change);
  Result<Stat> set_data(std::string_view path, std::string_view data, std::int32_t version);
  Result<ChildrenAndStat> get_children(std::string_view path, bool watch = false);
  Result<AclAndStat> get_acl(std::string_view path);
  Result<Stat> set_acl(std::string_view path, const AclList& acl, std::int32_t version);
  Result<void> sync(std::string_view path);
  Result<std::vector<std::string>> get_ephemerals(std::string_view prefix);
  Result<std::int32_t> get_all_children_number(std::string_view path);
  Result<std::vector<Id>> who_am_i();
  Result<void> add_watch(std::string_view path, bool recursive);
  [[nodiscard]] bool has_watch(std::string_view path, WatcherType type) {
    return runner_.has_watch(type, server_path(path));
  }
  // kNoWatcher when this client has none. `local`: also when the server cannot be told.
  Result<void> remove_watches(std::string_view path, WatcherType type, bool local);

  void add_auth(Credential credential) { runner_.add_auth(std::move(credential)); }
  void close() { runner_.close(); }
  [[nodiscard]] bool wait_connected(std::chrono::milliseconds at_most) {
    return runner_.wait_connected(at_most);
  }
  [[nodiscard]] SessionState state() const { return runner_.state(); }

 private:
  [[nodiscard]] std::string server_path(std::string_view path) const {
    return with_chroot(chroot_, path);
  }
  // Sends `record` and takes the answer; `decode` makes the result of its body.
  template <typename Record, typename Decode>
  auto call(wire::OpCode op, const Record& record, std::string_view path, Decode decode,
            const std::optional<std::pair<WatchKind, std::string>>& watch = std::nullopt)
      -> Result<decltype(decode(std::declval<wire::JuteReader&>()))>;
  Result<DataAndStat> get_data_at(const std::string& at, std::string_view path, bool watch);

  // The answer, or kRequestTimeout.
  Completion wait_for(std::future<Completion> answer);

  std::string chroot_;
  std::chrono::milliseconds request_timeout_;
  std::function<bool()> gives_up_;
  BlockingRunner runner_;
};

}  // namespace drover::client
