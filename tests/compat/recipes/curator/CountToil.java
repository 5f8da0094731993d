import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.retry.RetryNTimes;

/**
 * DistributedAtomicLong: what was acknowledged is counted once, what was not at most once. Its
 * clients do not retry by themselves: after a lost answer that would count twice, on any server.
 */
final class CountToil extends Toil {
    private static final String PATH = "/recipes/count";

    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong unknown = new AtomicLong();

    CountToil(List<Client> clients) {
        for (Client client : clients) {
            DistributedAtomicLong count =
                    new DistributedAtomicLong(client.curator, PATH, new RetryNTimes(10, 5));
            every("count of " + client.name, 5, () -> attempt(count));
        }
    }

    private boolean attempt(DistributedAtomicLong count) throws Exception {
        AtomicValue<Long> value;
        try {
            value = count.increment();
        } catch (Exception trouble) {
            unknown.incrementAndGet();
            throw trouble;
        }
        if (value.succeeded()) {
            acknowledged.incrementAndGet();
        }
        return value.succeeded();
    }

    @Override
    void judge(Client reader) throws Exception {
        long value = new DistributedAtomicLong(reader.curator, PATH, new RetryNTimes(1, 1))
                .get().postValue();
        Conversation.holds(
                acknowledged.get() <= value && value <= acknowledged.get() + unknown.get(),
                value + " counted of " + account());
    }

    String account() {
        return acknowledged + " acknowledged, " + unknown + " unknown";
    }
}
