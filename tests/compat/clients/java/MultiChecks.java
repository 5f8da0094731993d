import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** multi: all or nothing, and which operation is blamed. */
final class MultiChecks {
    static void run(Conversation talk, Session session) {
        ZooKeeper zk = session.zk;
        talk.check("multi.success", () -> {
            List<OpResult> results = zk.multi(List.of(
                    create("/multi"), create("/multi/a"),
                    Op.setData("/multi/a", Session.bytes("x"), 0), Op.check("/multi/a", 1),
                    create("/multi/b"), Op.delete("/multi/b", 0)));
            Conversation.equal(6, results.size(), "results");
            Conversation.equal("/multi/a", ((OpResult.CreateResult) results.get(1)).getPath(),
                    "path");
            Stat set = ((OpResult.SetDataResult) results.get(2)).getStat();
            Stat now = zk.exists("/multi/a", false);
            Conversation.equal(now, set, "Stat of setData");
            Conversation.equal(now.getCzxid(), now.getMzxid(), "one zxid for the whole multi");
            Conversation.equal(null, zk.exists("/multi/b", false), "created and deleted");
        });
        talk.check("multi.transaction", () -> {
            List<OpResult> results = zk.transaction()
                    .create("/multi/t", null, Ids.OPEN_ACL_UNSAFE,
                            CreateMode.PERSISTENT_SEQUENTIAL)
                    .create("/multi/t", null, Ids.OPEN_ACL_UNSAFE,
                            CreateMode.PERSISTENT_SEQUENTIAL)
                    .commit();
            // The parent has had two children created before: "a" and "b".
            Conversation.equal("/multi/t0000000002", pathOf(results.get(0)), "first suffix");
            Conversation.equal("/multi/t0000000003", pathOf(results.get(1)), "second suffix");
        });
        for (int position = 0; position < 3; position++) {
            int failing = position;
            talk.check("multi.failure-at-" + failing, () -> failure(session, failing));
        }
        talk.check("multi.empty", () ->
                Conversation.equal(List.of(), zk.multi(new ArrayList<>()), "results"));
    }

    private static Op create(String path) {
        return Op.create(path, Session.bytes(""), Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }

    private static String pathOf(OpResult result) {
        return ((OpResult.CreateResult) result).getPath();
    }

    private static void failure(Session session, int failing) throws Exception {
        List<Op> ops = new ArrayList<>(List.of(
                create("/multi/f0"), create("/multi/f1"), create("/multi/f2")));
        ops.set(failing, Op.check("/multi/a", 99));
        List<Integer> codes = new ArrayList<>();
        try {
            session.zk.multi(ops);
            throw new AssertionError("the multi succeeded");
        } catch (KeeperException.BadVersionException refusal) {
            for (OpResult result : refusal.getResults()) {
                codes.add(((OpResult.ErrorResult) result).getErr());
            }
        }
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            expected.add(i < failing ? Code.OK.intValue()
                    : i == failing ? Code.BADVERSION.intValue()
                    : Code.RUNTIMEINCONSISTENCY.intValue());
        }
        Conversation.equal(expected, codes, "error of each operation");
        for (int i = 0; i < 3; i++) {
            Conversation.equal(null, session.zk.exists("/multi/f" + i, false),
                    "nothing is left of it");
        }
    }
}
