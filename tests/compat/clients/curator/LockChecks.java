import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.retry.RetryOneTime;

/** Recipes by which two sessions take turns. */
final class LockChecks {
    private static final long SHORT_MS = 100;

    static void run(Conversation talk, CuratorFramework one, CuratorFramework two) {
        talk.check("recipe.mutex", () -> mutex(one, two));
        talk.check("recipe.read-write-lock", () -> readWriteLock(one, two));
        talk.check("recipe.semaphore", () -> semaphore(one, two));
        talk.check("recipe.leader-latch", () -> leaderLatch(one, two));
        talk.check("recipe.barrier", () -> barrier(one, two));
        talk.check("recipe.double-barrier", () -> doubleBarrier(one, two));
        talk.check("recipe.atomic-long", () -> atomicLong(one, two));
    }

    private static void mutex(CuratorFramework one, CuratorFramework two) throws Exception {
        InterProcessMutex first = new InterProcessMutex(one, "/mutex");
        InterProcessMutex second = new InterProcessMutex(two, "/mutex");
        first.acquire();
        Conversation.holds(!second.acquire(SHORT_MS, TimeUnit.MILLISECONDS), "one at a time");
        CompletableFuture<Boolean> waiting = Waiting.beside(() -> {
            boolean acquired = second.acquire(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS);
            second.release();
            return acquired;
        });
        Waiting.until(() -> first.getParticipantNodes().size() == 2, "the second queues");
        first.release();
        Conversation.equal(true, Waiting.result(waiting), "the second acquires");
        // The lock's own znode is a container, and goes when nobody wants it any more.
        Waiting.until(() -> one.checkExists().forPath("/mutex") == null, "the lock is reaped");
    }

    private static void readWriteLock(CuratorFramework one, CuratorFramework two)
            throws Exception {
        InterProcessReadWriteLock first = new InterProcessReadWriteLock(one, "/rw");
        InterProcessReadWriteLock second = new InterProcessReadWriteLock(two, "/rw");
        first.readLock().acquire();
        Conversation.holds(second.readLock().acquire(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                "two readers at once");
        second.readLock().release();
        Conversation.holds(!second.writeLock().acquire(SHORT_MS, TimeUnit.MILLISECONDS),
                "no writer beside a reader");
        first.readLock().release();
        Conversation.holds(second.writeLock().acquire(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                "a writer alone");
        second.writeLock().release();
    }

    private static void semaphore(CuratorFramework one, CuratorFramework two) throws Exception {
        InterProcessSemaphoreV2 first = new InterProcessSemaphoreV2(one, "/semaphore", 2);
        InterProcessSemaphoreV2 second = new InterProcessSemaphoreV2(two, "/semaphore", 2);
        Lease kept = first.acquire();
        Lease returned = second.acquire();
        Conversation.equal(null, second.acquire(SHORT_MS, TimeUnit.MILLISECONDS), "a third lease");
        second.returnLease(returned);
        Lease again = first.acquire(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS);
        Conversation.holds(again != null, "a returned lease is taken");
        first.returnLease(again);
        first.returnLease(kept);
    }

    private static void leaderLatch(CuratorFramework one, CuratorFramework two) throws Exception {
        LeaderLatch first = new LeaderLatch(one, "/latch", "first");
        first.start();
        Conversation.holds(first.await(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS), "it leads");
        LeaderLatch second = new LeaderLatch(two, "/latch", "second");
        second.start();
        Waiting.until(() -> first.getParticipants().size() == 2, "two participants");
        Conversation.equal("first", second.getLeader().getId(), "leader");
        Conversation.holds(!second.hasLeadership(), "one leader");
        first.close();
        Conversation.holds(second.await(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS),
                "the next leads");
        second.close();
    }

    private static void barrier(CuratorFramework one, CuratorFramework two) throws Exception {
        DistributedBarrier barrier = new DistributedBarrier(one, "/barrier");
        barrier.setBarrier();
        DistributedBarrier other = new DistributedBarrier(two, "/barrier");
        Conversation.holds(!other.waitOnBarrier(SHORT_MS, TimeUnit.MILLISECONDS), "it holds");
        CompletableFuture<Boolean> waiting = Waiting.beside(
                () -> other.waitOnBarrier(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS));
        barrier.removeBarrier();
        Conversation.equal(true, Waiting.result(waiting), "it falls");
    }

    private static void doubleBarrier(CuratorFramework one, CuratorFramework two)
            throws Exception {
        DistributedDoubleBarrier first = new DistributedDoubleBarrier(one, "/double", 2);
        DistributedDoubleBarrier second = new DistributedDoubleBarrier(two, "/double", 2);
        CompletableFuture<Boolean> entering = Waiting.beside(
                () -> first.enter(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS));
        Conversation.holds(second.enter(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS), "enters");
        Conversation.equal(true, Waiting.result(entering), "both enter");
        CompletableFuture<Boolean> leaving = Waiting.beside(
                () -> first.leave(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS));
        Conversation.holds(second.leave(Waiting.DEADLINE_SECONDS, TimeUnit.SECONDS), "leaves");
        Conversation.equal(true, Waiting.result(leaving), "both leave");
    }

    private static void atomicLong(CuratorFramework one, CuratorFramework two) throws Exception {
        CompletableFuture<Integer> other = Waiting.beside(() -> add(two));
        int mine = add(one);
        Waiting.result(other);
        long value = new DistributedAtomicLong(one, "/atomic",
                new RetryOneTime(1)).get().postValue();
        Conversation.equal((long) mine + other.get(), value, "sum of two counting at once");
    }

    /** Adds 20 times; counts those that were not beaten by the other. */
    private static int add(CuratorFramework client) throws Exception {
        DistributedAtomicLong counter = new DistributedAtomicLong(client, "/atomic",
                new RetryOneTime(1));
        int succeeded = 0;
        for (int i = 0; i < 20; i++) {
            succeeded += counter.increment().succeeded() ? 1 : 0;
        }
        Conversation.holds(succeeded > 0, "some succeed");
        return succeeded;
    }
}
