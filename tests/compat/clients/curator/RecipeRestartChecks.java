import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.data.Stat;

/** What recipes make of a server that goes away, and of a session that expires. */
final class RecipeRestartChecks {
    static void run(Conversation talk, CuratorFramework one, CuratorFramework two) {
        for (String signal : new String[] {"term", "kill"}) {
            talk.check("restart." + signal, () -> restart(talk, signal, one, two));
        }
    }

    private static void restart(
            Conversation talk, String signal, CuratorFramework one, CuratorFramework two)
            throws Exception {
        String path = "/restart-" + signal;
        two.create().forPath(path, Session.bytes("before"));
        long sessionId = one.getZookeeperClient().getZooKeeper().getSessionId();
        try (LeaderLatch latch = new LeaderLatch(one, path + "-latch");
                CuratorCache cache = CuratorCache.build(one, path)) {
            latch.start();
            cache.start();
            Conversation.holds(latch.await(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                    "it leads");
            Waiting.until(() -> cache.get(path).isPresent(), "the cache is filled");
            talk.ask("restart " + signal);
            two.setData().forPath(path, Session.bytes("after"));
            Waiting.until(() -> cache.get(path)
                    .filter(node -> new String(node.getData()).equals("after")).isPresent(),
                    "the cache sees the change");
            Waiting.until(latch::hasLeadership, "it leads again");
            Conversation.equal(sessionId, one.getZookeeperClient().getZooKeeper().getSessionId(),
                    "session id");
        }
    }

    /** The session of `silent`, behind the gate, expires; its recipes come back in a new one. */
    static void expiry(Conversation talk, CuratorFramework silent, CuratorFramework survivor)
            throws Exception {
        CountDownLatch lost = new CountDownLatch(1);
        silent.getConnectionStateListenable().addListener((client, state) -> {
            if (state == ConnectionState.LOST) {
                lost.countDown();
            }
        });
        try (PersistentNode node =
                new PersistentNode(silent, CreateMode.EPHEMERAL, false, "/expiring",
                        new byte[0])) {
            node.start();
            Conversation.holds(node.waitForInitialCreate(Waiting.DEADLINE_SECONDS,
                    TimeUnit.SECONDS),
                    "it is created");
            long owner = survivor.checkExists().forPath("/expiring").getEphemeralOwner();
            talk.ask("gate freeze");
            talk.check("expiry.ephemeral", () -> Waiting.until(
                    () -> survivor.checkExists().forPath("/expiring") == null, "the znode goes"));
            talk.ask("gate open");
            talk.check("expiry.client", () -> Conversation.holds(
                    lost.await(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS), "LOST is told"));
            talk.check("expiry.recovery", () -> Waiting.until(() -> {
                Stat stat = survivor.checkExists().forPath("/expiring");
                return stat != null && stat.getEphemeralOwner() != owner;
            }, "the znode is back, owned by a new session"));
        }
    }
}
