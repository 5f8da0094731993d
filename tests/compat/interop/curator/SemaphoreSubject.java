import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** InterProcessSemaphoreV2, limited by a number or by a shared count of this peer. */
final class SemaphoreSubject implements Subject, Sections.Lock {
    private final PeerClient client;
    private final InterProcessSemaphoreV2 semaphore;
    private final Deque<Lease> held = new ArrayDeque<>();

    SemaphoreSubject(PeerClient client, Request request, Map<String, Subject> others) {
        this.client = client;
        String path = request.text("path");
        if (request.has("count")) {
            SharedCountSubject count = (SharedCountSubject) others.get(request.text("count"));
            semaphore = new InterProcessSemaphoreV2(client.curator, path, count.count);
        } else {
            int leases = (int) request.number("leases");
            semaphore = new InterProcessSemaphoreV2(client.curator, path, leases);
        }
        if (request.has("data")) {
            semaphore.setNodeData(request.bytes("data"));
        }
    }

    @Override
    public boolean acquire(long timeoutMs) throws Exception {
        Lease lease = semaphore.acquire(timeoutMs, TimeUnit.MILLISECONDS);
        if (lease != null) {
            held.push(lease);
        }
        return lease != null;
    }

    @Override
    public void release() {
        semaphore.returnLease(held.pop());
    }

    @Override
    public String node() throws Exception {
        return held.peek().getNodeName();
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "acquire": return acquire(request);
            case "release":
                for (long i = request.number("count", 1); i > 0; i--) {
                    semaphore.returnLease(held.pop());
                }
                return null;
            case "sections": return Sections.run(client.curator, this, request);
            case "participants": return semaphore.getParticipantNodes();
            default: throw Subject.unknown(op);
        }
    }

    /** Names of the leases' znodes; null when the time was over before all were there. */
    private List<String> acquire(Request request) throws Exception {
        Collection<Lease> leases =
                semaphore.acquire(
                        (int) request.number("count", 1),
                        request.timeoutMs(),
                        TimeUnit.MILLISECONDS);
        if (leases == null) {
            return null;
        }
        List<String> names = new ArrayList<>();
        for (Lease lease : leases) {
            held.push(lease);
            names.add(lease.getNodeName());
        }
        return names;
    }
}
