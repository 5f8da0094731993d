import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.recipes.queue.DistributedQueue;

/** Curator's SimpleDistributedQueue, and the queue of ZooKeeper's own recipes: the same znodes. */
final class SimpleQueueSubject implements Subject {
    /** What both offer. poll and peek answer null when there is nothing. */
    private interface Queue {
        boolean offer(byte[] item) throws Exception;

        byte[] poll(long timeoutMs) throws Exception;

        byte[] peek() throws Exception;

        byte[] take() throws Exception;
    }

    private final Queue queue;

    private SimpleQueueSubject(Queue queue) {
        this.queue = queue;
    }

    static SimpleQueueSubject curator(PeerClient client, Request request) {
        SimpleDistributedQueue queue =
                new SimpleDistributedQueue(client.curator, request.text("path"));
        return new SimpleQueueSubject(
                new Queue() {
                    @Override
                    public boolean offer(byte[] item) throws Exception {
                        return queue.offer(item);
                    }

                    @Override
                    public byte[] poll(long timeoutMs) throws Exception {
                        return timeoutMs == 0
                                ? queue.poll()
                                : queue.poll(timeoutMs, TimeUnit.MILLISECONDS);
                    }

                    @Override
                    public byte[] peek() throws Exception {
                        return queue.peek();
                    }

                    @Override
                    public byte[] take() throws Exception {
                        return queue.take();
                    }
                });
    }

    static SimpleQueueSubject zookeeper(PeerClient client, Request request) throws Exception {
        DistributedQueue queue =
                new DistributedQueue(
                        client.curator.getZookeeperClient().getZooKeeper(),
                        request.text("path"),
                        ZooDefs.Ids.OPEN_ACL_UNSAFE);
        return new SimpleQueueSubject(
                new Queue() {
                    @Override
                    public boolean offer(byte[] item)
                            throws KeeperException, InterruptedException {
                        return queue.offer(item);
                    }

                    @Override
                    public byte[] poll(long timeoutMs)
                            throws KeeperException, InterruptedException {
                        return queue.poll(); // It knows no timeout.
                    }

                    @Override
                    public byte[] peek() throws KeeperException, InterruptedException {
                        return queue.peek();
                    }

                    @Override
                    public byte[] take() throws KeeperException, InterruptedException {
                        return queue.take();
                    }
                });
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "offer": return queue.offer(request.bytes("item"));
            case "poll": return Hex.encode(queue.poll(request.number("timeout_ms", 0)));
            case "peek": return Hex.encode(queue.peek());
            case "take": return Hex.encode(queue.take());
            default: throw Subject.unknown(op);
        }
    }
}
