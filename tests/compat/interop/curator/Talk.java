import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.zookeeper.KeeperException;

/** Writes answers and events to stdout, one whole line at a time; any thread may call it. */
final class Talk {
    private final ObjectMapper json;

    Talk(ObjectMapper json) {
        this.json = json;
    }

    void answer(long number, long start, JsonNode result) {
        ObjectNode line = head(number, start);
        line.set("ok", result);
        say(line);
    }

    void fail(long number, long start, Throwable failure) {
        ObjectNode line = head(number, start);
        line.put("error", failure.getClass().getSimpleName());
        line.put("message", String.valueOf(failure.getMessage()));
        if (failure instanceof KeeperException) {
            line.put("code", ((KeeperException) failure).code().intValue());
            line.put("path", ((KeeperException) failure).getPath());
        }
        failure.printStackTrace();
        say(line);
    }

    void event(String on, String event, Object value) {
        ObjectNode line = json.createObjectNode();
        line.put("event", event);
        line.put("on", on);
        line.put("at", System.nanoTime());
        line.set("value", json.valueToTree(value));
        say(line);
    }

    private ObjectNode head(long number, long start) {
        return json.createObjectNode().put("n", number).put("start", start)
                .put("end", System.nanoTime());
    }

    private synchronized void say(ObjectNode line) {
        System.out.println(line);
        System.out.flush();
    }
}
