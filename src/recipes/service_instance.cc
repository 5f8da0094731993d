#include <arpa/inet.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/service_instance.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <limits>

#include "recipes/json.h"

namespace drover {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {"DYNAMIC", "STATIC", "PERMANENT",
                                                    "DYNAMIC_SEQUENTIAL"};

std::string json_or_null(const std::optional<std::int32_t>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string to_json(const UriSpec& spec) {
  std::string parts;
  for (const UriSpec::Part& part : spec.parts) {
    if (!parts.empty()) parts += ',';
    parts += fmt::format(R"({{"value":{},"variable":{}}})", recipes::json_string(part.value),
                         part.is_variable);
  }
  return R"({"parts":[)" + parts + "]}";
}

// The members of an instance as they are read. The first problem is the one that is told.
class Reader {
 public:
  explicit Reader(std::map<std::string, std::string_view> members) : members_(std::move(members)) {}

  [[nodiscard]] std::optional<std::string_view> find(const std::string& name) const {
    const auto at = members_.find(name);
    if (at == members_.end() || at->second == "null") return std::nullopt;
    return at->second;
  }
  std::optional<std::string> text(const std::string& name) {
    return taken(name, recipes::json_to_string);
  }
  std::optional<std::int64_t> integer(const std::string& name) {
    return taken(name, recipes::json_to_integer);
  }
  std::optional<bool> boolean(const std::string& name) {
    return taken(name, recipes::json_to_bool);
  }
  std::optional<std::int32_t> int32(const std::string& name) {
    const auto number = integer(name);
    if (!number) return std::nullopt;
    if (*number < std::numeric_limits<std::int32_t>::min() ||
        *number > std::numeric_limits<std::int32_t>::max()) {
      fail(name, "out of range");
    }
    return static_cast<std::int32_t>(*number);
  }
  void fail(const std::string& name, const std::string& why) {
    if (!error_)
      error_ = Error{ErrorCode::kCorruptPayload, "service instance: " + name + ": " + why};
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  template <typename Convert>
  auto taken(const std::string& name, Convert convert)
      -> std::optional<typename std::invoke_result_t<Convert, std::string_view>::value_type> {
    const auto found = find(name);
    if (!found) return std::nullopt;
    auto converted = convert(*found);
    if (!converted) {
      fail(name, converted.error().message);
      return std::nullopt;
    }
    return std::move(*converted);
  }

  std::map<std::string, std::string_view> members_;
  std::optional<Error> error_;
};

Result<UriSpec> uri_spec_from_json(std::string_view json) {
  auto members = recipes::json_members(json);
  if (!members) return std::unexpected(std::move(members.error()));
  UriSpec spec;
  const auto parts = members->find("parts");
  if (parts == members->end() || parts->second == "null") return spec;
  auto elements = recipes::json_elements(parts->second);
  if (!elements) return std::unexpected(std::move(elements.error()));
  for (const std::string_view element : *elements) {
    auto part = recipes::json_members(element);
    if (!part) return std::unexpected(std::move(part.error()));
    Reader reader(std::move(*part));
    spec.parts.push_back(
        {reader.text("value").value_or(""), reader.boolean("variable").value_or(false)});
    if (reader.error()) return std::unexpected(*reader.error());
  }
  return spec;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::optional<std::string> variable(const ServiceInstance& instance, const std::string& name) {
  const auto number = [](const std::optional<std::int32_t>& value) -> std::optional<std::string> {
    if (!value) return std::nullopt;
    return std::to_string(*value);
  };
  if (name == "name") return instance.name;
  if (name == "id") return instance.id;
  if (name == "address") return instance.address;
  if (name == "port") return number(instance.port);
  if (name == "ssl-port") return number(instance.ssl_port);
  if (name == "registration-time-utc") return std::to_string(instance.registration_time_utc);
  if (name == "service-type") return lower(to_string(instance.type));
  if (name == "scheme") return instance.ssl_port ? "https" : "http";
  if (name == "[") return "{";
  if (name == "]") return "}";
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ServiceType type) {
  return kTypes.at(static_cast<std::size_t>(type));
}

Result<UriSpec> UriSpec::parse(std::string_view text) {
  UriSpec spec;
  const auto refuse = [&] {
    return failure("URI " + std::string(text) + ": braces do not match", ErrorCode::kBadArguments);
  };
  while (!text.empty()) {
    const std::size_t open = text.find_first_of("{}");
    if (open != 0) spec.parts.push_back({std::string(text.substr(0, open)), false});
    if (open == std::string_view::npos) break;
    if (text[open] == '}') return refuse();
    const std::size_t close = text.find_first_of("{}", open + 1);
    if (close == std::string_view::npos || text[close] == '{') return refuse();
    spec.parts.push_back({std::string(text.substr(open + 1, close - open - 1)), true});
    text.remove_prefix(close + 1);
  }
  return spec;
}

std::string UriSpec::build(const ServiceInstance& instance,
                           const std::map<std::string, std::string>& variables) const {
  std::string uri;
  for (const Part& part : parts) {
    if (!part.is_variable) {
      uri += part.value;
      continue;
    }
    const auto given = variables.find(part.value);
    uri += given != variables.end() ? given->second : variable(instance, part.value).value_or("");
  }
  return uri;
}

std::string to_json(const ServiceInstance& instance, bool with_enabled) {
  return fmt::format(R"({{"name":{},"id":{},"address":{},"port":{},"sslPort":{},"payload":{},)"
                     R"("registrationTimeUTC":{},"serviceType":"{}","uriSpec":{}{}}})",
                     recipes::json_string(instance.name), recipes::json_string(instance.id),
                     instance.address ? recipes::json_string(*instance.address) : "null",
                     json_or_null(instance.port), json_or_null(instance.ssl_port), instance.payload,
                     instance.registration_time_utc, to_string(instance.type),
                     instance.uri_spec ? to_json(*instance.uri_spec) : "null",
                     with_enabled ? fmt::format(R"(,"enabled":{})", instance.enabled) : "");
}

Result<ServiceInstance> service_instance_from_json(BytesView json) {
  auto members = recipes::json_members(as_text(json));
  if (!members) return std::unexpected(std::move(members.error()));
  Reader reader(std::move(*members));
  ServiceInstance instance{
      .name = reader.text("name").value_or(""),
      .id = reader.text("id").value_or(""),
      .address = reader.text("address"),
      .port = reader.int32("port"),
      .ssl_port = reader.int32("sslPort"),
      .payload = std::string(reader.find("payload").value_or("null")),
      .registration_time_utc = reader.integer("registrationTimeUTC").value_or(0),
      .enabled = reader.boolean("enabled").value_or(true)};
  const std::string type = reader.text("serviceType").value_or(std::string(kTypes[0]));
  const auto known = std::ranges::find(kTypes, type);
  if (known == kTypes.end()) {
    reader.fail("serviceType", "unknown: " + type);
  } else {
    instance.type = static_cast<ServiceType>(known - kTypes.begin());
  }
  if (const auto uri_spec = reader.find("uriSpec")) {
    auto spec = uri_spec_from_json(*uri_spec);
    if (!spec) return std::unexpected(std::move(spec.error()));
    instance.uri_spec = std::move(*spec);
  }
  if (reader.error()) return std::unexpected(*reader.error());
  return instance;
}

ServiceInstance new_service_instance(const Client& client, std::string name) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {
      .name = std::move(name),
      .id = detail::random_uuid(client),
      .address = local_address(),
      .registration_time_utc = std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

std::optional<std::string> local_address() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return std::nullopt;
  std::optional<std::string> found;
  for (const ifaddrs* at = first; at && !found; at = at->ifa_next) {
    if (!at->ifa_addr || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto& address = reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr;
      const bool is_link_local = (ntohl(address.s_addr) >> 16) == 0xa9fe;
      if (is_link_local) continue;
      found = inet_ntop(AF_INET, &address, text.data(), text.size());
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto& address = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr)->sin6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&address)) continue;
      found = inet_ntop(AF_INET6, &address, text.data(), text.size());
    }
  }
  freeifaddrs(first);
  return found;
}

std::string text_payload(std::string_view text) {
  return recipes::json_string(text);
}

Result<std::string> payload_text(std::string_view payload) {
  return recipes::json_to_string(payload);
}

}  // namespace drover
