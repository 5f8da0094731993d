#pragma once
// One instance of a service as it stands in a znode: Curator's ServiceInstance, its JSON to the
// byte, and its UriSpec.
//
// ## Layout
// The members in the order `name, id, address, port, sslPort, payload, registrationTimeUTC,
// serviceType, uriSpec`, null where there is nothing; `enabled` at the end only when asked for.
//
// ## Guarantees
// * What to_json() writes, Curator reads, if it can read the payload.
// * The payload is kept as the text that it was read as, whatever it is.
//
// ## Does not guarantee
// * Members that Curator does not know are ignored, and not written back.
// * Java insists on the class of a payload that is an object: without `"@class"` it becomes a map,
//   with a class that it does not have it is an error that makes Java skip the instance. A string
//   or a number is safe.
//
// ## Example
//     drover::ServiceInstance web = drover::new_service_instance(client, "web");
//     web.port = 8080;
//     web.uri_spec = *drover::UriSpec::parse("{scheme}://{address}:{port}");

#include <drover/client.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover {

enum class ServiceType : std::uint8_t {
  kDynamic,            // ephemeral: goes with the session that registered it
  kStatic,             // stays
  kPermanent,          // stays
  kDynamicSequential,  // ephemeral, with a number behind its id
};

[[nodiscard]] std::string_view to_string(ServiceType type);  // as in the JSON: "DYNAMIC"

struct ServiceInstance;

// A URI with parts to be filled in.
struct UriSpec {
  struct Part {
    std::string value;  // text, or a variable's name
    bool is_variable = false;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts{};

  // "{scheme}://{address}:{port}". Errors: kBadArguments (braces that do not match).
  [[nodiscard]] static Result<UriSpec> parse(std::string_view text);

  // The variables name, id, address, port, ssl-port, registration-time-utc, service-type, scheme
  // (https if the instance has an ssl_port), `[` and `]` (braces), and those given, which come
  // first. One that has no value becomes nothing.
  [[nodiscard]] std::string build(const ServiceInstance& instance,
                                  const std::map<std::string, std::string>& variables = {}) const;

  friend bool operator==(const UriSpec&, const UriSpec&) = default;
};

struct ServiceInstance {
  std::string name{};  // of the service
  std::string id{};
  std::optional<std::string> address{};
  std::optional<std::int32_t> port{};
  std::optional<std::int32_t> ssl_port{};
  std::string payload = "null";            // JSON text
  std::int64_t registration_time_utc = 0;  // ms since 1970
  ServiceType type = ServiceType::kDynamic;
  std::optional<UriSpec> uri_spec{};
  bool enabled = true;

  // "" without a uri_spec.
  [[nodiscard]] std::string uri() const { return uri_spec ? uri_spec->build(*this) : ""; }

  friend bool operator==(const ServiceInstance&, const ServiceInstance&) = default;
};

// Requires that the payload is JSON. `with_enabled`: for readers that are not in Curator's
// compatible mode.
[[nodiscard]] std::string to_json(const ServiceInstance& instance, bool with_enabled = false);
// What is missing has its default. Errors: kCorruptPayload.
[[nodiscard]] Result<ServiceInstance> service_instance_from_json(BytesView json);

// With a new id, the time, and local_address().
[[nodiscard]] ServiceInstance new_service_instance(const Client& client, std::string name);

// The first address of this machine that is neither a loopback nor a link-local one.
[[nodiscard]] std::optional<std::string> local_address();

// A payload of text: the text as JSON.
[[nodiscard]] std::string text_payload(std::string_view text);
// The text of such a payload. Errors: kCorruptPayload.
[[nodiscard]] Result<std::string> payload_text(std::string_view payload);

}  // namespace drover
