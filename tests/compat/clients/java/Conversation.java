import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.zookeeper.KeeperException;

/**
 * The walk's talk with the test that started it: findings and requests go out on stdout, one per
 * line, answers come in on stdin. See the README one folder up for the words.
 */
final class Conversation {
    /** What a check does; it fails by throwing. */
    interface Body {
        void run() throws Exception;
    }

    private final BufferedReader answers =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private int failures;

    /** Runs one check and reports it; a failure is counted and the walk goes on. */
    void check(String name, Body body) {
        try {
            body.run();
            say("ok " + name);
        } catch (Exception | AssertionError failure) {
            failures++;
            say("FAIL " + name + ": " + failure + " at " + whereInWalk(failure));
        }
    }

    /** Asks the test for something (a restart, a move of the gate) and waits until it is done. */
    void ask(String request) throws IOException {
        say(request);
        String answer = answers.readLine();
        if (!"done".equals(answer)) {
            throw new IOException("asked for '" + request + "', was answered '" + answer + "'");
        }
    }

    /** Tells whoever reads the output; nothing is judged by it. */
    void note(String text) {
        say("note " + text);
    }

    int failures() {
        return failures;
    }

    static void equal(Object expected, Object actual, String what) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(what + ": expected " + expected + ", got " + actual);
        }
    }

    static void holds(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError("does not hold: " + what);
        }
    }

    /** Requires that the server refuses with exactly this code. */
    static void refused(KeeperException.Code code, Body body) throws Exception {
        try {
            body.run();
        } catch (KeeperException refusal) {
            equal(code, refusal.code(), "error code");
            return;
        }
        throw new AssertionError("expected " + code + ", got success");
    }

    private static void say(String line) {
        System.out.println(line.replace('\n', ' '));
        System.out.flush();
    }

    private static String whereInWalk(Throwable failure) {
        for (StackTraceElement frame : failure.getStackTrace()) {
            String name = frame.getClassName();
            if (!name.contains(".") && !name.startsWith("Conversation")) {
                return frame.getFileName() + ":" + frame.getLineNumber();
            }
        }
        return "?";
    }
}
