import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSharder;
import org.apache.curator.framework.recipes.queue.QueueSharderPolicies;
import org.apache.curator.framework.state.ConnectionState;

/** QueueSharder of plain queues; with `consume` each of them tells `item`. */
final class SharderSubject implements Subject {
    private final QueueSharder<byte[], DistributedQueue<byte[]>> sharder;

    SharderSubject(PeerClient client, Request request, Events events) throws Exception {
        QueueSharderPolicies policies =
                QueueSharderPolicies.builder()
                        .newQueueThreshold((int) request.number("threshold"))
                        .thresholdCheckMs((int) request.number("check_ms"))
                        .maxQueues((int) request.number("queues_max"))
                        .build();
        QueueConsumer<byte[]> consumer = request.flag("consume") ? teller(events) : null;
        sharder =
                new QueueSharder<>(
                        client.curator,
                        (curator, path) ->
                                QueueBuilder.builder(curator, consumer, QueueSubject.RAW, path)
                                        .buildQueue(),
                        request.text("path"), request.text("leader_path"), policies);
        sharder.start();
    }

    private static QueueConsumer<byte[]> teller(Events events) {
        return new QueueConsumer<byte[]>() {
            @Override
            public void consumeMessage(byte[] item) {
                events.tell("item", Hex.encode(item));
            }

            @Override
            public void stateChanged(CuratorFramework curator, ConnectionState state) {}
        };
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "put": sharder.getQueue().put(request.bytes("item")); return null;
            case "paths":
                List<String> paths = new ArrayList<>(sharder.getQueuePaths());
                paths.sort(null);
                return paths;
            case "close": sharder.close(); return null;
            default: throw Subject.unknown(op);
        }
    }
}
