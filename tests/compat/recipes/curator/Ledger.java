import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.HashSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * A count in a znode that only who holds a right may raise. Each raise adds, in the same
 * transaction, a line with its name and the czxid of the znode by which the right is held. As
 * right and write belong to one session, nobody who holds it can ever meet another's write.
 */
final class Ledger {
    private final String path;
    private final List<String> complaints;
    private final AtomicInteger names = new AtomicInteger();
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<String> unknown = ConcurrentHashMap.newKeySet();

    Ledger(Client client, String path, List<String> complaints) throws Exception {
        this.path = path;
        this.complaints = complaints;
        client.curator.create().creatingParentsIfNeeded().forPath(path, bytes("0"));
    }

    /** Raises the count by one, in the session that owns the right; false when it is not known. */
    boolean raise(ZooKeeper session, String who, long right) throws Exception {
        Stat stat = new Stat();
        long next = Long.parseLong(text(session.getData(path, false, stat))) + 1;
        String name = who + "-" + names.incrementAndGet();
        try {
            session.multi(Arrays.asList(
                    Op.setData(path, bytes(Long.toString(next)), stat.getVersion()),
                    Op.create(line(next), bytes(name + " " + right), ZooDefs.Ids.OPEN_ACL_UNSAFE,
                            CreateMode.PERSISTENT)));
        } catch (KeeperException.BadVersionException | KeeperException.NodeExistsException other) {
            complaints.add(name + " held the right and found another's write: " + other);
            return false;
        } catch (KeeperException trouble) {
            unknown.add(name);
            return false;
        }
        acknowledged.add(name);
        return true;
    }

    /** Every raise that was acknowledged is there once, those unknown at most once, in order. */
    void judge(ZooKeeper reader) throws Exception {
        long count = Long.parseLong(text(reader.getData(path, false, null)));
        Conversation.equal((long) reader.getChildren(path, false).size(), count, "lines");
        Set<String> found = new HashSet<>();
        long last = 0;
        for (long number = 1; number <= count; number++) {
            String[] words = text(reader.getData(line(number), false, null)).split(" ");
            Conversation.holds(found.add(words[0]), words[0] + " is counted once");
            Conversation.holds(acknowledged.contains(words[0]) || unknown.contains(words[0]),
                    words[0] + " was done");
            long right = Long.parseLong(words[1]);
            Conversation.holds(right >= last, words[0] + " at " + number + " with right 0x"
                    + Long.toHexString(right) + " after 0x" + Long.toHexString(last));
            last = right;
        }
        Set<String> lost = new HashSet<>(acknowledged);
        lost.removeAll(found);
        Conversation.holds(lost.isEmpty(), "acknowledged and lost: " + lost);
    }

    String account() {
        return acknowledged.size() + " acknowledged, " + unknown.size() + " unknown";
    }

    private String line(long number) {
        return path + String.format("/%08d", number);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
