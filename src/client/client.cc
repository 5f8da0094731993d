#include "client/client.h"

#include "client/records.h"

namespace drover::client {
namespace {

using wire::JuteReader;
using wire::JuteWriter;
using wire::OpCode;

constexpr std::string_view kConfigPath = "/zookeeper/config";
constexpr std::chrono::milliseconds kPatience{50};  // until the next look whether to give up

struct ReconfigRecord {
  const Reconfiguration& change;
  void encode(JuteWriter& out) const {
    for (const auto* text : {&change.joining, &change.leaving, &change.new_members}) {
      out.write_bytes(*text ? wire::NullableBytes(**text) : std::nullopt);
    }
    out.write_long(change.version);
  }
};

std::optional<std::string> decode_data(JuteReader& in) {
  const auto data = in.read_bytes();
  return data ? std::optional<std::string>(*data) : std::nullopt;
}

DataAndStat decode_data_and_stat(JuteReader& in) {
  auto data = decode_data(in);
  return {.data = std::move(data), .stat = wire::decode_stat(in)};
}

struct Nothing {};
Nothing decode_nothing(JuteReader&) {
  return {};
}

Result<void> without_value(const Result<Nothing>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

}  // namespace

Client::Client(Options options, BlockingRunner::Listener listener)
    : chroot_(options.servers.chroot),
      request_timeout_(options.request_timeout_ms),
      gives_up_(std::move(options.gives_up)),
      runner_(std::move(options.servers.hosts), options.session,
              [chroot = chroot_, tell = std::move(listener)](const WatchedEvent& event) {
                WatchedEvent inside = event;
                inside.path = without_chroot(chroot, event.path);
                tell(inside);
              }) {}

Completion Client::wait_for(std::future<Completion> answer) {
  const auto begun = std::chrono::steady_clock::now();
  while (answer.wait_for(kPatience) == std::future_status::timeout) {
    const bool is_late = request_timeout_.count() > 0 &&
                         std::chrono::steady_clock::now() - begun >= request_timeout_;
    if (is_late) runner_.drop_connection();
    if (is_late || gives_up_()) return {.error = ErrorCode::kRequestTimeout, .body = ""};
  }
  return answer.get();
}

template <typename Record, typename Decode>
auto Client::call(OpCode op, const Record& record, std::string_view path, Decode decode,
                  const std::optional<std::pair<WatchKind, std::string>>& watch)
    -> Result<decltype(decode(std::declval<JuteReader&>()))> {
  const auto completion =
      wait_for(runner_.ask({.op = op, .body = encoded(record), .watch = watch}));
  if (completion.error != ErrorCode::kOk) return failure(std::string(path), completion.error);
  JuteReader in(completion.body);
  auto value = decode(in);
  if (!in.ok()) return failure(std::string(path), ErrorCode::kMarshallingError);
  return value;
}

Result<std::string> Client::create(std::string_view path, const CreateOptions& options) {
  const auto at = server_path(path);
  const CreateRecord record{
      .request = {.path = at,
                  .data = options.data ? wire::NullableBytes(*options.data) : std::nullopt,
                  .acl = acl_views(options.acl),
                  .flags = static_cast<std::int32_t>(options.mode),
                  .ttl_ms = options.ttl_ms},
      .with_ttl = has_ttl(options.mode)};
  return call(create_op(options.mode), record, path,
              [this](JuteReader& in) { return without_chroot(chroot_, in.read_string()); });
}

Result<void> Client::remove(std::string_view path, std::int32_t version) {
  const auto at = server_path(path);
  return without_value(call(OpCode::kDelete,
                            wire::PathVersionRequest{.path = at, .version = version}, path,
                            decode_nothing));
}

std::future<Completion> Client::remove_all(const std::vector<std::string>& paths) {
  base::ByteBuffer bytes;
  JuteWriter out(bytes);
  for (const auto& path : paths) {
    const auto at = server_path(path);
    wire::MultiHeader{.op = OpCode::kDelete, .done = false, .error = -1}.encode(out);
    wire::PathVersionRequest{.path = at, .version = -1}.encode(out);
  }
  wire::MultiHeader{.op = OpCode::kError, .done = true, .error = -1}.encode(out);
  return runner_.ask({.op = OpCode::kMulti, .body = std::string(bytes.view())});
}

ErrorCode Client::multi_error(const Completion& completion) {
  if (completion.error != ErrorCode::kOk) return completion.error;
  JuteReader in(completion.body);
  while (in.ok()) {
    const auto header = wire::MultiHeader::decode(in);
    if (header.done) return ErrorCode::kOk;
    // A multi fails as a whole: every operation then answers with an error, zero before the one
    // that failed.
    if (header.op != OpCode::kError) return ErrorCode::kOk;
    const auto error = static_cast<ErrorCode>(in.read_int());
    if (error != ErrorCode::kOk) return error;
  }
  return ErrorCode::kMarshallingError;
}

Result<Stat> Client::exists(std::string_view path, bool watch) {
  const auto at = server_path(path);
  std::optional<std::pair<WatchKind, std::string>> left;
  if (watch) left = {WatchKind::kData, at};
  return call(OpCode::kExists, wire::PathWatchRequest{.path = at, .watch = watch}, path,
              wire::decode_stat, left);
}

Result<DataAndStat> Client::get_data_at(const std::string& at, std::string_view path, bool watch) {
  std::optional<std::pair<WatchKind, std::string>> left;
  if (watch) left = {WatchKind::kData, at};
  return call(OpCode::kGetData, wire::PathWatchRequest{.path = at, .watch = watch}, path,
              decode_data_and_stat, left);
}

Result<DataAndStat> Client::get_data(std::string_view path, bool watch) {
  return get_data_at(server_path(path), path, watch);
}

Result<DataAndStat> Client::get_config(bool watch) {
  return get_data_at(std::string(kConfigPath), kConfigPath, watch);
}

Result<DataAndStat> Client::reconfig(const Reconfiguration& change) {
  return call(OpCode::kReconfig, ReconfigRecord{change}, "", decode_data_and_stat);
}

Result<Stat> Client::set_data(std::string_view path, std::string_view data, std::int32_t version) {
  const auto at = server_path(path);
  return call(OpCode::kSetData, wire::SetDataRequest{.path = at, .data = data, .version = version},
              path, wire::decode_stat);
}

Result<ChildrenAndStat> Client::get_children(std::string_view path, bool watch) {
  const auto at = server_path(path);
  std::optional<std::pair<WatchKind, std::string>> left;
  if (watch) left = {WatchKind::kChild, at};
  return call(
      OpCode::kGetChildren2, wire::PathWatchRequest{.path = at, .watch = watch}, path,
      [](JuteReader& in) {
        auto children = decode_strings(in);
        return ChildrenAndStat{.children = std::move(children), .stat = wire::decode_stat(in)};
      },
      left);
}

Result<AclAndStat> Client::get_acl(std::string_view path) {
  const auto at = server_path(path);
  return call(OpCode::kGetAcl, PathRequest{at}, path, [](JuteReader& in) {
    auto acl = decode_acl_list(in);
    return AclAndStat{.acl = std::move(acl), .stat = wire::decode_stat(in)};
  });
}

Result<Stat> Client::set_acl(std::string_view path, const AclList& acl, std::int32_t version) {
  const auto at = server_path(path);
  const wire::SetAclRequest record{.path = at, .acl = acl_views(acl), .version = version};
  return call(OpCode::kSetAcl, record, path, wire::decode_stat);
}

Result<void> Client::sync(std::string_view path) {
  const auto at = server_path(path);
  return without_value(call(OpCode::kSync, PathRequest{at}, path, decode_nothing));
}

Result<std::vector<std::string>> Client::get_ephemerals(std::string_view prefix) {
  const auto at = server_path(prefix);
  return call(OpCode::kGetEphemerals, PathRequest{at}, prefix, [this](JuteReader& in) {
    auto paths = decode_strings(in);
    for (auto& path : paths) path = without_chroot(chroot_, path);
    return paths;
  });
}

Result<std::int32_t> Client::get_all_children_number(std::string_view path) {
  const auto at = server_path(path);
  return call(OpCode::kGetAllChildrenNumber, PathRequest{at}, path,
              [](JuteReader& in) { return in.read_int(); });
}

Result<std::vector<Id>> Client::who_am_i() {
  return call(OpCode::kWhoAmI, EmptyRequest{}, "", decode_ids);
}

Result<void> Client::add_watch(std::string_view path, bool recursive) {
  const auto at = server_path(path);
  const auto kind = recursive ? WatchKind::kPersistentRecursive : WatchKind::kPersistent;
  return without_value(call(OpCode::kAddWatch,
                            wire::PathModeRequest{.path = at, .mode = recursive ? 1 : 0}, path,
                            decode_nothing, std::pair(kind, at)));
}

Result<void> Client::remove_watches(std::string_view path, WatcherType type, bool local) {
  const auto at = server_path(path);
  if (!runner_.has_watch(type, at)) return failure(std::string(path), ErrorCode::kNoWatcher);
  const wire::PathModeRequest record{.path = at, .mode = static_cast<std::int32_t>(type)};
  const auto told = call(OpCode::kRemoveWatches, record, path, decode_nothing);
  if (!told && !(local && told.error().code == ErrorCode::kConnectionLoss)) {
    return std::unexpected(told.error());
  }
  runner_.forget_watches(type, at);
  return {};
}

}  // namespace drover::client
