import java.util.concurrent.Semaphore;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;

/**
 * LeaderSelector: tells `taken` when its turn comes and `given` when it ends, which `yield` makes
 * it do; with `hold_ms` it ends by itself.
 */
final class SelectorSubject implements Subject {
    private final LeaderSelector selector;
    private final Semaphore yields = new Semaphore(0);

    SelectorSubject(PeerClient client, Request request, Events events) {
        long holdMs = request.number("hold_ms", -1);
        selector =
                new LeaderSelector(
                        client.curator,
                        request.text("path"),
                        new LeaderSelectorListenerAdapter() {
                            @Override
                            public void takeLeadership(CuratorFramework curator)
                                    throws InterruptedException {
                                events.tell("taken", null);
                                try {
                                    hold(holdMs);
                                } finally {
                                    events.tell("given", null);
                                }
                            }
                        });
        if (request.has("id")) {
            selector.setId(request.text("id"));
        }
        if (request.flag("requeue")) {
            selector.autoRequeue();
        }
    }

    private void hold(long holdMs) throws InterruptedException {
        if (holdMs >= 0) {
            Thread.sleep(holdMs);
        } else {
            yields.acquire();
        }
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "start": selector.start(); return null;
            case "yield": yields.release(); return null;
            case "requeue": return selector.requeue();
            case "is_leader": return selector.hasLeadership();
            case "participants": return LatchSubject.ids(selector.getParticipants());
            case "close": selector.close(); return null;
            default: throw Subject.unknown(op);
        }
    }
}
