import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** One session of the client under test, and the few shorthands that the checks share. */
final class Session implements AutoCloseable {
    /** Outlives a server restart, however busy the machine; these servers grant up to 60 s. */
    static final int LONG_TIMEOUT_MS = 40_000;
    /** The shortest session that a server with tickTime 500 grants. */
    static final int SHORT_TIMEOUT_MS = 1_000;

    private static final long DEADLINE_SECONDS = 30;

    final ZooKeeper zk;
    private final CountDownLatch expired = new CountDownLatch(1);

    Session(String connectString, int timeoutMs) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        zk = new ZooKeeper(connectString, timeoutMs, event -> onState(event, connected));
        if (!connected.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new TimeoutException("no session from " + connectString);
        }
    }

    private void onState(WatchedEvent event, CountDownLatch connected) {
        if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
            connected.countDown();
        } else if (event.getState() == Watcher.Event.KeeperState.Expired) {
            expired.countDown();
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Creates an open, persistent znode. */
    void create(String path, String data) throws KeeperException, InterruptedException {
        create(path, data, CreateMode.PERSISTENT);
    }

    String create(String path, String data, CreateMode mode)
            throws KeeperException, InterruptedException {
        return zk.create(path, bytes(data), ZooDefs.Ids.OPEN_ACL_UNSAFE, mode);
    }

    Stat set(String path, String data) throws KeeperException, InterruptedException {
        return zk.setData(path, bytes(data), -1);
    }

    /** Waits until a request is answered again after the connection was lost. */
    void awaitReconnected() throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (true) {
            try {
                zk.exists("/", false);
                return;
            } catch (KeeperException.ConnectionLossException lost) {
                if (System.nanoTime() > deadline) {
                    throw lost;
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    /** Waits until the server has removed the znode by itself. */
    void awaitGone(String path) throws Exception {
        Events events = new Events();
        if (zk.exists(path, events) != null) {
            events.next(Watcher.Event.EventType.NodeDeleted, path);
        }
    }

    void awaitExpired() throws InterruptedException {
        Conversation.holds(expired.await(DEADLINE_SECONDS, TimeUnit.SECONDS),
                "session is expired");
    }

    @Override
    public void close() throws IOException {
        try {
            zk.close();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
