import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** InterProcessMutex: never two holders; what is counted under it is counted once. */
final class MutexToil extends Toil {
    private static final String PATH = "/recipes/mutex";
    private static final int RAISES = 3;

    private final OneAtATime truth = new OneAtATime("mutex");
    private final Ledger ledger;

    /** Tells the znode by which it is held. */
    private static final class Mutex extends InterProcessMutex {
        Mutex(CuratorFramework client) {
            super(client, PATH);
        }

        String held() {
            return getLockPath();
        }
    }

    MutexToil(List<Client> clients) throws Exception {
        ledger = new Ledger(clients.get(0), "/recipes/mutex-ledger", complaints);
        for (Client client : clients) {
            every("mutex of " + client.name, 5, () -> attempt(client));
        }
    }

    private boolean attempt(Client client) throws Exception {
        Mutex mutex = new Mutex(client.curator);
        if (!mutex.acquire(5, TimeUnit.SECONDS)) {
            return false;
        }
        try {
            return hold(client, mutex.held());
        } finally {
            truth.leave(client.name);
            mutex.release();
        }
    }

    private boolean hold(Client client, String znode) throws Exception {
        ZooKeeper session = client.curator.getZookeeperClient().getZooKeeper();
        Stat right = session.exists(znode, false);
        if (right == null || right.getEphemeralOwner() != session.getSessionId()) {
            return false; // The session ended while acquire() returned.
        }
        boolean counted = client.believe(truth, client.name);
        try {
            for (int i = 0; i < RAISES && counted; i++) {
                counted = false;
                counted = truth.isHeldBy(client.name)
                        && ledger.raise(session, client.name, right.getCzxid());
            }
        } finally {
            client.hangUnless(counted);
        }
        return counted;
    }

    @Override
    void judge(Client reader) throws Exception {
        complaints.addAll(truth.complaints);
        noComplaints();
        ledger.judge(reader.curator.getZookeeperClient().getZooKeeper());
    }

    String account() {
        return achieved() + " times held, " + ledger.account();
    }
}
