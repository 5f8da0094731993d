import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** LeaderLatch: never two leaders, as Curator's own listener tells who leads. */
final class LatchToil extends Toil {
    private static final int RAISES = 5;

    private final OneAtATime truth = new OneAtATime("leadership");
    private final Ledger ledger;

    LatchToil(List<Client> clients) throws Exception {
        ledger = new Ledger(clients.get(0), "/recipes/latch-ledger", complaints);
        for (Client client : clients) {
            every("latch of " + client.name, 20, () -> attempt(client));
        }
    }

    /** One candidacy; it tells the truth until it is over, then nothing any more. */
    private final class Candidacy implements LeaderLatchListener {
        private final String who;
        private boolean over;

        Candidacy(String who) {
            this.who = who;
        }

        @Override
        public synchronized void isLeader() {
            if (!over) {
                truth.enter(who);
            }
        }

        @Override
        public synchronized void notLeader() {
            truth.leave(who);
        }

        synchronized void end() {
            over = true;
            truth.leave(who);
        }
    }

    private boolean attempt(Client client) throws Exception {
        Candidacy candidacy = new Candidacy(client.name);
        LeaderLatch latch = new LeaderLatch(client.curator, "/recipes/latch", client.name);
        latch.addListener(candidacy);
        latch.start();
        try {
            return latch.await(5, TimeUnit.SECONDS) && lead(client, latch);
        } finally {
            candidacy.end();
            latch.close();
        }
    }

    private boolean lead(Client client, LeaderLatch latch) throws Exception {
        ZooKeeper session = client.curator.getZookeeperClient().getZooKeeper();
        String znode = latch.getOurPath();
        Stat right = znode == null ? null : session.exists(znode, false);
        if (right == null || right.getEphemeralOwner() != session.getSessionId()) {
            return false;
        }
        boolean counted = true;
        try {
            for (int i = 0; i < RAISES && counted; i++) {
                counted = false;
                // After a reconnection it may lead again, by another znode: another right.
                counted = truth.isHeldBy(client.name) && znode.equals(latch.getOurPath())
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
        return achieved() + " terms, " + ledger.account();
    }
}
