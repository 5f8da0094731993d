import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.CachedAtomicLong;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;

/** CachedAtomicLong: `next` hands out so many numbers as [pre, post]. */
final class CachedLongSubject implements Subject {
    private final CachedAtomicLong cached;

    CachedLongSubject(PeerClient client, Request request) {
        cached =
                new CachedAtomicLong(
                        new DistributedAtomicLong(
                                client.curator, request.text("path"),
                                AtomicSubject.tries(request)),
                        (int) request.number("factor"));
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        if (!op.equals("next")) {
            throw Subject.unknown(op);
        }
        List<long[]> given = new ArrayList<>();
        for (long i = 0; i < request.number("count"); i++) {
            AtomicValue<Long> value = cached.next();
            given.add(new long[] {value.preValue(), value.postValue()});
        }
        return given;
    }
}
