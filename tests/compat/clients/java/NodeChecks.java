import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** Znodes with a life of their own: ephemeral, sequential, containers, and those with a TTL. */
final class NodeChecks {
    static void run(Conversation talk, String connectString, Session session) {
        ZooKeeper zk = session.zk;
        talk.check("node.ephemeral", () -> {
            session.create("/node", "");
            try (Session owner = new Session(connectString, Session.LONG_TIMEOUT_MS)) {
                owner.create("/node/ephemeral", "", CreateMode.EPHEMERAL);
                Conversation.equal(owner.zk.getSessionId(),
                        zk.exists("/node/ephemeral", false).getEphemeralOwner(), "ephemeralOwner");
                Conversation.refused(Code.NOCHILDRENFOREPHEMERALS,
                        () -> session.create("/node/ephemeral/child", ""));
            }
            // The reply to closing a session comes after its znodes are gone.
            Conversation.equal(null, zk.exists("/node/ephemeral", false), "Stat after close");
        });
        talk.check("node.sequential", () -> {
            session.create("/queue", "");
            Conversation.equal("/queue/a0000000000",
                    session.create("/queue/a", "", CreateMode.PERSISTENT_SEQUENTIAL), "first");
            session.create("/queue/plain", "");
            Conversation.equal("/queue/0000000002",
                    session.create("/queue/", "", CreateMode.EPHEMERAL_SEQUENTIAL), "third");
            zk.delete("/queue/0000000002", -1);
            Conversation.equal("/queue/b0000000003",
                    session.create("/queue/b", "", CreateMode.EPHEMERAL_SEQUENTIAL), "fourth");
        });
        talk.check("node.container", () -> {
            Stat stat = new Stat();
            zk.create("/container", null, Ids.OPEN_ACL_UNSAFE, CreateMode.CONTAINER, stat);
            Conversation.equal(0L, stat.getEphemeralOwner(), "ephemeralOwner of a container");
            session.create("/container/child", "");
            zk.delete("/container/child", -1);
            session.awaitGone("/container");
        });
        talk.check("node.ttl", () -> {
            Stat stat = new Stat();
            zk.create("/ttl", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, stat,
                    300);
            Conversation.equal(0L, stat.getEphemeralOwner(), "ephemeralOwner with a TTL");
            session.awaitGone("/ttl");
            String path = zk.create("/ttl-", null, Ids.OPEN_ACL_UNSAFE,
                    CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 300);
            Conversation.holds(path.matches("/ttl-\\d{10}"), "sequential suffix on " + path);
            session.awaitGone(path);
        });
        talk.check("node.sync", () -> {
            ArrayBlockingQueue<String> reply = new ArrayBlockingQueue<>(1);
            zk.sync("/node", (rc, path, context) -> reply.add(rc + " " + path), null);
            Conversation.equal("0 /node", reply.poll(20, TimeUnit.SECONDS), "sync");
        });
        talk.check("node.config", () ->
                Conversation.equal(List.of("config", "quota"), sorted(zk), "/zookeeper"));
    }

    private static List<String> sorted(ZooKeeper zk) throws Exception {
        List<String> names = zk.getChildren("/zookeeper", false);
        names.sort(null);
        return names;
    }
}
