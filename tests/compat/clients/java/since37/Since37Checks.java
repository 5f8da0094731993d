import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.data.ClientInfo;

/** API new in 3.7: asking the server who one is. */
final class Since37Checks {
    static void run(Conversation talk, Session session, Session other) {
        talk.check("acl.whoami", () -> {
            List<String> identities = new ArrayList<>();
            for (ClientInfo info : session.zk.whoAmI()) {
                identities.add(info.getAuthScheme() + ":" + info.getUser());
            }
            Conversation.equal(List.of("ip:127.0.0.1"), identities, "identities");
        });
    }
}
