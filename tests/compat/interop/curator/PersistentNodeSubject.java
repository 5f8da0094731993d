import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.zookeeper.CreateMode;

/** PersistentNode; `start` answers the path once it was created. */
final class PersistentNodeSubject implements Subject {
    private final PersistentNode node;

    PersistentNodeSubject(PeerClient client, Request request) {
        node =
                new PersistentNode(
                        client.curator,
                        CreateMode.valueOf(request.text("mode", "EPHEMERAL")),
                        request.flag("protect"),
                        request.text("path"),
                        request.bytes("data"));
    }

    @Override
    public Object call(String op, Request request) throws Exception {
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
