import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One line that came in. Bytes travel as hexadecimal digits. */
final class Request {
    private static final long FOR_EVER_MS = TimeUnit.DAYS.toMillis(1);

    private final JsonNode line;

    Request(JsonNode line) {
        this.line = line;
    }

    long number() {
        return line.get("n").asLong();
    }

    JsonNode node(String key) {
        JsonNode value = line.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing in " + line);
        }
        return value;
    }

    boolean has(String key) {
        return line.hasNonNull(key);
    }

    String text(String key) {
        return node(key).asText();
    }

    String text(String key, String otherwise) {
        return has(key) ? text(key) : otherwise;
    }

    long number(String key) {
        return node(key).asLong();
    }

    long number(String key, long otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    boolean flag(String key) {
        return has(key) && line.get(key).asBoolean();
    }

    /** null when there is none. */
    byte[] bytes(String key) {
        return has(key) ? Hex.decode(text(key)) : null;
    }

    long timeoutMs() {
        return number("timeout_ms", FOR_EVER_MS);
    }

    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        node(key).forEach(each -> texts.add(each.asText()));
        return texts;
    }
}
