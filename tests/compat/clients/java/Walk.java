import java.lang.reflect.Method;

/**
 * Walks through what Apache's Java client offers, on a real server. Arguments: the server's
 * connect string, and that of a gate in front of it which the test can shut, freeze and open.
 */
public final class Walk {
    public static void main(String[] arguments) throws Exception {
        String server = arguments[0];
        String gate = arguments[1];
        Conversation talk = new Conversation();
        try (Session one = new Session(server, Session.LONG_TIMEOUT_MS);
                Session two = new Session(server, Session.LONG_TIMEOUT_MS);
                Session gated = new Session(gate, Session.LONG_TIMEOUT_MS)) {
            CrudChecks.run(talk, one);
            WatchChecks.run(talk, one, two);
            MultiChecks.run(talk, one);
            AclChecks.run(talk, server, one);
            NodeChecks.run(talk, server, one);
            newerThan35(talk, one, two);
            new RestartChecks(talk, one, two, gated).run();
            ExpiryChecks.run(talk, gate, one);
        }
        System.exit(talk.failures() == 0 ? 0 : 1);
    }

    /** Runs the checks of API that 3.5 lacks; they are compiled only for clients that have it. */
    private static void newerThan35(Conversation talk, Session one, Session two) throws Exception {
        for (String name : new String[] {"Since36Checks", "Since37Checks"}) {
            Class<?> checks;
            try {
                checks = Class.forName(name);
            } catch (ClassNotFoundException older) {
                continue;
            }
            Method run = checks.getDeclaredMethod(
                    "run", Conversation.class, Session.class, Session.class);
            run.invoke(null, talk, one, two);
        }
    }
}
