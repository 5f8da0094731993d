import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.zookeeper.CreateMode;

/** PersistentNode, or with `ttl_ms` PersistentTtlNode; `start` answers the path once it was created. */
final class PersistentNodeSubject implements Subject {
    private final PersistentNode node;
    private final PersistentTtlNode ttlNode; // null without a TTL

    PersistentNodeSubject(PeerClient client, Request request) {
        byte[] data = request.bytes("data");
        String path = request.text("path");
        if (request.has("ttl_ms")) {
            node = null;
            ttlNode = new PersistentTtlNode(client.curator, path, request.number("ttl_ms"), data);
            return;
        }
        ttlNode = null;
        CreateMode mode = CreateMode.valueOf(request.text("mode", "EPHEMERAL"));
        node = new PersistentNode(client.curator, mode, request.flag("protect"), path, data);
    }

    /** The same operations. */
    private Object callTtl(String op, Request request) throws Exception {
        switch (op) {
            case "start":
                ttlNode.start();
                if (!ttlNode.waitForInitialCreate(30, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("not created within 30 s");
                }
                return null;
            case "set": ttlNode.setData(request.bytes("data")); return null;
            case "close": ttlNode.close(); return null;
            default: throw Subject.unknown(op);
        }
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        if (ttlNode != null) {
            return callTtl(op, request);
        }
        switch (op) {
            case "start":
                node.start();
                if (!node.waitForInitialCreate(30, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("not created within 30 s");
                }
                return node.getActualPath();
            case "path": return node.getActualPath();
            case "set": node.setData(request.bytes("data")); return null;
            case "close": node.close(); return null;
            default: throw Subject.unknown(op);
        }
    }
}
