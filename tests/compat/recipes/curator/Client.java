import java.util.ArrayList;
import java.util.List;
import org.apache.curator.RetryPolicy;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;

/**
 * One Curator client, and what its users must know of its connection: a holder of a lock holds
 * it no more from the moment the connection is suspended, because its session may then end unseen.
 */
final class Client implements AutoCloseable {
    static final int SESSION_MS = 6000;

    final String name;
    final CuratorFramework curator;
    private final List<Runnable> beliefs = new ArrayList<>();
    private boolean connected;
    private int losses;

    Client(String name, String connectString, RetryPolicy retries) throws Exception {
        this.name = name;
        curator = CuratorFrameworkFactory.newClient(connectString, SESSION_MS, SESSION_MS, retries);
        curator.getConnectionStateListenable().addListener((client, state) -> changed(state));
        curator.start();
        curator.blockUntilConnected();
        Waiting.until(this::isConnected, name + " connects");
    }

    synchronized boolean isConnected() {
        return connected;
    }

    /** How often Curator has given a session up. */
    synchronized int losses() {
        return losses;
    }

    /** Enters if the connection stands; from then on its next trouble ends the belief. */
    synchronized boolean believe(OneAtATime truth, String who) {
        if (!connected) {
            return false;
        }
        truth.enter(who);
        beliefs.add(() -> truth.leave(who));
        return true;
    }

    /**
     * A holder who knows nothing of its last write does not give up by itself: it hangs until
     * it is connected again, and only what it is told of its connection ends its belief.
     */
    void hangUnless(boolean counted) throws Exception {
        if (!counted) {
            curator.checkExists().forPath("/");
        }
    }

    private synchronized void changed(ConnectionState state) {
        connected = state.isConnected();
        losses += state == ConnectionState.LOST ? 1 : 0;
        if (!connected) {
            beliefs.forEach(Runnable::run);
            beliefs.clear();
        }
    }

    @Override
    public void close() {
        curator.close();
    }
}
