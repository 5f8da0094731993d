import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Who believes to hold what only one may hold. All contenders live in this process, each with a
 * session of its own, so this is the truth and not what any server says of it.
 */
final class OneAtATime {
    final List<String> complaints = new CopyOnWriteArrayList<>();
    private final String what;
    private String holder;

    OneAtATime(String what) {
        this.what = what;
    }

    synchronized void enter(String who) {
        if (holder != null) {
            complaints.add(what + ": " + who + " holds it while " + holder + " does");
        }
        holder = who;
    }

    synchronized void leave(String who) {
        if (who.equals(holder)) {
            holder = null;
        }
    }

    /** False once a change of the connection has ended the belief. */
    synchronized boolean isHeldBy(String who) {
        return who.equals(holder);
    }
}
