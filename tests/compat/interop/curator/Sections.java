import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;

/**
 * Critical sections, many in a row: take, raise a counter znode (if one is named) without any
 * version, give back.
 * Each is told as [taken at, about to give back at, own znode]; the driver looks for overlaps, and
 * a counter that ends short shows one too.
 */
final class Sections {
    /** What a lock of any recipe offers here. */
    interface Lock {
        boolean acquire(long timeoutMs) throws Exception;

        void release() throws Exception;

        /** Path of the znode by which it is held; null when the recipe does not tell. */
        String node() throws Exception;
    }

    private Sections() {}

    static List<Object[]> run(CuratorFramework curator, Lock lock, Request request)
            throws Exception {
        String counter = request.text("counter", null);
        long count = request.number("count");
        List<Object[]> sections = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            if (!lock.acquire(request.timeoutMs())) {
                throw new IllegalStateException("section " + i + " was not entered in time");
            }
            long taken = System.nanoTime();
            String node = lock.node();
            if (counter != null) {
                long value = Long.parseLong(new String(curator.getData().forPath(counter)));
                curator.setData().forPath(counter, Long.toString(value + 1).getBytes());
            }
            Thread.sleep(request.number("hold_ms", 0));
            sections.add(new Object[] {taken, System.nanoTime(), node});
            lock.release();
        }
        return sections;
    }

    /** acquire, release and sections, common to all locks; null for another op. */
    static Object call(CuratorFramework curator, Lock lock, String op, Request request)
            throws Exception {
        switch (op) {
            case "acquire": return lock.acquire(request.timeoutMs());
            case "release": lock.release(); return true;
            case "node": return lock.node();
            case "sections": return run(curator, lock, request);
            default: throw Subject.unknown(op);
        }
    }
}
