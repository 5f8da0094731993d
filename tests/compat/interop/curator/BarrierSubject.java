import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;

/** DistributedBarrier. */
final class BarrierSubject implements Subject {
    private final DistributedBarrier barrier;

    BarrierSubject(PeerClient client, Request request) {
        barrier = new DistributedBarrier(client.curator, request.text("path"));
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "set": barrier.setBarrier(); return null;
            case "remove": barrier.removeBarrier(); return null;
            case "wait":
                return barrier.waitOnBarrier(request.timeoutMs(), TimeUnit.MILLISECONDS);
            default: throw Subject.unknown(op);
        }
    }
}
