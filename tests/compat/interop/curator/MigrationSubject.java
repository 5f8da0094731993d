import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.x.async.AsyncCuratorFramework;
import org.apache.curator.x.async.migrations.Migration;
import org.apache.curator.x.async.migrations.MigrationManager;
import org.apache.curator.x.async.migrations.MigrationSet;

/** MigrationManager: `migrate` runs the set `id`, a list of lists of operations. */
final class MigrationSubject implements Subject {
    private final PeerClient client;
    private final MigrationManager manager;

    MigrationSubject(PeerClient client, Request request) {
        this.client = client;
        manager =
                new MigrationManager(
                        AsyncCuratorFramework.wrap(client.curator),
                        request.text("lock_path"),
                        request.text("meta_path"),
                        Runnable::run,
                        Duration.ofSeconds(10));
    }

    @Override
    public Object call(String op, Request request) throws Exception {
        if (!op.equals("migrate")) {
            throw Subject.unknown(op);
        }
        List<Migration> migrations = new ArrayList<>();
        for (JsonNode each : request.node("migrations")) {
            List<CuratorOp> ops = PeerClient.operations(client.curator.transactionOp(), each);
            migrations.add(() -> ops);
        }
        manager.migrate(MigrationSet.build(request.text("id"), migrations))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        return null;
    }
}
