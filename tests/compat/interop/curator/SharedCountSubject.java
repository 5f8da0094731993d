import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.SharedCountListener;
import org.apache.curator.framework.recipes.shared.SharedCountReader;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.framework.state.ConnectionState;

/** SharedCount; tells `changed` with each value it hears of. */
final class SharedCountSubject implements Subject {
    final SharedCount count;

    SharedCountSubject(PeerClient client, Request request, Events events) {
        count =
                new SharedCount(
                        client.curator, request.text("path"), (int) request.number("seed", 0));
        count.addListener(
                new SharedCountListener() {
                    @Override
                    public void countHasChanged(SharedCountReader reader, int value) {
                        events.tell("changed", value);
                    }

                    @Override
                    public void stateChanged(CuratorFramework curator, ConnectionState state) {}
                });
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "start": count.start(); return null;
            case "close": count.close(); return null;
            case "get": return count.getCount();
            case "set": count.setCount((int) request.number("value")); return null;
            case "try_set": return trySet((int) request.number("value"));
            case "add": return add(request.number("count"));
            default: throw Subject.unknown(op);
        }
    }

    /** With the value that is known now as the previous one. */
    private boolean trySet(int value) throws Exception {
        return count.trySetCount(count.getVersionedValue(), value);
    }

    /** So many increments, each repeated until it is taken; answers how often one was refused. */
    private long add(long times) throws Exception {
        long refused = 0;
        for (long done = 0; done < times; ) {
            VersionedValue<Integer> previous = count.getVersionedValue();
            if (count.trySetCount(previous, previous.getValue() + 1)) {
                done++;
            } else {
                refused++;
            }
        }
        return refused;
    }
}
