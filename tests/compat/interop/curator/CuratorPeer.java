import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A peer that speaks the line protocol of ../README.md with Apache Curator behind it: one request
 * per line on stdin, answers and events as lines on stdout. Requests of one `thread` run in
 * order on a Java thread of its own, because Curator's locks belong to the thread that took them.
 */
public final class CuratorPeer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Talk talk = new Talk(JSON);
    private final Map<String, ExecutorService> threads = new ConcurrentHashMap<>();
    private final Map<String, PeerClient> clients = new ConcurrentHashMap<>();
    private final Map<String, Subject> subjects = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws Exception {
        new CuratorPeer().serve();
        System.exit(0); // Curator's threads would keep the process alive.
    }

    private void serve() throws Exception {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            Request request = new Request(JSON.readTree(line));
            String fallback = request.text("on", request.text("client", "main"));
            threads.computeIfAbsent(
                            request.text("thread", fallback),
                            name -> Executors.newSingleThreadExecutor(work -> daemon(work, name)))
                    .execute(() -> answer(request));
        }
    }

    private static Thread daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    private void answer(Request request) {
        long start = System.nanoTime();
        try {
            JsonNode result = JSON.valueToTree(perform(request));
            talk.answer(request.number(), start, result);
        } catch (Throwable failure) {
            talk.fail(request.number(), start, failure);
        }
    }

    private Object perform(Request request) throws Exception {
        String op = request.text("op");
        String client = request.text("client", "main");
        String on = request.text("on", null);
        if (op.equals("connect")) {
            clients.put(client, new PeerClient(client, request, talk));
            return clients.get(client).sessionId();
        }
        if (op.equals("new")) {
            PeerClient owner = clients.get(client);
            subjects.put(on, Subjects.make(request, owner, new Events(talk, on), subjects));
            return null;
        }
        if (on != null) {
            Subject subject = subjects.get(on);
            if (subject == null) {
                throw new IllegalArgumentException("nothing is called " + on);
            }
            return subject.call(op, request);
        }
        return clients.get(client).call(op, request);
    }
}
