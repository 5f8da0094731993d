import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.data.Stat;

/** One client: a session, its states told as events, and the requests that need no recipe. */
final class PeerClient {
    final CuratorFramework curator;
    private final Talk talk;
    private final String name;

    PeerClient(String name, Request request, Talk talk) throws Exception {
        this.name = name;
        this.talk = talk;
        int sessionMs = (int) request.number("session_ms", 4000);
        CuratorFrameworkFactory.Builder builder =
                CuratorFrameworkFactory.builder()
                        .connectString(request.text("connect"))
                        .sessionTimeoutMs(sessionMs)
                        .connectionTimeoutMs((int) request.number("connection_ms", 15_000))
                        .retryPolicy(retries(request));
        if (request.has("namespace")) {
            builder.namespace(request.text("namespace"));
        }
        if (request.has("default_data")) {
            builder.defaultData(request.bytes("default_data"));
        }
        curator = builder.build();
        curator.getConnectionStateListenable()
                .addListener((client, state) -> talk.event(name, "state", state.name()));
        curator.start();
        if (!curator.blockUntilConnected(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("not connected within 30 s");
        }
    }

    static RetryNTimes retries(Request request) {
        return new RetryNTimes(
                (int) request.number("retries", 100), (int) request.number("retry_ms", 100));
    }

    long sessionId() throws Exception {
        return curator.getZookeeperClient().getZooKeeper().getSessionId();
    }

    Object call(String op, Request request) throws Exception {
        switch (op) {
            case "session": return sessionId();
            case "close": curator.close(); return null;
            case "create": return create(request);
            case "set": return set(request);
            case "get": return get(request);
            case "delete": return delete(request);
            case "exists": return stat(curator.checkExists().forPath(request.text("path")));
            case "children": return curator.getChildren().forPath(request.text("path"));
            case "watch": return watch(request);
            case "transaction": return transaction(request);
            default: throw Subject.unknown(op);
        }
    }

    private String create(Request request) throws Exception {
        CreateMode mode = CreateMode.valueOf(request.text("mode", "PERSISTENT"));
        String path = request.text("path");
        byte[] data = request.has("data") ? request.bytes("data") : new byte[0];
        if (request.flag("protect")) {
            return curator.create().creatingParentContainersIfNeeded().withProtection()
                    .withMode(mode).forPath(path, data);
        }
        if (request.flag("compress")) {
            return curator.create().compressed().creatingParentContainersIfNeeded()
                    .withMode(mode).forPath(path, data);
        }
        if (request.flag("parents")) {
            return curator.create().creatingParentsIfNeeded().withMode(mode).forPath(path, data);
        }
        return curator.create().withMode(mode).forPath(path, data);
    }

    private Map<String, Object> set(Request request) throws Exception {
        int version = (int) request.number("version", -1);
        byte[] data = request.bytes("data");
        Stat stat =
                request.flag("compress")
                        ? curator.setData().compressed().withVersion(version)
                                .forPath(request.text("path"), data)
                        : curator.setData().withVersion(version)
                                .forPath(request.text("path"), data);
        return stat(stat);
    }

    private Map<String, Object> get(Request request) throws Exception {
        Stat stat = new Stat();
        String path = request.text("path");
        byte[] data =
                request.flag("decompress")
                        ? curator.getData().decompressed().storingStatIn(stat).forPath(path)
                        : curator.getData().storingStatIn(stat).forPath(path);
        Map<String, Object> found = stat(stat);
        found.put("data", Hex.encode(data));
        return found;
    }

    private Object delete(Request request) throws Exception {
        String path = request.text("path");
        if (request.flag("recursive")) {
            curator.delete().deletingChildrenIfNeeded().forPath(path);
        } else {
            curator.delete().withVersion((int) request.number("version", -1)).forPath(path);
        }
        return null;
    }

    /** One-shot watch of `of`: data, exists or children. The event names the path it tells. */
    private Object watch(Request request) throws Exception {
        String path = request.text("path");
        CuratorWatcher watcher =
                event -> {
                    Map<String, Object> value = new HashMap<>();
                    value.put("type", event.getType().name());
                    value.put("path", event.getPath());
                    talk.event(name, "watch", value);
                };
        switch (request.text("of")) {
            case "data": curator.getData().usingWatcher(watcher).forPath(path); return null;
            case "exists": curator.checkExists().usingWatcher(watcher).forPath(path); return null;
            case "children": curator.getChildren().usingWatcher(watcher).forPath(path); return null;
            default: throw new IllegalArgumentException("no such watch");
        }
    }

    private List<Map<String, Object>> transaction(Request request) throws Exception {
        List<CuratorOp> ops = operations(curator.transactionOp(), request.node("ops"));
        List<Map<String, Object>> results = new ArrayList<>();
        for (CuratorTransactionResult each : curator.transaction().forOperations(ops)) {
            Map<String, Object> result = new HashMap<>();
            result.put("type", each.getType().name().toLowerCase());
            result.put("path", each.getForPath());
            result.put("result_path", each.getResultPath());
            results.add(result);
        }
        return results;
    }

    /** [op, path, data or version ...] as the README lists them. */
    static List<CuratorOp> operations(TransactionOp make, JsonNode list) throws Exception {
        List<CuratorOp> ops = new ArrayList<>();
        for (JsonNode each : list) {
            String path = each.get("path").asText();
            int version = each.path("version").asInt(-1);
            byte[] data = Hex.decode(each.path("data").asText(""));
            switch (each.get("op").asText()) {
                case "create": ops.add(make.create().forPath(path, data)); break;
                case "set": ops.add(make.setData().withVersion(version).forPath(path, data)); break;
                case "check": ops.add(make.check().withVersion(version).forPath(path)); break;
                case "delete": ops.add(make.delete().withVersion(version).forPath(path)); break;
                default: throw Subject.unknown(each.toString());
            }
        }
        return ops;
    }

    static Map<String, Object> stat(Stat stat) {
        if (stat == null) {
            return null;
        }
        Map<String, Object> fields = new HashMap<>();
        fields.put("czxid", stat.getCzxid());
        fields.put("mzxid", stat.getMzxid());
        fields.put("version", stat.getVersion());
        fields.put("owner", stat.getEphemeralOwner());
        fields.put("children", stat.getNumChildren());
        return fields;
    }
}
