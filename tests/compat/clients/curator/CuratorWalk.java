import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;

/**
 * Walks through Apache Curator's recipes on a real server. Arguments: the server's connect string,
 * and that of a gate in front of it which the test can shut, freeze and open.
 */
public final class CuratorWalk {
    private static final int RETRY_MS = 100;

    public static void main(String[] arguments) throws Exception {
        Conversation talk = new Conversation();
        try (CuratorFramework one = open(arguments[0], Session.LONG_TIMEOUT_MS);
                CuratorFramework two = open(arguments[0], Session.LONG_TIMEOUT_MS)) {
            LockChecks.run(talk, one, two);
            CacheChecks.run(talk, one, two);
            NodeRecipeChecks.run(talk, one, two);
            RecipeRestartChecks.run(talk, one, two);
            try (CuratorFramework silent = open(arguments[1], Session.SHORT_TIMEOUT_MS)) {
                RecipeRestartChecks.expiry(talk, silent, one);
            }
        }
        System.exit(talk.failures() == 0 ? 0 : 1);
    }

    private static CuratorFramework open(String connectString, int timeoutMs) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(
                connectString, timeoutMs, timeoutMs, new RetryForever(RETRY_MS));
        client.start();
        client.blockUntilConnected();
        return client;
    }
}
