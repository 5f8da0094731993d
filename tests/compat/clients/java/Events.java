import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;

/** A watcher that keeps what it is told, so that a check can ask for the next event in order. */
final class Events implements Watcher {
    private static final long DEADLINE_SECONDS = 20;

    private final LinkedBlockingQueue<WatchedEvent> received = new LinkedBlockingQueue<>();

    @Override
    public void process(WatchedEvent event) {
        // Connection state is told to every watcher; only what happens to znodes is of interest.
        if (event.getType() != Event.EventType.None) {
            received.add(event);
        }
    }

    /** Requires that the next event is this one. */
    void next(Event.EventType type, String path) throws InterruptedException {
        WatchedEvent event = received.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        Conversation.holds(event != null, "an event " + type + " " + path + " arrives");
        Conversation.equal(type + " " + path, event.getType() + " " + event.getPath(), "event");
    }

    /** Requires that nothing more has arrived. */
    void none(ZooKeeper zk) throws InterruptedException {
        // A callback runs on the thread that delivers events, after all events that came before
        // its reply; so when it has run, whatever the server sent has been seen.
        CountDownLatch replied = new CountDownLatch(1);
        zk.exists("/", false, (rc, path, context, stat) -> replied.countDown(), null);
        Conversation.holds(replied.await(DEADLINE_SECONDS, TimeUnit.SECONDS),
                "exists / is answered");
        List<String> surplus = new ArrayList<>();
        received.forEach(event -> surplus.add(event.toString()));
        Conversation.equal(List.of(), surplus, "further events");
    }
}
