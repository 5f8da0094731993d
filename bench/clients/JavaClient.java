import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/** The Java client under load: asynchronous getData and setData from their own callbacks. */
public final class JavaClient {
  private static final String PATH = "/client-bench";
  private static volatile boolean counts;
  private static volatile boolean goesOn = true;
  private static long operations;
  private static final long[] buckets = new long[1_000_000];  // by us
  private static ZooKeeper client;
  private static boolean writes;
  private static byte[] data;

  private static void ask() {
    final long askedAt = System.nanoTime();
    if (writes) {
      client.setData(PATH, data, -1, (error, path, context, stat) -> answered(error, askedAt), null);
    } else {
      client.getData(PATH, false, (error, path, context, bytes, stat) -> answered(error, askedAt), null);
    }
  }

  private static void answered(int error, long askedAt) {
    if (error != 0 && goesOn) {
      System.err.println("JavaClient: " + KeeperException.Code.get(error));
      System.exit(1);
    }
    if (counts) {
      operations++;
      buckets[(int) Math.min((System.nanoTime() - askedAt) / 1000, buckets.length - 1)]++;
    }
    if (goesOn) {
      ask();
    }
  }

  private static int percentile(double part) {
    long left = (long) (operations * part);
    int at = 0;
    while (at + 1 < buckets.length && (left -= buckets[at]) > 0) {
      at++;
    }
    return at;
  }

  private static double cpuSeconds() {
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime() * 1e-9;
  }

  public static void main(String[] arguments) throws Exception {
    writes = arguments[1].equals("set");
    final int outstanding = Integer.parseInt(arguments[2]);
    final long phase = (long) (Double.parseDouble(arguments[3]) * 1000);
    // A JVM needs this long to run at speed; the other programs need nothing like it.
    final long warmUp = Math.max(phase, 8000);
    data = new byte[Integer.parseInt(arguments[4])];
    final CountDownLatch connected = new CountDownLatch(1);
    client = new ZooKeeper(arguments[0], 30_000, event -> connected.countDown());
    connected.await();
    try {
      client.create(PATH, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    } catch (KeeperException.NodeExistsException fine) {
      // Another program made it.
    }
    for (int slot = 0; slot < outstanding; slot++) {
      ask();
    }
    Thread.sleep(warmUp);
    final double cpu = cpuSeconds();
    final long began = System.nanoTime();
    counts = true;
    Thread.sleep(phase);
    counts = false;
    final double seconds = (System.nanoTime() - began) * 1e-9;
    final double used = cpuSeconds() - cpu;
    goesOn = false;
    client.close();
    System.out.printf(
        "{\"operations\": %d, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"p50_us\": %d, \"p99_us\": %d}%n",
        operations, seconds, used, percentile(0.5), percentile(0.99));
  }
}
