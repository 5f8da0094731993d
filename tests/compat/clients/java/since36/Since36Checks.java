import java.util.List;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooKeeper;

/** API new in 3.6: persistent and recursive watches, multiRead, and two counters. */
final class Since36Checks {
    static void run(Conversation talk, Session watching, Session changing) {
        ZooKeeper zk = watching.zk;
        talk.check("watch.persistent", () -> persistent(zk, changing));
        talk.check("watch.recursive", () -> recursive(zk, changing));
        talk.check("watch.persistent-remove", () -> remove(zk, changing));
        talk.check("watch.persistent-restart", () -> {
            Events events = new Events();
            Events below = new Events();
            zk.addWatch("/persistent", events, AddWatchMode.PERSISTENT);
            zk.addWatch("/recursive", below, AddWatchMode.PERSISTENT_RECURSIVE);
            talk.ask("restart term");
            watching.awaitReconnected();
            changing.awaitReconnected();
            for (int i = 0; i < 2; i++) {
                changing.set("/persistent", "again");
                events.next(EventType.NodeDataChanged, "/persistent");
                changing.set("/recursive/child", "again");
                below.next(EventType.NodeDataChanged, "/recursive/child");
            }
            zk.removeAllWatches("/persistent", Watcher.WatcherType.Any, false);
            zk.removeAllWatches("/recursive", Watcher.WatcherType.Any, false);
        });
        talk.check("multi.read", () -> read(zk, changing));
        talk.check("node.ephemerals-of-session", () -> {
            changing.create("/mine", "", CreateMode.EPHEMERAL);
            changing.create("/mine-too", "", CreateMode.EPHEMERAL);
            List<String> mine = changing.zk.getEphemerals("/mine-");
            Conversation.equal(List.of("/mine-too"), mine, "ephemerals below a prefix");
            Conversation.equal(2, changing.zk.getEphemerals("/mine").size(), "ephemerals");
            changing.zk.delete("/mine", -1);
            changing.zk.delete("/mine-too", -1);
        });
        talk.check("node.all-children-number", () -> {
            Conversation.equal(2, zk.getAllChildrenNumber("/read"), "znodes below /read");
            Conversation.refused(Code.NONODE, () -> zk.getAllChildrenNumber("/none"));
        });
    }

    private static void persistent(ZooKeeper zk, Session changing) throws Exception {
        Events events = new Events();
        zk.addWatch("/persistent", events, AddWatchMode.PERSISTENT);
        changing.create("/persistent", "");
        events.next(EventType.NodeCreated, "/persistent");
        for (int i = 0; i < 3; i++) {
            changing.set("/persistent", "x");
            events.next(EventType.NodeDataChanged, "/persistent");
        }
        changing.create("/persistent/child", "");
        events.next(EventType.NodeChildrenChanged, "/persistent");
        changing.set("/persistent/child", "x");
        events.none(zk);
        zk.removeAllWatches("/persistent", Watcher.WatcherType.Any, false);
    }

    private static void recursive(ZooKeeper zk, Session changing) throws Exception {
        Events events = new Events();
        zk.addWatch("/recursive", events, AddWatchMode.PERSISTENT_RECURSIVE);
        changing.create("/recursive", "");
        events.next(EventType.NodeCreated, "/recursive");
        changing.create("/recursive/child", "");
        events.next(EventType.NodeCreated, "/recursive/child");
        changing.create("/recursive/child/grand", "");
        events.next(EventType.NodeCreated, "/recursive/child/grand");
        changing.set("/recursive/child/grand", "x");
        events.next(EventType.NodeDataChanged, "/recursive/child/grand");
        changing.zk.delete("/recursive/child/grand", -1);
        events.next(EventType.NodeDeleted, "/recursive/child/grand");
        changing.create("/recursively", "");
        changing.zk.delete("/recursively", -1);
        events.none(zk);
        zk.removeAllWatches("/recursive", Watcher.WatcherType.Any, false);
    }

    private static void remove(ZooKeeper zk, Session changing) throws Exception {
        Events events = new Events();
        zk.addWatch("/persistent", events, AddWatchMode.PERSISTENT);
        zk.removeWatches("/persistent", events, Watcher.WatcherType.Any, false);
        events.next(EventType.PersistentWatchRemoved, "/persistent");
        changing.set("/persistent", "unseen");
        events.none(zk);
        zk.addWatch("/recursive", events, AddWatchMode.PERSISTENT_RECURSIVE);
        zk.removeWatches("/recursive", events, Watcher.WatcherType.Any, false);
        events.next(EventType.PersistentWatchRemoved, "/recursive");
        changing.set("/recursive/child", "unseen");
        events.none(zk);
    }

    private static void read(ZooKeeper zk, Session changing) throws Exception {
        changing.create("/read", "root");
        changing.create("/read/a", "");
        changing.create("/read/b", "");
        List<OpResult> results = zk.multi(List.of(
                Op.getData("/read"), Op.getData("/read/none"), Op.getChildren("/read")));
        Conversation.equal("root",
                new String(((OpResult.GetDataResult) results.get(0)).getData()), "data");
        Conversation.equal(Code.NONODE.intValue(),
                ((OpResult.ErrorResult) results.get(1)).getErr(), "error");
        Conversation.equal(2, ((OpResult.GetChildrenResult) results.get(2)).getChildren().size(),
                "a failed read does not stop the next");
    }
}
