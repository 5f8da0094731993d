import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicNumber;
import org.apache.curator.framework.recipes.atomic.PromotedToLock;
import org.apache.curator.retry.RetryNTimes;

/** DistributedAtomicLong and DistributedAtomicInteger, with promotion when `promote` is a path. */
final class AtomicSubject<T extends Number> implements Subject {
    /** From JSON's number to the recipe's. */
    interface Narrow<T> {
        T from(long value);
    }

    private static final int LOCK_SECONDS = 30;

    private final DistributedAtomicNumber<T> number;
    private final Narrow<T> narrow;

    private AtomicSubject(DistributedAtomicNumber<T> number, Narrow<T> narrow) {
        this.number = number;
        this.narrow = narrow;
    }

    static AtomicSubject<Long> ofLong(PeerClient client, Request request) {
        return new AtomicSubject<>(
                new DistributedAtomicLong(
                        client.curator, request.text("path"), tries(request), promotion(request)),
                value -> value);
    }

    static AtomicSubject<Integer> ofInt(PeerClient client, Request request) {
        return new AtomicSubject<>(
                new DistributedAtomicInteger(
                        client.curator, request.text("path"), tries(request), promotion(request)),
                value -> (int) value);
    }

    static RetryNTimes tries(Request request) {
        return new RetryNTimes((int) request.number("tries", 10), 1);
    }

    private static PromotedToLock promotion(Request request) {
        if (!request.has("promote")) {
            return null;
        }
        return PromotedToLock.builder().lockPath(request.text("promote"))
                .timeout(LOCK_SECONDS, TimeUnit.SECONDS).retryPolicy(new RetryNTimes(1000, 1))
                .build();
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "get": return outcome(number.get());
            case "add": return outcome(number.add(narrow.from(request.number("value"))));
            case "subtract": return outcome(number.subtract(narrow.from(request.number("value"))));
            case "try_set": return outcome(number.trySet(narrow.from(request.number("value"))));
            case "force_set":
                number.forceSet(narrow.from(request.number("value")));
                return null;
            case "initialize":
                return number.initialize(narrow.from(request.number("value")));
            case "compare_and_set":
                return outcome(
                        number.compareAndSet(
                                narrow.from(request.number("expected")),
                                narrow.from(request.number("value"))));
            case "increments": return increments(request.number("count"));
            default: throw Subject.unknown(op);
        }
    }

    /** So many, each repeated until it succeeds; answers how often one did not. */
    private long increments(long times) throws Exception {
        long failed = 0;
        for (long done = 0; done < times; ) {
            if (number.increment().succeeded()) {
                done++;
            } else {
                failed++;
            }
        }
        return failed;
    }

    private static Map<String, Object> outcome(AtomicValue<?> value) throws Exception {
        Map<String, Object> fields = new HashMap<>();
        fields.put("succeeded", value.succeeded());
        if (value.succeeded()) {
            fields.put("pre", value.preValue());
            fields.put("post", value.postValue());
        }
        return fields;
    }
}
