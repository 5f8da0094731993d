import java.util.Map;
import java.util.TreeMap;
import org.apache.curator.framework.recipes.nodes.GroupMember;

/** GroupMember; `members` answers ids with their data. */
final class GroupSubject implements Subject {
    private final GroupMember member;

    GroupSubject(PeerClient client, Request request) {
        String path = request.text("path");
        String id = request.text("id");
        member =
                request.has("data")
                        ? new GroupMember(client.curator, path, id, request.bytes("data"))
                        : new GroupMember(client.curator, path, id);
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        switch (op) {
            case "start": member.start(); return null;
            case "members":
                Map<String, String> members = new TreeMap<>();
                member.getCurrentMembers().forEach((id, data) -> members.put(id, Hex.encode(data)));
                return members;
            case "set": member.setThisData(request.bytes("data")); return null;
            case "close": member.close(); return null;
            default: throw Subject.unknown(op);
        }
    }
}
