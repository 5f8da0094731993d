import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.cache.TreeCacheEvent;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;

/** Recipes that keep a copy of a subtree up to date. */
final class CacheChecks {
    static void run(Conversation talk, CuratorFramework one, CuratorFramework two) {
        talk.check("recipe.curator-cache", () -> curatorCache(one, two));
        talk.check("recipe.tree-cache", () -> treeCache(one, two));
        talk.check("recipe.path-children-cache", () -> pathChildrenCache(one, two));
        talk.check("recipe.persistent-watcher", () -> persistentWatcher(one, two));
    }

    private static void next(LinkedBlockingQueue<String> seen, String expected) throws Exception {
        Conversation.equal(expected, seen.poll(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                "event");
    }

    /** Changes below the path, and requires that each is told, in order. */
    private static void changes(CuratorFramework client, String path,
            LinkedBlockingQueue<String> seen)
            throws Exception {
        client.create().forPath(path + "/a", Session.bytes("1"));
        next(seen, "created " + path + "/a");
        client.setData().forPath(path + "/a", Session.bytes("2"));
        next(seen, "changed " + path + "/a");
        client.delete().forPath(path + "/a");
        next(seen, "deleted " + path + "/a");
    }

    /** Curator's newest cache stands on one persistent recursive watch. */
    private static void curatorCache(CuratorFramework one, CuratorFramework two) throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        two.create().creatingParentsIfNeeded().forPath("/cache/below", null);
        try (CuratorCache cache = CuratorCache.build(one, "/cache/below")) {
            cache.listenable().addListener(CuratorCacheListener.builder()
                    .forCreates(node -> seen.add("created " + node.getPath()))
                    .forChanges((before, node) -> seen.add("changed " + node.getPath()))
                    .forDeletes(node -> seen.add("deleted " + node.getPath()))
                    .forInitialized(() -> seen.add("initialized"))
                    .build());
            cache.start();
            next(seen, "created /cache/below");
            next(seen, "initialized");
            changes(two, "/cache/below", seen);
        }
    }

    private static void treeCache(CuratorFramework one, CuratorFramework two) throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        two.create().forPath("/tree", null);
        try (TreeCache cache = new TreeCache(one, "/tree")) {
            cache.getListenable().addListener((client, event) -> seen.add(told(event)));
            cache.start();
            next(seen, "created /tree");
            next(seen, "INITIALIZED");
            changes(two, "/tree", seen);
        }
    }

    private static String told(TreeCacheEvent event) {
        switch (event.getType()) {
            case NODE_ADDED:
                return "created " + event.getData().getPath();
            case NODE_UPDATED:
                return "changed " + event.getData().getPath();
            case NODE_REMOVED:
                return "deleted " + event.getData().getPath();
            default:
                return event.getType().toString();
        }
    }

    private static void pathChildrenCache(CuratorFramework one, CuratorFramework two)
            throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        two.create().forPath("/children", null);
        try (PathChildrenCache cache = new PathChildrenCache(one, "/children", true)) {
            cache.getListenable().addListener((client, event) -> {
                if (event.getData() != null) {
                    String word = event.getType().toString()
                            .replace("CHILD_ADDED", "created").replace("CHILD_UPDATED", "changed")
                            .replace("CHILD_REMOVED", "deleted");
                    seen.add(word + " " + event.getData().getPath());
                }
            });
            cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
            changes(two, "/children", seen);
        }
    }

    private static void persistentWatcher(CuratorFramework one, CuratorFramework two)
            throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        CountDownLatch set = new CountDownLatch(1);
        try (PersistentWatcher watcher = new PersistentWatcher(one, "/watched", false)) {
            watcher.getListenable().addListener(
                    event -> seen.add(event.getType() + " " + event.getPath()));
            watcher.getResetListenable().addListener(set::countDown);
            watcher.start();
            Conversation.holds(set.await(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                    "the watch is set");
            two.create().forPath("/watched", null);
            next(seen, "NodeCreated /watched");
            two.setData().forPath("/watched", null);
            next(seen, "NodeDataChanged /watched");
            two.create().forPath("/watched/child", null);
            next(seen, "NodeChildrenChanged /watched");
        }
    }
}
