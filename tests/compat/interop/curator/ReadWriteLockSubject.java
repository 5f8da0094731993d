import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;

/** InterProcessReadWriteLock: every op names its `side`, read or write. */
final class ReadWriteLockSubject implements Subject {
    private final PeerClient client;
    private final InterProcessReadWriteLock lock;
    private final String path;

    ReadWriteLockSubject(PeerClient client, Request request) {
        this.client = client;
        path = request.text("path");
        lock =
                request.has("data")
                        ? new InterProcessReadWriteLock(client.curator, path, request.bytes("data"))
                        : new InterProcessReadWriteLock(client.curator, path);
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        boolean reads = request.text("side").equals("read");
        InterProcessMutex side = reads ? lock.readLock() : lock.writeLock();
        if (op.equals("participants")) {
            Collection<String> nodes = side.getParticipantNodes();
            return nodes;
        }
        return Sections.call(
                client.curator, asLock(side, reads ? "__READ__" : "__WRIT__"), op, request);
    }

    private Sections.Lock asLock(InterProcessMutex side, String kind) {
        return new Sections.Lock() {
            @Override
            public boolean acquire(long timeoutMs) throws Exception {
                return side.acquire(timeoutMs, TimeUnit.MILLISECONDS);
            }

            @Override
            public void release() throws Exception {
                side.release();
            }

            @Override
            public String node() throws Exception {
                return nodeOfSession(kind);
            }
        };
    }

    /** Curator does not tell it, so it is looked for by its owner. */
    private String nodeOfSession(String kind) throws Exception {
        for (String child : client.curator.getChildren().forPath(path)) {
            String node = path + "/" + child;
            org.apache.zookeeper.data.Stat stat = client.curator.checkExists().forPath(node);
            boolean own = stat != null && stat.getEphemeralOwner() == client.sessionId();
            if (own && child.contains(kind)) {
                return node;
            }
        }
        return null;
    }
}
