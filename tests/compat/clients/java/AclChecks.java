import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;

/** Who may do what: digest identities, addresses, the open and the closed, and ACLs refused. */
final class AclChecks {

    static void run(Conversation talk, String connectString, Session stranger) {
        try (Session walker = new Session(connectString, Session.LONG_TIMEOUT_MS)) {
            walker.zk.addAuthInfo("digest", Session.bytes("walker:secret"));
            talk.check("acl.creator-all", () -> creatorAll(walker.zk, stranger.zk));
            talk.check("acl.digest", () -> digest(walker.zk, stranger.zk));
            talk.check("acl.ip", () -> address(stranger.zk));
            talk.check("acl.set", () -> set(walker.zk, stranger.zk));
            talk.check("acl.invalid", () -> invalid(stranger.zk));
            talk.check("acl.auth-failed", () -> unknownScheme(connectString));
        } catch (Exception failure) {
            talk.check("acl.session", () -> {
                throw failure;
            });
        }
    }

    private static String create(ZooKeeper zk, String path, List<ACL> acl) throws Exception {
        // The client asks the list whether it contains null, which those of List.of do not bear.
        return zk.create(path, Session.bytes("x"), new ArrayList<>(acl), CreateMode.PERSISTENT);
    }

    private static void creatorAll(ZooKeeper walker, ZooKeeper stranger) throws Exception {
        Conversation.refused(Code.INVALIDACL, () -> create(stranger, "/acl", Ids.CREATOR_ALL_ACL));
        create(walker, "/acl", Ids.CREATOR_ALL_ACL);
        List<ACL> acl = walker.getACL("/acl", null);
        Conversation.equal(1, acl.size(), "entries");
        Conversation.equal(Perms.ALL, acl.get(0).getPerms(), "perms");
        Conversation.equal("digest", acl.get(0).getId().getScheme(), "scheme");
        Conversation.holds(acl.get(0).getId().getId().startsWith("walker:"), "id of the creator");
        Conversation.refused(Code.NOAUTH, () -> stranger.getData("/acl", false, null));
        Conversation.refused(Code.NOAUTH, () -> stranger.setData("/acl", null, -1));
        Conversation.refused(Code.NOAUTH, () -> stranger.getChildren("/acl", false));
        Conversation.refused(Code.NOAUTH, () -> stranger.getACL("/acl", null));
        Conversation.refused(Code.NOAUTH, () -> stranger.setACL("/acl", Ids.OPEN_ACL_UNSAFE, -1));
        Conversation.refused(Code.NOAUTH, () -> create(stranger, "/acl/x", Ids.OPEN_ACL_UNSAFE));
        create(walker, "/acl/open", Ids.OPEN_ACL_UNSAFE);
        // It is the parent's DELETE that counts.
        Conversation.refused(Code.NOAUTH, () -> stranger.delete("/acl/open", -1));
        walker.delete("/acl/open", -1);
    }

    private static void digest(ZooKeeper walker, ZooKeeper stranger) throws Exception {
        List<ACL> acl = List.of(new ACL(Perms.ALL, walkersId(walker)),
                new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE));
        create(stranger, "/acl-digest", acl);
        Conversation.equal("x", new String(stranger.getData("/acl-digest", false, null)), "data");
        Conversation.refused(Code.NOAUTH, () -> stranger.setData("/acl-digest", null, -1));
        Conversation.equal(acl, walker.getACL("/acl-digest", null), "ACL as its owner sees it");
        List<ACL> masked = new ArrayList<>(acl);
        masked.set(0, new ACL(Perms.ALL, new Id("digest", "walker:x")));
        Conversation.equal(masked, stranger.getACL("/acl-digest", null), "ACL without ADMIN");
        walker.setData("/acl-digest", null, -1);
    }

    private static Id walkersId(ZooKeeper walker) throws Exception {
        return walker.getACL("/acl", null).get(0).getId();
    }

    private static void address(ZooKeeper zk) throws Exception {
        create(zk, "/acl-here", List.of(new ACL(Perms.ALL, new Id("ip", "127.0.0.1"))));
        zk.setData("/acl-here", null, -1);
        create(zk, "/acl-net", List.of(new ACL(Perms.ALL, new Id("ip", "127.0.0.0/8"))));
        zk.setData("/acl-net", null, -1);
        create(zk, "/acl-elsewhere", List.of(new ACL(Perms.ALL, new Id("ip", "10.0.0.1"))));
        Conversation.refused(Code.NOAUTH, () -> zk.getData("/acl-elsewhere", false, null));
        zk.delete("/acl-elsewhere", -1);
    }

    private static void set(ZooKeeper walker, ZooKeeper stranger) throws Exception {
        create(walker, "/acl-set", Ids.OPEN_ACL_UNSAFE);
        Stat before = walker.exists("/acl-set", false);
        Conversation.refused(Code.BADVERSION,
                () -> walker.setACL("/acl-set", Ids.CREATOR_ALL_ACL, 5));
        Stat after = walker.setACL("/acl-set", Ids.CREATOR_ALL_ACL, 0);
        Conversation.equal(1, after.getAversion(), "aversion");
        Conversation.equal(before.getMzxid(), after.getMzxid(), "mzxid");
        Conversation.equal(0, after.getVersion(), "version");
        Conversation.refused(Code.NOAUTH, () -> stranger.getData("/acl-set", false, null));
        Stat seen = new Stat();
        walker.getACL("/acl-set", seen);
        Conversation.equal(after, seen, "Stat of getACL");
    }

    private static void invalid(ZooKeeper zk) throws Exception {
        for (Id id : List.of(new Id("nonsense", "x"), new Id("world", "someone"),
                new Id("digest", "no-colon"), new Id("ip", "300.1.2.3"))) {
            Conversation.refused(Code.INVALIDACL,
                    () -> create(zk, "/acl-bad", List.of(new ACL(Perms.ALL, id))));
        }
        Conversation.refused(Code.INVALIDACL,
                () -> zk.setACL("/acl-here", Arrays.asList(new ACL(Perms.ALL, new Id("no", "x"))),
                        -1));
    }

    private static void unknownScheme(String connectString) throws Exception {
        try (Session session = new Session(connectString, Session.LONG_TIMEOUT_MS)) {
            session.zk.addAuthInfo("nonsense", Session.bytes("x"));
            Conversation.refused(Code.AUTHFAILED, () -> session.zk.exists("/", false));
        }
    }
}
