import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.EventType;

/** What a session keeps when its server goes away and comes back, and when only its wire does. */
final class RestartChecks {
    private final Conversation talk;
    private final Session watching;
    private final Session changing;
    /** A session whose traffic runs through the gate, so that it alone can be cut off. */
    private final Session gated;

    RestartChecks(Conversation talk, Session watching, Session changing, Session gated) {
        this.talk = talk;
        this.watching = watching;
        this.changing = changing;
        this.gated = gated;
    }

    void run() {
        restart("term");
        restart("kill");
        talk.check("cut.missed-events", this::missedEvents);
    }

    private void restart(String signal) {
        String root = "/restart-" + signal;
        long sessionId = watching.zk.getSessionId();
        Events data = new Events();
        Events absent = new Events();
        Events child = new Events();
        talk.check("restart." + signal, () -> {
            changing.create(root, "before");
            watching.create(root + "/mine", "", CreateMode.EPHEMERAL);
            watching.zk.getData(root, data, null);
            watching.zk.exists(root + "/absent", absent);
            watching.zk.getChildren(root, child);
            talk.ask("restart " + signal);
            watching.awaitReconnected();
            changing.awaitReconnected();
        });
        talk.check("restart." + signal + ".session", () ->
                Conversation.equal(sessionId, watching.zk.getSessionId(), "session id"));
        talk.check("restart." + signal + ".data", () ->
                Conversation.equal("before", new String(changing.zk.getData(root, false, null)),
                        "data"));
        talk.check("restart." + signal + ".ephemeral", () ->
                Conversation.equal(sessionId,
                        changing.zk.exists(root + "/mine", false).getEphemeralOwner(), "owner"));
        talk.check("restart." + signal + ".watches", () -> {
            data.none(watching.zk);
            absent.none(watching.zk);
            child.none(watching.zk);
            changing.set(root, "after");
            data.next(EventType.NodeDataChanged, root);
            changing.create(root + "/absent", "");
            absent.next(EventType.NodeCreated, root + "/absent");
            child.next(EventType.NodeChildrenChanged, root);
        });
    }

    /** Changes made while a watcher was cut off are told to it when it is back. */
    private void missedEvents() throws Exception {
        changing.create("/cut", "");
        changing.create("/cut/deleted", "");
        Events data = new Events();
        Events deleted = new Events();
        Events created = new Events();
        Events child = new Events();
        Events untouched = new Events();
        gated.zk.getData("/cut", data, null);
        gated.zk.getData("/cut/deleted", deleted, null);
        gated.zk.exists("/cut/created", created);
        gated.zk.getChildren("/cut", child);
        gated.zk.getData("/zookeeper", untouched, null);
        long sessionId = gated.zk.getSessionId();
        talk.ask("gate shut");
        changing.set("/cut", "x");
        changing.zk.delete("/cut/deleted", -1);
        changing.create("/cut/created", "");
        talk.ask("gate open");
        gated.awaitReconnected();
        Conversation.equal(sessionId, gated.zk.getSessionId(), "session id");
        data.next(EventType.NodeDataChanged, "/cut");
        deleted.next(EventType.NodeDeleted, "/cut/deleted");
        created.next(EventType.NodeCreated, "/cut/created");
        child.next(EventType.NodeChildrenChanged, "/cut");
        untouched.none(gated.zk);
    }
}
