import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.Revoker;

/** InterProcessMutex; revocable when asked for. */
final class MutexSubject implements Subject, Sections.Lock {
    /** Tells the path of its own znode, which Curator keeps for its children. */
    private static final class Named extends InterProcessMutex {
        Named(CuratorFramework curator, String path) {
            super(curator, path);
        }

        String node() {
            return getLockPath();
        }
    }

    private final PeerClient client;
    private final Named mutex;

    MutexSubject(PeerClient client, Request request, Events events) {
        this.client = client;
        mutex = new Named(client.curator, request.text("path"));
        if (request.flag("revocable")) {
            mutex.makeRevocable(lock -> events.tell("revoked", null));
        }
    }

    @Override
    public boolean acquire(long timeoutMs) throws Exception {
        return mutex.acquire(timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void release() throws Exception {
        mutex.release();
    }

    @Override
    public String node() {
        return mutex.node();
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "participants": return mutex.getParticipantNodes();
            case "revoke":
                Revoker.attemptRevoke(client.curator, request.text("node"));
                return null;
            default: return Sections.call(client.curator, this, op, request);
        }
    }
}
