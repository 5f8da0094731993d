// ServiceDiscovery, and one provider for each service that is asked for.

#include <drover/recipes/service_discovery.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "subjects.h"

namespace peer {

namespace json = boost::json;
using drover::block;
using drover::value_or_throw;

namespace {

drover::ServiceType to_type(std::string_view name) {
  using Type = drover::ServiceType;
  for (const Type type :
       {Type::kDynamic, Type::kStatic, Type::kPermanent, Type::kDynamicSequential}) {
    if (to_string(type) == name) return type;
  }
  throw std::invalid_argument("no such type: " + std::string(name));
}

drover::ServiceInstance to_instance(const json::object& given) {
  const auto text = [&](std::string_view key) { return std::string(given.at(key).as_string()); };
  const auto has = [&](std::string_view key) {
    const json::value* value = given.if_contains(key);
    return value && !value->is_null();
  };
  drover::ServiceInstance instance;
  instance.name = text("name");
  instance.id = text("id");
  instance.address = text("address");
  instance.registration_time_utc = given.at("registered_ms").to_number<std::int64_t>();
  instance.type = to_type(text("type"));
  if (has("port")) instance.port = given.at("port").to_number<std::int32_t>();
  if (has("ssl_port")) instance.ssl_port = given.at("ssl_port").to_number<std::int32_t>();
  if (has("payload")) instance.payload = json::serialize(given.at("payload"));
  if (has("uri_spec")) instance.uri_spec = value_or_throw(drover::UriSpec::parse(text("uri_spec")));
  return instance;
}

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value told(const drover::ServiceInstance& instance) {
  return {{"name", instance.name},
          {"id", instance.id.empty() ? json::value(nullptr) : json::value(instance.id)},
          {"address", instance.address ? json::value(*instance.address) : json::value(nullptr)},
          {"port", or_null(instance.port)},
          {"ssl_port", or_null(instance.ssl_port)},
          {"payload", json::parse(instance.payload)},
          {"registered_ms", instance.registration_time_utc},
          {"type", json::string(to_string(instance.type))},
          {"enabled", instance.enabled},
          {"uri", instance.uri_spec ? json::value(instance.uri()) : json::value(nullptr)}};
}

json::value told(const std::vector<drover::ServiceInstance>& instances) {
  json::array all;
  for (const drover::ServiceInstance& each : instances) all.push_back(told(each));
  return all;
}

class DiscoverySubject : public Subject {
 public:
  explicit DiscoverySubject(const Making& making)
      : client_(making.client),
        base_(making.request.text("path")),
        discovery_(making.client, base_) {}

  json::value call(std::string_view op, const Request& request) override {
    if (op == "names") {
      const auto names = value_or_throw(discovery_.names(block));
      return json::array(names.begin(), names.end());
    }
    if (op == "instances") {
      return told(value_or_throw(discovery_.instances(request.text("name"), block)));
    }
    if (op == "provider") return provider(request.text("name")) != nullptr;
    if (op == "pick") {
      const auto picked = provider(request.text("name"))->get_instance();
      return picked ? told(*picked) : json::value(nullptr);
    }
    if (op == "provided") return told(provider(request.text("name"))->all_instances());
    change(op, request);
    return nullptr;
  }

 private:
  void change(std::string_view op, const Request& request) {
    if (op == "register") {
      const auto instance = to_instance(request.at("instance").as_object());
      services_[instance.id] = instance.name;
      value_or_throw(discovery_.register_service(instance, block));
    } else if (op == "update") {
      const auto instance = to_instance(request.at("instance").as_object());
      value_or_throw(discovery_.update_service(instance, block));
    } else if (op == "unregister") {
      const std::string id = request.text("id");
      value_or_throw(discovery_.unregister_service(services_.at(id), id, block));
    } else if (op == "close") {
      value_or_throw(discovery_.close(block));
    } else {
      throw no_such_op(op);
    }
  }

  std::shared_ptr<drover::ServiceProvider> provider(const std::string& name) {
    std::shared_ptr<drover::ServiceProvider>& found = providers_[name];
    if (!found) {
      found = std::make_shared<drover::ServiceProvider>(client_, base_, name);
      value_or_throw(found->start(block));
    }
    return found;
  }

  drover::Client client_;
  std::string base_;
  drover::ServiceDiscovery discovery_;
  std::map<std::string, std::string> services_;  // of what is registered here, by id
  std::map<std::string, std::shared_ptr<drover::ServiceProvider>> providers_;
};

}  // namespace

Made make_discovery(const Making& making) {
  return std::make_shared<DiscoverySubject>(making);
}

}  // namespace peer
