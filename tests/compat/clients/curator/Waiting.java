import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Waiting for what recipes do on threads of their own. */
final class Waiting {
    static final long DEADLINE_SECONDS = 30;

    /** Runs something beside the check. */
    static <T> CompletableFuture<T> beside(Callable<T> body) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(body.call());
            } catch (Exception failure) {
                result.completeExceptionally(failure);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    /** What it gives, or a failure when it takes too long. */
    static <T> T result(CompletableFuture<T> future) throws Exception {
        return future.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until the condition holds. */
    static void until(Callable<Boolean> condition, String what) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (!condition.call()) {
            Conversation.holds(System.nanoTime() < deadline, what);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
