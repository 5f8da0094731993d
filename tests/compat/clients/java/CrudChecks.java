import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** Create, read, update, delete, and every field of Stat on the way. */
final class CrudChecks {
    private static final long CLOCK_SLACK_MS = 60_000;

    static void run(Conversation talk, Session session) {
        ZooKeeper zk = session.zk;
        talk.check("crud.create", () -> {
            Stat created = new Stat();
            Conversation.equal("/crud", zk.create("/crud", Session.bytes("one"),
                    Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, created), "path");
            fresh(created, 3, 0);
            Conversation.equal(created, zk.exists("/crud", false), "Stat of exists");
        });
        talk.check("crud.get", () -> {
            Stat stat = new Stat();
            byte[] data = zk.getData("/crud", false, stat);
            Conversation.equal("one", new String(data), "data");
            fresh(stat, 3, 0);
        });
        talk.check("crud.set", () -> set(zk));
        talk.check("crud.children", () -> children(session));
        talk.check("crud.null-data", () -> {
            zk.create("/crud/null", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            zk.create("/crud/empty", new byte[0], Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            Conversation.equal(null, zk.getData("/crud/null", false, null), "null data");
            Conversation.equal(0, zk.getData("/crud/empty", false, null).length, "empty data");
        });
        talk.check("crud.errors", () -> errors(session));
        talk.check("crud.large", () -> {
            byte[] large = new byte[1_000_000];
            Arrays.fill(large, (byte) 0xa5);
            zk.setData("/crud", large, -1);
            Conversation.holds(Arrays.equals(large, zk.getData("/crud", false, null)),
                    "same bytes");
        });
        talk.check("crud.delete", () -> {
            zk.delete("/crud/null", 0);
            zk.delete("/crud/empty", -1);
            Conversation.equal(null, zk.exists("/crud/null", false), "Stat of a deleted znode");
            Conversation.equal(8, zk.exists("/crud", false).getCversion(),
                    "cversion of the parent");
        });
    }

    private static void fresh(Stat stat, int dataLength, long owner) {
        Conversation.holds(stat.getCzxid() > 0, "czxid is set");
        Conversation.equal(stat.getCzxid(), stat.getMzxid(), "mzxid");
        Conversation.equal(stat.getCzxid(), stat.getPzxid(), "pzxid");
        Conversation.equal(stat.getCtime(), stat.getMtime(), "mtime");
        long age = System.currentTimeMillis() - stat.getCtime();
        Conversation.holds(Math.abs(age) < CLOCK_SLACK_MS, "ctime is now");
        Conversation.equal("0 0 0",
                stat.getVersion() + " " + stat.getCversion() + " " + stat.getAversion(),
                        "versions");
        Conversation.equal(owner, stat.getEphemeralOwner(), "ephemeralOwner");
        Conversation.equal(dataLength, stat.getDataLength(), "dataLength");
        Conversation.equal(0, stat.getNumChildren(), "numChildren");
    }

    private static void set(ZooKeeper zk) throws Exception {
        Stat before = zk.exists("/crud", false);
        Stat after = zk.setData("/crud", Session.bytes("three"), 0);
        Conversation.equal(before.getCzxid(), after.getCzxid(), "czxid");
        Conversation.equal(before.getPzxid(), after.getPzxid(), "pzxid");
        Conversation.equal(before.getCtime(), after.getCtime(), "ctime");
        Conversation.holds(after.getMzxid() > before.getMzxid(), "mzxid grows");
        Conversation.holds(after.getMtime() >= before.getMtime(), "mtime does not go back");
        Conversation.equal(1, after.getVersion(), "version");
        Conversation.equal(5, after.getDataLength(), "dataLength");
        Conversation.equal(after, zk.exists("/crud", false), "Stat of exists");
    }

    private static void children(Session session) throws Exception {
        ZooKeeper zk = session.zk;
        for (String name : List.of("c", "a", "b")) {
            session.create("/crud/" + name, "");
        }
        Stat parent = new Stat();
        List<String> names = zk.getChildren("/crud", false, parent);
        Collections.sort(names);
        Conversation.equal(List.of("a", "b", "c"), names, "children with Stat");
        Conversation.equal(new TreeSet<>(names), new TreeSet<>(zk.getChildren("/crud", false)),
                "children without Stat");
        Conversation.equal(3, parent.getNumChildren(), "numChildren");
        Conversation.equal(3, parent.getCversion(), "cversion");
        Stat last = zk.exists("/crud/b", false);
        Conversation.equal(last.getCzxid(), parent.getPzxid(), "pzxid of the parent");
        zk.delete("/crud/a", -1);
        Conversation.equal(4, zk.exists("/crud", false).getCversion(), "cversion counts deletes");
    }

    private static void errors(Session session) throws Exception {
        ZooKeeper zk = session.zk;
        Conversation.refused(Code.NODEEXISTS, () -> session.create("/crud", ""));
        Conversation.refused(Code.NONODE, () -> session.create("/crud/none/child", ""));
        Conversation.refused(Code.NONODE, () -> zk.getData("/crud/none", false, null));
        Conversation.refused(Code.NONODE, () -> zk.setData("/crud/none", null, -1));
        Conversation.refused(Code.NONODE, () -> zk.delete("/crud/none", -1));
        Conversation.refused(Code.NONODE, () -> zk.getChildren("/crud/none", false));
        Conversation.refused(Code.NOTEMPTY, () -> zk.delete("/crud", -1));
        Conversation.refused(Code.BADVERSION, () -> zk.setData("/crud", null, 7));
        Conversation.refused(Code.BADVERSION, () -> zk.delete("/crud/b", 7));
        Conversation.refused(Code.BADARGUMENTS, () -> zk.delete("/zookeeper", -1));
    }
}
