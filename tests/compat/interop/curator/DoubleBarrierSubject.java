import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;

/** DistributedDoubleBarrier. */
final class DoubleBarrierSubject implements Subject {
    private final DistributedDoubleBarrier barrier;

    DoubleBarrierSubject(PeerClient client, Request request) {
        barrier =
                new DistributedDoubleBarrier(
                        client.curator, request.text("path"), (int) request.number("members"));
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "enter": return barrier.enter(request.timeoutMs(), TimeUnit.MILLISECONDS);
            case "leave": return barrier.leave(request.timeoutMs(), TimeUnit.MILLISECONDS);
            default: throw Subject.unknown(op);
        }
    }
}
