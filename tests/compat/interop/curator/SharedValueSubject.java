import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.shared.SharedValue;
import org.apache.curator.framework.recipes.shared.SharedValueListener;
import org.apache.curator.framework.recipes.shared.SharedValueReader;
import org.apache.curator.framework.state.ConnectionState;

/** SharedValue; tells `changed` with each value it hears of. */
final class SharedValueSubject implements Subject {
    private final SharedValue value;

    SharedValueSubject(PeerClient client, Request request, Events events) {
        value = new SharedValue(client.curator, request.text("path"), request.bytes("seed"));
        value.getListenable()
                .addListener(
                        new SharedValueListener() {
                            @Override
                            public void valueHasChanged(SharedValueReader reader, byte[] data) {
                                events.tell("changed", Hex.encode(data));
                            }

                            @Override
                            public void stateChanged(
                                    CuratorFramework curator, ConnectionState state) {}
                        });
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "start": value.start(); return null;
            case "close": value.close(); return null;
            case "get": return Hex.encode(value.getValue());
            case "set": value.setValue(request.bytes("value")); return null;
            case "try_set":
                return value.trySetValue(value.getVersionedValue(), request.bytes("value"));
            default: throw Subject.unknown(op);
        }
    }
}
