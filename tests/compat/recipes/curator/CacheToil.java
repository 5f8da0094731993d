import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/** The caches: whatever they missed meanwhile, in the end they equal the tree. */
final class CacheToil extends Toil {
    private static final String ROOT = "/recipes/tree";
    private static final int ZNODES = 12;

    private final Random chance = new Random();
    private final Map<String, CuratorCache> trees = new HashMap<>();
    private final Map<String, PathChildrenCache> children = new HashMap<>();
    private final NodeCache node;

    CacheToil(Client writer, List<Client> readers) throws Exception {
        writer.curator.create().creatingParentsIfNeeded().forPath(ROOT + "/node", new byte[0]);
        for (Client reader : readers) {
            CuratorCache tree = CuratorCache.build(reader.curator, ROOT);
            tree.start();
            trees.put("CuratorCache of " + reader.name, tree);
            PathChildrenCache path = new PathChildrenCache(reader.curator, ROOT, true);
            path.start();
            children.put("PathChildrenCache of " + reader.name, path);
        }
        node = new NodeCache(readers.get(0).curator, ROOT + "/node");
        node.start();
        every("tree of " + writer.name, 5, () -> change(writer));
    }

    /** Creates, changes or deletes a znode at random; it does not matter whether it succeeds. */
    private boolean change(Client writer) throws Exception {
        String path = ROOT + "/z" + chance.nextInt(ZNODES);
        byte[] data = Long.toString(chance.nextLong()).getBytes();
        ZooKeeper session = writer.curator.getZookeeperClient().getZooKeeper();
        try {
            switch (chance.nextInt(5)) {
                case 0:
                    writer.curator.create().forPath(path, data);
                    break;
                case 1:
                    writer.curator.create().forPath(path + "/below", data);
                    break;
                case 2:
                    session.delete(chance.nextBoolean() ? path : path + "/below", -1);
                    break;
                case 3:
                    session.setData(path, data, -1);
                    break;
                default:
                    session.setData(ROOT + "/node", data, -1);
            }
        } catch (KeeperException.NoNodeException | KeeperException.NodeExistsException
                | KeeperException.NotEmptyException random) {
            return true;
        }
        return true;
    }

    @Override
    void judge(Client reader) throws Exception {
        noComplaints();
        Map<String, String> tree = new HashMap<>();
        read(reader.curator.getZookeeperClient().getZooKeeper(), ROOT, tree);
        for (Map.Entry<String, CuratorCache> each : trees.entrySet()) {
            equal(tree, each.getKey(), () -> each.getValue().stream());
        }
        Map<String, String> level = new HashMap<>(tree);
        level.keySet().removeIf(path -> path.equals(ROOT) || path.endsWith("/below"));
        for (Map.Entry<String, PathChildrenCache> each : children.entrySet()) {
            equal(level, each.getKey(), () -> each.getValue().getCurrentData().stream());
        }
        level.keySet().removeIf(path -> !path.endsWith("/node"));
        equal(level, "NodeCache", () -> Arrays.asList(node.getCurrentData()).stream());
    }

    private interface Cached {
        java.util.stream.Stream<ChildData> stream();
    }

    private static void equal(Map<String, String> tree, String what, Cached cached)
            throws Exception {
        try {
            Waiting.until(() -> copy(cached).equals(tree), what + " equals the tree");
        } catch (AssertionError failure) {
            Map<String, String> has = copy(cached);
            Map<String, String> lacks = new HashMap<>(tree);
            lacks.entrySet().removeAll(has.entrySet());
            has.entrySet().removeAll(tree.entrySet());
            throw new AssertionError(what + " has " + has + " where the tree has " + lacks);
        }
    }

    private static Map<String, String> copy(Cached cached) {
        return cached.stream().filter(each -> each != null).collect(Collectors.toMap(
                ChildData::getPath, each -> value(each.getStat(), each.getData())));
    }

    private static void read(ZooKeeper session, String path, Map<String, String> tree)
            throws Exception {
        Stat stat = new Stat();
        byte[] data = session.getData(path, false, stat);
        tree.put(path, value(stat, data));
        for (String child : session.getChildren(path, false)) {
            read(session, path + "/" + child, tree);
        }
    }

    /** The Stat as far as every cache keeps it fresh: children do not count as a change. */
    private static String value(Stat stat, byte[] data) {
        return Long.toHexString(stat.getMzxid()) + " " + (data == null ? null : new String(data));
    }

    String account() {
        return achieved() + " changes";
    }
}
