import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooKeeper;

/** One-shot watches: what sets each kind off, that it goes off once, and removal. */
final class WatchChecks {
    static void run(Conversation talk, Session watching, Session changing) {
        ZooKeeper zk = watching.zk;
        talk.check("watch.data", () -> {
            changing.create("/watch", "");
            Events events = new Events();
            zk.getData("/watch", events, null);
            changing.set("/watch", "1");
            events.next(EventType.NodeDataChanged, "/watch");
            changing.set("/watch", "2");
            events.none(zk);
            zk.getData("/watch", events, null);
            changing.zk.delete("/watch", -1);
            events.next(EventType.NodeDeleted, "/watch");
        });
        talk.check("watch.exists", () -> {
            Events events = new Events();
            zk.exists("/watch", events);
            changing.create("/watch", "");
            events.next(EventType.NodeCreated, "/watch");
            zk.exists("/watch", events);
            changing.set("/watch", "1");
            events.next(EventType.NodeDataChanged, "/watch");
            changing.set("/watch", "2");
            events.none(zk);
        });
        talk.check("watch.child", () -> {
            Events events = new Events();
            zk.getChildren("/watch", events);
            changing.create("/watch/child", "");
            events.next(EventType.NodeChildrenChanged, "/watch");
            changing.create("/watch/second", "");
            zk.getChildren("/watch", events);
            changing.set("/watch", "3");
            events.none(zk);
            changing.zk.delete("/watch/second", -1);
            events.next(EventType.NodeChildrenChanged, "/watch");
            zk.getChildren("/watch/child", events);
            changing.zk.delete("/watch/child", -1);
            events.next(EventType.NodeDeleted, "/watch/child");
        });
        talk.check("watch.own-change", () -> {
            Events events = new Events();
            zk.exists("/watch/own", events);
            watching.create("/watch/own", "");
            events.next(EventType.NodeCreated, "/watch/own");
        });
        talk.check("watch.remove", () -> remove(watching, changing));
    }

    private static void remove(Session watching, Session changing) throws Exception {
        ZooKeeper zk = watching.zk;
        Events data = new Events();
        Events child = new Events();
        zk.getData("/watch", data, null);
        zk.getChildren("/watch", child);
        zk.removeWatches("/watch", data, Watcher.WatcherType.Data, false);
        data.next(EventType.DataWatchRemoved, "/watch");
        changing.set("/watch", "4");
        data.none(zk);
        zk.removeAllWatches("/watch", Watcher.WatcherType.Any, false);
        child.next(EventType.ChildWatchRemoved, "/watch");
        changing.create("/watch/after", "");
        child.none(zk);
        Conversation.refused(Code.NOWATCHER,
                () -> zk.removeWatches("/watch", data, Watcher.WatcherType.Data, false));
    }
}
