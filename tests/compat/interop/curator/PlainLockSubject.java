import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;

/** The locks that do not tell which znode is theirs. */
final class PlainLockSubject implements Subject, Sections.Lock {
    private final PeerClient client;
    private final InterProcessLock lock;

    private PlainLockSubject(PeerClient client, InterProcessLock lock) {
        this.client = client;
        this.lock = lock;
    }

    static PlainLockSubject semaphoreMutex(PeerClient client, Request request) {
        return new PlainLockSubject(
                client, new InterProcessSemaphoreMutex(client.curator, request.text("path")));
    }

    static PlainLockSubject multiLock(PeerClient client, Request request) {
        return new PlainLockSubject(
                client, new InterProcessMultiLock(client.curator, request.texts("paths")));
    }

    @Override
    public boolean acquire(long timeoutMs) throws Exception {
        return lock.acquire(timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void release() throws Exception {
        lock.release();
    }

    @Override
    public String node() {
        return null;
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        return Sections.call(client.curator, this, op, request);
    }
}
