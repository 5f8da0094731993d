import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;

/** A session that falls silent: its znodes go, others are told, and it learns so itself. */
final class ExpiryChecks {
    static void run(Conversation talk, String gateString, Session survivor) throws Exception {
        Session silent = new Session(gateString, Session.SHORT_TIMEOUT_MS);
        try {
            talk.check("expiry.timeout", () -> Conversation.equal(
                    Session.SHORT_TIMEOUT_MS, silent.zk.getSessionTimeout(),
                            "negotiated timeout"));
            talk.check("expiry.ephemeral", () -> {
                Events events = new Events();
                silent.create("/expiring", "", CreateMode.EPHEMERAL);
                survivor.zk.exists("/expiring", events);
                talk.ask("gate freeze");
                events.next(EventType.NodeDeleted, "/expiring");
            });
            talk.ask("gate open");
            talk.check("expiry.client", () -> {
                silent.awaitExpired();
                Conversation.refused(Code.SESSIONEXPIRED, () -> silent.zk.exists("/", false));
            });
        } finally {
            silent.close();
        }
    }
}
