/** A recipe's object that requests name by `on`. */
interface Subject {
    /** Answers what `ok` carries; throws IllegalArgumentException for an op it does not know. */
    Object call(String op, Request request) throws Exception;

    /** What every subject says to an op that it does not know. */
    static IllegalArgumentException unknown(String op) {
        return new IllegalArgumentException("no such op: " + op);
    }
}
