#include "client_subject.h"

#include <boost/asio/detached.hpp>
#include <unordered_map>

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

drover::ClientOptions to_options(const Request& request) {
  drover::ClientOptions options;
  options.session_timeout = std::chrono::milliseconds(request.number("session_ms", 4000));
  options.connection_timeout = std::chrono::milliseconds(request.number("connection_ms", 15'000));
  options.request_timeout = std::chrono::milliseconds(request.number("request_ms", 0));
  options.retry =
      drover::retry::Times{.count = static_cast<int>(request.number("retries", 100)),
                           .delay = std::chrono::milliseconds(request.number("retry_ms", 100))};
  options.name_space = request.text("namespace", "");
  if (request.has("default_data")) options.default_data = request.bytes("default_data");
  return options;
}

std::string_view name(drover::ConnectionState state) {
  switch (state) {
    case drover::ConnectionState::kConnected:
      return "CONNECTED";
    case drover::ConnectionState::kSuspended:
      return "SUSPENDED";
    case drover::ConnectionState::kReconnected:
      return "RECONNECTED";
    case drover::ConnectionState::kLost:
      return "LOST";
    case drover::ConnectionState::kReadOnly:
      return "READ_ONLY";
  }
  return "unknown";
}

std::string_view name(drover::EventType type) {
  switch (type) {
    case drover::EventType::kNodeCreated:
      return "NodeCreated";
    case drover::EventType::kNodeDeleted:
      return "NodeDeleted";
    case drover::EventType::kNodeDataChanged:
      return "NodeDataChanged";
    case drover::EventType::kNodeChildrenChanged:
      return "NodeChildrenChanged";
    default:
      return "None";
  }
}

json::object to_json(const drover::Stat& stat) {
  return {{"czxid", stat.czxid},
          {"mzxid", stat.mzxid},
          {"version", stat.version},
          {"owner", stat.ephemeral_owner},
          {"children", stat.num_children}};
}

std::int32_t version_of(const Request& request) {
  return static_cast<std::int32_t>(request.number("version", drover::kAnyVersion));
}

}  // namespace

drover::CreateMode to_mode(std::string_view name) {
  using Mode = drover::CreateMode;
  static const std::unordered_map<std::string_view, Mode> modes{
      {"PERSISTENT", Mode::kPersistent}, {"PERSISTENT_SEQUENTIAL", Mode::kPersistentSequential},
      {"EPHEMERAL", Mode::kEphemeral},   {"EPHEMERAL_SEQUENTIAL", Mode::kEphemeralSequential},
      {"CONTAINER", Mode::kContainer},
  };
  return modes.at(name);
}

drover::Transaction to_transaction(const json::value& list) {
  drover::Transaction transaction;
  for (const json::value& each : list.as_array()) {
    const json::object& operation = each.as_object();
    const std::string op(operation.at("op").as_string());
    std::string path(operation.at("path").as_string());
    const json::value* data = operation.if_contains("data");
    const drover::Bytes bytes = data ? from_hex(data->as_string()) : drover::Bytes();
    const json::value* given = operation.if_contains("version");
    const auto version = given ? given->to_number<std::int32_t>() : drover::kAnyVersion;
    if (op == "create") {
      transaction.create(std::move(path), bytes);
    } else if (op == "set") {
      transaction.set(std::move(path), bytes, {.version = version});
    } else if (op == "check") {
      transaction.check(std::move(path), version);
    } else if (op == "delete") {
      transaction.remove(std::move(path), version);
    } else {
      throw no_such_op(op);
    }
  }
  return transaction;
}

ClientSubject::ClientSubject(const Request& request, Events events)
    : events_(std::move(events)),
      client_(value_or_throw(drover::Client::open(request.text("connect"), to_options(request)))),
      states_(client_.on_connection_state([events = events_](drover::ConnectionState state) {
        events.tell("state", json::string(name(state)));
      })) {}

json::value ClientSubject::call(std::string_view op, const Request& request) {
  using Member = json::value (ClientSubject::*)(const Request&);
  static const std::unordered_map<std::string_view, Member> ops{
      {"create", &ClientSubject::create}, {"get", &ClientSubject::get},
      {"set", &ClientSubject::set},       {"delete", &ClientSubject::remove},
      {"exists", &ClientSubject::exists}, {"children", &ClientSubject::children},
      {"watch", &ClientSubject::watch},   {"transaction", &ClientSubject::transaction},
  };
  if (op == "session") return client_.session_id();
  if (op == "close") {
    value_or_throw(client_.close(block));
    return nullptr;
  }
  const auto found = ops.find(op);
  if (found == ops.end()) throw no_such_op(op);
  return (this->*found->second)(request);
}

json::value ClientSubject::create(const Request& request) {
  drover::CreateOptions options;
  options.mode = to_mode(request.text("mode", "PERSISTENT"));
  options.protect = request.flag("protect");
  if (request.flag("compress")) options.compress = true;
  if (request.flag("parents")) options.parents = drover::Parents::kPersistent;
  if (options.protect || request.flag("compress")) options.parents = drover::Parents::kContainer;
  const drover::Bytes data = request.has("data") ? request.bytes("data") : drover::Bytes();
  return json::string(
      value_or_throw(client_.create(request.text("path"), data, options, block)).path);
}

json::value ClientSubject::get(const Request& request) {
  drover::GetOptions options;
  if (request.flag("decompress")) options.decompress = true;
  const drover::Node node = value_or_throw(client_.get(request.text("path"), options, block));
  json::object found = to_json(node.stat);
  found["data"] = to_hex(node.data);
  return found;
}

json::value ClientSubject::set(const Request& request) {
  drover::SetOptions options;
  options.version = version_of(request);
  if (request.flag("compress")) options.compress = true;
  const drover::Bytes data = request.bytes("data");
  return to_json(value_or_throw(client_.set(request.text("path"), data, options, block)));
}

json::value ClientSubject::remove(const Request& request) {
  drover::RemoveOptions options;
  options.version = version_of(request);
  options.recursive = request.flag("recursive");
  value_or_throw(client_.remove(request.text("path"), options, block));
  return nullptr;
}

json::value ClientSubject::exists(const Request& request) {
  const auto stat = value_or_throw(client_.exists(request.text("path"), block));
  return stat ? json::value(to_json(*stat)) : json::value(nullptr);
}

json::value ClientSubject::children(const Request& request) {
  const auto listing = value_or_throw(client_.children(request.text("path"), block));
  return json::array(listing.names.begin(), listing.names.end());
}

// The change is waited for by a coroutine, as a user would have it who asks for more meanwhile.
template <typename T>
T ClientSubject::await_change(drover::Watched<T> watched) {
  auto wait = [](drover::OneShot changed, Events events) -> boost::asio::awaitable<void> {
    const drover::Result<drover::WatchedEvent> event = co_await changed.fired();
    if (event)
      events.tell("watch", {{"type", json::string(name(event->type))}, {"path", event->path}});
  };
  boost::asio::co_spawn(client_.get_executor(), wait(std::move(watched.changed), events_),
                        boost::asio::detached);
  return std::move(watched.value);
}

json::value ClientSubject::watch(const Request& request) {
  const std::string of = request.text("of");
  const std::string path = request.text("path");
  if (of == "data") {
    await_change(value_or_throw(client_.watch_data(path, block)));
  } else if (of == "exists") {
    await_change(value_or_throw(client_.watch_exists(path, block)));
  } else if (of == "children") {
    await_change(value_or_throw(client_.watch_children(path, block)));
  } else {
    throw std::invalid_argument("no such watch: " + of);
  }
  return nullptr;
}

json::value ClientSubject::transaction(const Request& request) {
  const drover::Transaction transaction = to_transaction(request.at("ops"));
  const auto results = value_or_throw(client_.commit(transaction, block));
  json::array told;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& operation = transaction.operations().at(i);
    told.push_back({{"type", request.at("ops").as_array().at(i).at("op")},
                    {"path", operation.path},
                    {"result_path", results[i].path}});
  }
  return told;
}

}  // namespace peer
