import java.util.Map;

/** Makes the object that a `new` request describes. */
final class Subjects {
    private Subjects() {}

    static Subject make(
            Request request, PeerClient client, Events events, Map<String, Subject> others)
            throws Exception {
        switch (request.text("kind")) {
            case "mutex": return new MutexSubject(client, request, events);
            case "rwlock": return new ReadWriteLockSubject(client, request);
            case "semaphore": return new SemaphoreSubject(client, request, others);
            case "semaphore_mutex": return PlainLockSubject.semaphoreMutex(client, request);
            case "multi_lock": return PlainLockSubject.multiLock(client, request);
            case "latch": return new LatchSubject(client, request, events);
            case "selector": return new SelectorSubject(client, request, events);
            case "barrier": return new BarrierSubject(client, request);
            case "double_barrier": return new DoubleBarrierSubject(client, request);
            case "shared_count": return new SharedCountSubject(client, request, events);
            case "shared_value": return new SharedValueSubject(client, request, events);
            case "atomic_long": return AtomicSubject.ofLong(client, request);
            case "atomic_int": return AtomicSubject.ofInt(client, request);
            case "cached_long": return new CachedLongSubject(client, request);
            case "queue": return new QueueSubject(client, request, events);
            case "queue_sharder": return new SharderSubject(client, request, events);
            case "simple_queue": return SimpleQueueSubject.curator(client, request);
            case "zookeeper_queue": return SimpleQueueSubject.zookeeper(client, request);
            case "discovery": return new DiscoverySubject(client, request, events);
            case "persistent_node": return new PersistentNodeSubject(client, request);
            case "group": return new GroupSubject(client, request);
            case "cache": return new CacheSubject(client, request, events);
            case "migration": return new MigrationSubject(client, request);
            default: throw new IllegalArgumentException("no such kind: " + request.text("kind"));
        }
    }
}
