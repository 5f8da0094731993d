import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;

/** CuratorCache of a tree (or one znode): tells `cache` for every event. */
final class CacheSubject implements Subject {
    private final CuratorCache cache;

    CacheSubject(PeerClient client, Request request, Events events) {
        String path = request.text("path");
        cache =
                request.flag("single")
                        ? CuratorCache.build(
                                client.curator, path, CuratorCache.Options.SINGLE_NODE_CACHE)
                        : CuratorCache.build(client.curator, path);
        cache.listenable()
                .addListener(
                        new CuratorCacheListener() {
                            @Override
                            public void event(Type type, ChildData before, ChildData after) {
                                events.tell("cache", change(type, before, after));
                            }

                            @Override
                            public void initialized() {
                                events.tell("initialized", null);
                            }
                        });
    }

    private static Map<String, Object> change(
            CuratorCacheListener.Type type, ChildData before, ChildData after) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("type", type.name().replace("NODE_", "").toLowerCase());
        fields.put("path", (after != null ? after : before).getPath());
        fields.put("data", after != null ? Hex.encode(after.getData()) : null);
        return fields;
    }

    @Override
    public Object call(String op, Request request) {
        switch (op) {
            case "start": cache.start(); return null;
            case "snapshot": return snapshot();
            case "close": cache.close(); return null;
            default: throw Subject.unknown(op);
        }
    }

    /** path -> [data, mzxid] */
    private Map<String, Object[]> snapshot() {
        Map<String, Object[]> nodes = new TreeMap<>();
        cache.stream()
                .forEach(
                        node ->
                                nodes.put(
                                        node.getPath(),
                                        new Object[] {
                                            Hex.encode(node.getData()), node.getStat().getMzxid()
                                        }));
        return nodes;
    }
}
