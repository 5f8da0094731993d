import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Something that several threads do over and over, whatever happens to the servers. */
abstract class Toil {
    /** Everything that broke a promise. */
    final List<String> complaints = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, AtomicInteger> done = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    interface Round {
        /** One attempt; true when something was achieved. Exceptions mean that nothing was. */
        boolean attempt() throws Exception;
    }

    final void every(String who, long pauseMs, Round round) {
        AtomicInteger count = done.computeIfAbsent(who, key -> new AtomicInteger());
        Thread thread = new Thread(() -> toil(round, pauseMs, count), who);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void toil(Round round, long pauseMs, AtomicInteger count) {
        while (!stopping) {
            try {
                if (round.attempt()) {
                    count.incrementAndGet();
                }
                TimeUnit.MILLISECONDS.sleep(pauseMs);
            } catch (Exception trouble) {
                // A connection or a session lost: recipes tell it by several exceptions.
                pause();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Waits until each thread has achieved so much more. */
    final void awaitMore(int more) throws Exception {
        for (Map.Entry<String, AtomicInteger> each : done.entrySet()) {
            int wanted = each.getValue().get() + more;
            Waiting.until(() -> each.getValue().get() >= wanted, each.getKey() + " goes on");
        }
    }

    final void stop() throws Exception {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(Waiting.DEADLINE_SECONDS));
            Conversation.holds(!thread.isAlive(), thread.getName() + " ends");
        }
    }

    final void noComplaints() {
        Conversation.holds(complaints.isEmpty(), "nothing to complain of, but " + complaints);
    }

    final int achieved() {
        return done.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    /** Throws what was found wrong in the end; `reader` has seen all that was done. */
    abstract void judge(Client reader) throws Exception;
}
