// The JSON to the byte, as Curator 5.4.0 and 5.9 wrote it, and everything that is none.

#include <drover/recipes/service_instance.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover {
namespace {

constexpr std::string_view kGolden =
    R"({"name":"web","id":"id1","address":"10.0.0.1","port":80,"sslPort":null,"payload":"pl",)"
    R"("registrationTimeUTC":123,"serviceType":"DYNAMIC","uriSpec":{"parts":[)"
    R"({"value":"scheme","variable":true},{"value":"://","variable":false},)"
    R"({"value":"address","variable":true}]}})";

ServiceInstance golden_instance() {
  return {.name = "web",
          .id = "id1",
          .address = "10.0.0.1",
          .port = 80,
          .payload = text_payload("pl"),
          .registration_time_utc = 123,
          .uri_spec = *UriSpec::parse("{scheme}://{address}")};
}

TEST(ServiceInstanceTest, WritesCuratorsJson) {
  EXPECT_EQ(to_json(golden_instance()), kGolden);
  ServiceInstance disabled = golden_instance();
  disabled.enabled = false;
  const std::string with_enabled = to_json(disabled, true);
  EXPECT_EQ(with_enabled,
            std::string(kGolden.substr(0, kGolden.size() - 1)) + R"(,"enabled":false})");
  EXPECT_EQ(to_json(ServiceInstance{.name = "a", .id = "b"}),
            R"({"name":"a","id":"b","address":null,"port":null,"sslPort":null,"payload":null,)"
            R"("registrationTimeUTC":0,"serviceType":"DYNAMIC","uriSpec":null})");
}

TEST(ServiceInstanceTest, ReadsCuratorsJson) {
  const auto read = service_instance_from_json(as_bytes(kGolden));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, golden_instance());
}

TEST(ServiceInstanceTest, EveryTypeThereAndBack) {
  for (const ServiceType type : {ServiceType::kDynamic, ServiceType::kStatic,
                                 ServiceType::kPermanent, ServiceType::kDynamicSequential}) {
    const ServiceInstance instance{.name = "a", .id = "b", .type = type, .enabled = false};
    const auto read = service_instance_from_json(as_bytes(to_json(instance, true)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, instance);
  }
}

TEST(ServiceInstanceTest, AnEmptyObjectIsADynamicEnabledInstance) {
  const auto read = service_instance_from_json(as_bytes("{}"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, ServiceInstance());
}

TEST(ServiceInstanceTest, PayloadsAreKeptToTheLetter) {
  for (const std::string_view payload :
       {R"({"@class":"com.acme.Load", "value" : 1.50e3, "deep":[{"a":null}]})",
        R"(["java.lang.Long",42])", "1E0", "true", R"("\u00e9 \/")"}) {
    const std::string json =
        R"({"name":"n", "payload": )" + std::string(payload) + R"( ,"id":"i"})";
    const auto read = service_instance_from_json(as_bytes(json));
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(read->payload, payload);
    EXPECT_THAT(to_json(*read), testing::HasSubstr("\"payload\":" + std::string(payload) + ","));
  }
}

TEST(ServiceInstanceTest, TextIsEscapedAsJacksonDoes) {
  EXPECT_EQ(text_payload("a\"\\\n\x1f/\xc3\xa9"), "\"a\\\"\\\\\\n\\u001F/\xc3\xa9\"");
  const auto text = payload_text(R"("A\u00e9\ud83d\ude00\/")");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "A\xc3\xa9\xf0\x9f\x98\x80/");
}

TEST(ServiceInstanceTest, RefusesWhatIsNone) {
  const std::string deep = R"({"payload":)" + std::string(5000, '[') + std::string(5000, ']') + "}";
  for (const std::string_view json :
       {std::string_view(""), std::string_view("10.0.0.1"), std::string_view("[]"),
        std::string_view("{"), std::string_view(R"({"name":1})"),
        std::string_view(R"({"port":"80"})"), std::string_view(R"({"port":80.5})"),
        std::string_view(R"({"port":2147483648})"), std::string_view(R"({"name":"a"} x)"),
        std::string_view(R"({"serviceType":"OTHER"})"), std::string_view(R"({"enabled":1})"),
        std::string_view(R"({"payload":01})"), std::string_view(R"({"payload":"\ud800"})"),
        std::string_view(R"({"uriSpec":{"parts":{}}})"), std::string_view(deep)}) {
    const auto read = service_instance_from_json(as_bytes(json));
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().code, ErrorCode::kCorruptPayload);
  }
}

TEST(ServiceInstanceTest, NoCutJsonIsTaken) {
  for (std::size_t size = 0; size < kGolden.size(); ++size) {
    EXPECT_FALSE(service_instance_from_json(as_bytes(kGolden.substr(0, size)))) << size;
  }
}

TEST(UriSpecTest, FillsInVariables) {
  ServiceInstance instance = golden_instance();
  instance.uri_spec =
      *UriSpec::parse("{scheme}://{address}:{port}/{name}/{id}{ssl-port}?{[}{service-type}{]}{x}");
  EXPECT_EQ(instance.uri(), "http://10.0.0.1:80/web/id1?{dynamic}");
  instance.ssl_port = 443;
  EXPECT_EQ(instance.uri_spec->build(instance, {{"x", "X"}, {"port", "443"}}),
            "https://10.0.0.1:443/web/id1443?{dynamic}X");
}

TEST(UriSpecTest, RefusesBracesThatDoNotMatch) {
  for (const std::string_view text : {"{a", "a}", "{a{b}}", "}{"}) {
    EXPECT_FALSE(UriSpec::parse(text)) << text;
  }
  EXPECT_TRUE(UriSpec::parse("")->parts.empty());
}

}  // namespace
}  // namespace drover
