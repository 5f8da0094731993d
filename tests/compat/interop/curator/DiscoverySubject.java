import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceInstanceBuilder;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.curator.x.discovery.ServiceType;
import org.apache.curator.x.discovery.UriSpec;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;

/** ServiceDiscovery with any payload, and one provider per service that is asked for. */
final class DiscoverySubject implements Subject {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ServiceDiscovery<Object> discovery;
    private final Map<String, ServiceProvider<Object>> providers = new ConcurrentHashMap<>();
    private final Map<String, ServiceInstance<Object>> registered = new ConcurrentHashMap<>();

    DiscoverySubject(PeerClient client, Request request, Events events) throws Exception {
        discovery =
                ServiceDiscoveryBuilder.builder(Object.class)
                        .client(client.curator)
                        .basePath(request.text("path"))
                        .serializer(new JsonInstanceSerializer<>(Object.class))
                        .build();
        discovery.start();
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "register": {
                ServiceInstance<Object> made = instance(request.node("instance"));
                registered.put(made.getId(), made);
                discovery.registerService(made);
                return null;
            }
            case "update": {
                ServiceInstance<Object> made = instance(request.node("instance"));
                registered.put(made.getId(), made);
                discovery.updateService(made);
                return null;
            }
            case "unregister":
                discovery.unregisterService(registered.remove(request.text("id")));
                return null;
            case "names": return discovery.queryForNames();
            case "instances": return all(discovery.queryForInstances(request.text("name")));
            case "provider": return started(request.text("name")) != null;
            case "pick": return fields(started(request.text("name")).getInstance());
            case "provided": return all(started(request.text("name")).getAllInstances());
            case "close": discovery.close(); return null;
            default: throw Subject.unknown(op);
        }
    }

    private ServiceProvider<Object> started(String name) throws Exception {
        ServiceProvider<Object> provider = providers.get(name);
        if (provider == null) {
            provider = discovery.serviceProviderBuilder().serviceName(name).build();
            provider.start();
            providers.put(name, provider);
        }
        return provider;
    }

    private static ServiceInstance<Object> instance(JsonNode given) throws Exception {
        ServiceInstanceBuilder<Object> builder =
                ServiceInstance.builder()
                        .name(given.get("name").asText())
                        .id(given.get("id").asText())
                        .address(given.get("address").asText())
                        .registrationTimeUTC(given.get("registered_ms").asLong())
                        .serviceType(ServiceType.valueOf(given.get("type").asText()));
        if (given.hasNonNull("port")) {
            builder.port(given.get("port").asInt());
        }
        if (given.hasNonNull("ssl_port")) {
            builder.sslPort(given.get("ssl_port").asInt());
        }
        if (given.hasNonNull("payload")) {
            builder.payload(JSON.treeToValue(given.get("payload"), Object.class));
        }
        if (given.hasNonNull("uri_spec")) {
            builder.uriSpec(new UriSpec(given.get("uri_spec").asText()));
        }
        return builder.build();
    }

    private static List<Map<String, Object>> all(Collection<ServiceInstance<Object>> instances) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (ServiceInstance<Object> each : instances) {
            all.add(fields(each));
        }
        return all;
    }

    private static Map<String, Object> fields(ServiceInstance<Object> instance) {
        if (instance == null) {
            return null;
        }
        Map<String, Object> fields = new HashMap<>();
        fields.put("name", instance.getName());
        fields.put("id", instance.getId());
        fields.put("address", instance.getAddress());
        fields.put("port", instance.getPort());
        fields.put("ssl_port", instance.getSslPort());
        fields.put("payload", instance.getPayload());
        fields.put("registered_ms", instance.getRegistrationTimeUTC());
        fields.put("type", instance.getServiceType().name());
        fields.put("enabled", instance.isEnabled());
        fields.put("uri", instance.getUriSpec() == null ? null : instance.buildUriSpec());
        return fields;
    }
}
