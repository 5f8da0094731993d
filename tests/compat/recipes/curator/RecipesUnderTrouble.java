import java.util.Arrays;
import java.util.List;
import org.apache.curator.retry.RetryForever;
import org.apache.curator.retry.RetryNTimes;

/**
 * Curator's recipes while servers are killed, frozen and stopped. Arguments: the ensemble's
 * connect string, and that of gates in front of it which the test shuts and freezes. At
 * `ask("trouble")` the test does its worst, and answers when all servers stand again.
 */
public final class RecipesUnderTrouble {
    private static final int RETRY_MS = 50;
    private static final int ENOUGH = 3;

    public static void main(String[] arguments) throws Exception {
        Conversation talk = new Conversation();
        Client one = patient("one", arguments[0]);
        Client two = patient("two", arguments[0]);
        Client gated = patient("gated", arguments[1]);
        List<Client> all = Arrays.asList(one, two, gated);
        List<Client> hasty =
                Arrays.asList(hasty("three", arguments[0]), hasty("four", arguments[0]));

        MutexToil mutex = new MutexToil(all);
        LatchToil latch = new LatchToil(all);
        CountToil count = new CountToil(hasty);
        CacheToil cache = new CacheToil(one, Arrays.asList(two, gated));
        List<Toil> toils = Arrays.asList(mutex, latch, count, cache);

        talk.check("curator.before", () -> awaitMore(toils));
        talk.ask("trouble");
        talk.check("curator.after", () -> awaitMore(toils));
        talk.check("curator.stop", () -> {
            for (Toil toil : toils) {
                toil.stop();
            }
            // Whoever is answered to a write of its own has read all that was done before.
            two.curator.create().forPath("/recipes/last");
        });
        talk.check("curator.session-lost", () -> Conversation.holds(gated.losses() > 0, "it was"));
        talk.check("curator.mutex", () -> mutex.judge(two));
        talk.check("curator.latch", () -> latch.judge(two));
        talk.check("curator.atomic-long", () -> count.judge(two));
        talk.check("curator.caches", () -> cache.judge(two));
        talk.note("mutex " + mutex.account() + "; latch " + latch.account() + "; atomic long "
                + count.account() + "; tree " + cache.account() + "; sessions lost "
                + all.stream().mapToInt(Client::losses).sum());
        System.exit(talk.failures() == 0 ? 0 : 1);
    }

    private static Client patient(String name, String connectString) throws Exception {
        return new Client(name, connectString, new RetryForever(RETRY_MS));
    }

    private static Client hasty(String name, String connectString) throws Exception {
        return new Client(name, connectString, new RetryNTimes(0, 0));
    }

    private static void awaitMore(List<Toil> toils) throws Exception {
        for (Toil toil : toils) {
            toil.awaitMore(ENOUGH);
        }
    }
}
