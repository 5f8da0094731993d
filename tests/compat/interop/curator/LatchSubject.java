import java.io.Closeable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.recipes.leader.Participant;

/** LeaderLatch; tells `leader` true or false whenever that changes. */
final class LatchSubject implements Subject {
    private final LeaderLatch latch;

    LatchSubject(PeerClient client, Request request, Events events) {
        latch =
                new LeaderLatch(
                        client.curator, request.text("path"), request.text("id", ""),
                        LeaderLatch.CloseMode.NOTIFY_LEADER);
        latch.addListener(
                new LeaderLatchListener() {
                    @Override
                    public void isLeader() {
                        events.tell("leader", true);
                    }

                    @Override
                    public void notLeader() {
                        events.tell("leader", false);
                    }
                });
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "start": latch.start(); return null;
            case "close": ((Closeable) latch).close(); return null;
            case "is_leader": return latch.hasLeadership();
            case "await": return latch.await(request.timeoutMs(), TimeUnit.MILLISECONDS);
            case "participants": return ids(latch.getParticipants());
            case "leader": return latch.getLeader().getId();
            default: throw Subject.unknown(op);
        }
    }

    /** In the order that Curator gives them, each with whether it leads. */
    static List<Map<String, Object>> ids(Collection<Participant> participants) {
        List<Map<String, Object>> ids = new ArrayList<>();
        for (Participant each : participants) {
            Map<String, Object> fields = new HashMap<>();
            fields.put("id", each.getId());
            fields.put("leader", each.isLeader());
            ids.add(fields);
        }
        return ids;
    }
}
