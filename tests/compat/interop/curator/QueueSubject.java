import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBase;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.state.ConnectionState;

/**
 * The queues of QueueBuilder: `flavour` is plain, id, priority or delay. A consumer tells `item`
 * for each; with `hold` it then waits for a `finish`, whose `fail` makes it throw.
 */
final class QueueSubject implements Subject {
    static final QueueSerializer<byte[]> RAW =
            new QueueSerializer<byte[]>() {
                @Override
                public byte[] serialize(byte[] item) {
                    return item;
                }

                @Override
                public byte[] deserialize(byte[] bytes) {
                    return bytes;
                }
            };
    private static final int REFRESH_EACH = 1;
    private static final int FLUSH_SECONDS = 10;

    private final QueueBase<byte[]> queue;
    private final Semaphore finished = new Semaphore(0);
    private volatile boolean fails;

    QueueSubject(PeerClient client, Request request, Events events) throws Exception {
        QueueBuilder<byte[]> builder =
                QueueBuilder.builder(
                        client.curator, consumer(request, events), RAW, request.text("path"));
        if (request.has("lock_path")) {
            builder.lockPath(request.text("lock_path"));
        }
        switch (request.text("flavour")) {
            case "plain": queue = builder.buildQueue(); break;
            case "id": queue = builder.buildIdQueue(); break;
            case "priority": queue = builder.buildPriorityQueue(REFRESH_EACH); break;
            case "delay": queue = builder.buildDelayQueue(); break;
            default: throw new IllegalArgumentException("no such flavour");
        }
        queue.start();
    }

    /** null for a queue that only puts. */
    private QueueConsumer<byte[]> consumer(Request request, Events events) {
        if (!request.flag("consume")) {
            return null;
        }
        boolean holds = request.flag("hold");
        return new QueueConsumer<byte[]>() {
            @Override
            public void consumeMessage(byte[] item) throws Exception {
                events.tell("item", Hex.encode(item));
                if (holds) {
                    finished.acquire();
                }
                if (fails) {
                    throw new IllegalStateException("told to fail");
                }
            }

            @Override
            public void stateChanged(CuratorFramework curator, ConnectionState state) {}
        };
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "put": put(request); return null;
            case "put_many": putMany(request); return null;
            case "remove":
                return ((DistributedIdQueue<byte[]>) queue).remove(request.text("id"));
            case "finish":
                fails = request.flag("fail");
                finished.release();
                return null;
            case "close": queue.close(); return null;
            default: throw Subject.unknown(op);
        }
    }

    private void put(Request request) throws Exception {
        byte[] item = request.bytes("item");
        if (queue instanceof DistributedIdQueue) {
            ((DistributedIdQueue<byte[]>) queue).put(item, request.text("id"));
        } else if (queue instanceof DistributedPriorityQueue) {
            int priority = (int) request.number("priority");
            ((DistributedPriorityQueue<byte[]>) queue).put(item, priority);
        } else if (queue instanceof DistributedDelayQueue) {
            ((DistributedDelayQueue<byte[]>) queue).put(item, request.number("due_ms"));
        } else {
            ((DistributedQueue<byte[]>) queue).put(item);
        }
        if (!queue.flushPuts(FLUSH_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("not flushed");
        }
    }

    /** Several items in one znode; a plain queue's only. */
    private void putMany(Request request) throws Exception {
        java.util.Iterator<String> items = request.texts("items").iterator();
        ((DistributedQueue<byte[]>) queue).putMulti(
                () -> items.hasNext() ? Hex.decode(items.next()) : null);
        queue.flushPuts(FLUSH_SECONDS, TimeUnit.SECONDS);
    }
}
