import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.SharedCountListener;
import org.apache.curator.framework.recipes.shared.SharedCountReader;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;

/** Recipes that keep a znode, and Curator's own ways of creating and deleting. */
final class NodeRecipeChecks {
    static void run(Conversation talk, CuratorFramework one, CuratorFramework two) {
        talk.check("recipe.persistent-node", () -> persistentNode(one, two));
        talk.check("recipe.persistent-ttl-node", () -> persistentTtlNode(one, two));
        talk.check("recipe.group-member", () -> groupMember(one, two));
        talk.check("recipe.shared-count", () -> sharedCount(one, two));
        talk.check("framework.transaction", () -> transaction(one));
        talk.check("framework.create", () -> create(one, two));
    }

    private static void persistentNode(CuratorFramework one, CuratorFramework two)
            throws Exception {
        byte[] data = Session.bytes("kept");
        try (PersistentNode node =
                new PersistentNode(one, CreateMode.EPHEMERAL, false, "/nodes/kept", data)) {
            node.start();
            Conversation.holds(node.waitForInitialCreate(Waiting.DEADLINE_SECONDS,
                    TimeUnit.SECONDS),
                    "it is created");
            long first = two.checkExists().forPath("/nodes/kept").getCzxid();
            two.delete().forPath("/nodes/kept");
            Waiting.until(() -> {
                Stat stat = two.checkExists().forPath("/nodes/kept");
                return stat != null && stat.getCzxid() > first;
            }, "it is created again");
        }
        Conversation.equal(null, two.checkExists().forPath("/nodes/kept"), "Stat after close");
    }

    private static void persistentTtlNode(CuratorFramework one, CuratorFramework two)
            throws Exception {
        try (PersistentTtlNode node = new PersistentTtlNode(one, "/nodes/ttl", 400, new byte[0])) {
            node.start();
            Conversation.holds(node.waitForInitialCreate(Waiting.DEADLINE_SECONDS,
                    TimeUnit.SECONDS),
                    "it is created");
            long first = two.checkExists().forPath("/nodes/ttl").getCzxid();
            // The recipe's touches are writes to a child with the TTL; three of them keep it alive.
            Waiting.until(() -> {
                Stat touch = two.checkExists().forPath("/nodes/ttl/touch");
                return touch != null && touch.getVersion() >= 3;
            }, "it is touched");
            Conversation.equal(first, two.checkExists().forPath("/nodes/ttl").getCzxid(), "czxid");
        }
        Waiting.until(() -> two.checkExists().forPath("/nodes/ttl/touch") == null, "it is let go");
    }

    private static void groupMember(CuratorFramework one, CuratorFramework two) throws Exception {
        try (GroupMember first = new GroupMember(one, "/group", "one")) {
            first.start();
            try (GroupMember second = new GroupMember(two, "/group", "two")) {
                second.start();
                Waiting.until(() -> first.getCurrentMembers().size() == 2, "both are members");
            }
            Waiting.until(() -> first.getCurrentMembers().size() == 1, "one has left");
        }
    }

    private static void sharedCount(CuratorFramework one, CuratorFramework two) throws Exception {
        LinkedBlockingQueue<Integer> seen = new LinkedBlockingQueue<>();
        try (SharedCount first = new SharedCount(one, "/count", 7);
                SharedCount second = new SharedCount(two, "/count", 7)) {
            first.start();
            second.start();
            first.addListener(new SharedCountListener() {
                @Override
                public void countHasChanged(SharedCountReader count, int value) {
                    seen.add(value);
                }

                @Override
                public void stateChanged(CuratorFramework client, ConnectionState state) {}
            });
            Conversation.holds(second.trySetCount(second.getVersionedValue(), 8), "it is set");
            Conversation.equal(8, seen.poll(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                    "count told");
        }
    }

    private static void transaction(CuratorFramework client) throws Exception {
        CuratorOp create = client.transactionOp().create().forPath("/txn", Session.bytes("x"));
        CuratorOp set = client.transactionOp().setData().withVersion(0).forPath("/txn", null);
        CuratorOp check = client.transactionOp().check().withVersion(1).forPath("/txn");
        List<CuratorTransactionResult> results =
                client.transaction().forOperations(create, set, check);
        Conversation.equal(3, results.size(), "results");
        Conversation.equal(1, results.get(1).getResultStat().getVersion(), "version");
        try {
            client.transaction().forOperations(
                    client.transactionOp().delete().forPath("/txn"), check,
                    client.transactionOp().check().forPath("/none"));
            throw new AssertionError("the transaction succeeded");
        } catch (KeeperException.NoNodeException refusal) {
            Conversation.holds(client.checkExists().forPath("/txn") != null, "nothing is done");
        }
    }

    private static void create(CuratorFramework one, CuratorFramework two) throws Exception {
        String path = one.create().creatingParentContainersIfNeeded().withProtection()
                .withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath("/deep/down/below/n-");
        Conversation.holds(path.matches("/deep/down/below/_c_[-0-9a-f]+-n-0000000000"), path);
        one.delete().guaranteed().forPath(path);
        Waiting.until(() -> two.checkExists().forPath("/deep") == null,
                "empty containers are reaped");
        one.create().orSetData().creatingParentsIfNeeded().forPath("/or/set", Session.bytes("1"));
        one.create().orSetData().forPath("/or/set", Session.bytes("2"));
        Conversation.equal("2", new String(two.getData().forPath("/or/set")), "data");
        one.delete().deletingChildrenIfNeeded().forPath("/or");
        Conversation.equal(null, two.checkExists().forPath("/or"), "Stat after deletion");
    }
}
