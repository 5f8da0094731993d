/** What one object tells without being asked. */
final class Events {
    private final Talk talk;
    private final String on;

    Events(Talk talk, String on) {
        this.talk = talk;
        this.on = on;
    }

    void tell(String event, Object value) {
        talk.event(on, event, value);
    }
}
