"""kazoo's own recipes, each used by two or more sessions at once."""

import datetime
import queue
import threading

from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.partitioner import PartitionState

from conversation import DEADLINE_SECONDS, Session, equal, holds


class Worker(threading.Thread):
    """Runs one blocking call beside the check; `result` waits for what it returned."""

    def __init__(self, body, *arguments):
        super().__init__(daemon=True)
        self._call = (body, arguments)
        self._outcome = queue.Queue()
        self.start()

    def run(self):
        body, arguments = self._call
        try:
            self._outcome.put((body(*arguments), None))
        except Exception as failure:  # Raised again where the result is asked for.
            self._outcome.put((None, failure))

    def result(self):
        value, failure = self._outcome.get(timeout=DEADLINE_SECONDS)
        if failure is not None:
            raise failure
        return value

    @property
    def is_waiting(self):
        return self._outcome.empty()


def recipes(talk, connect_string, one, two):
    talk.check("recipe.lock", _lock, one, two)
    talk.check("recipe.lock-of-the-dead", _lock_of_the_dead, connect_string, two)
    talk.check("recipe.read-write-lock", _read_write_lock, one, two)
    talk.check("recipe.semaphore", _semaphore, one, two)
    talk.check("recipe.election", _election, one, two)
    talk.check("recipe.party", _party, one, two)
    talk.check("recipe.barrier", _barrier, one, two)
    talk.check("recipe.double-barrier", _double_barrier, one, two)
    talk.check("recipe.queue", _queue, one, two)
    talk.check("recipe.locking-queue", _locking_queue, one, two)
    talk.check("recipe.counter", _counter, one, two)
    talk.check("recipe.lease", _lease, one, two)
    talk.check("recipe.data-watch", _data_watch, one, two)
    talk.check("recipe.children-watch", _children_watch, one, two)
    talk.check("recipe.tree-cache", _tree_cache, one, two)
    talk.check("recipe.set-partitioner", _set_partitioner, one, two)


def _await(condition, what):
    # Waits on what the recipe itself says; polling, for recipes have no event for it.
    pause = threading.Event()
    for _ in range(DEADLINE_SECONDS * 50):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError(f"never so: {what}")


def _lock(one, two):
    mine, theirs = one.Lock("/r/lock", "one"), two.Lock("/r/lock", "two")
    holds(mine.acquire(), "the first acquires")
    holds(not theirs.acquire(blocking=False), "the second cannot")
    waiting = Worker(theirs.acquire)
    _await(lambda: mine.contenders() == ["one", "two"], "two contenders, in order")
    holds(waiting.is_waiting, "the second waits")
    mine.release()
    holds(waiting.result(), "the second acquires")
    theirs.release()


def _lock_of_the_dead(connect_string, survivor):
    dead = Session(connect_string)
    holds(dead.Lock("/r/dead-lock").acquire(), "the first acquires")
    waiting = Worker(survivor.Lock("/r/dead-lock").acquire)
    _await(lambda: len(survivor.get_children("/r/dead-lock")) == 2, "the second waits")
    dead.leave()
    holds(waiting.result(), "the lock of a closed session is free")


def _read_write_lock(one, two):
    reads, also_reads = one.ReadLock("/r/rw"), two.ReadLock("/r/rw")
    writes = two.WriteLock("/r/rw")
    holds(reads.acquire() and also_reads.acquire(), "two readers at once")
    waiting = Worker(writes.acquire)
    _await(lambda: len(one.get_children("/r/rw")) == 3, "the writer queues")
    holds(waiting.is_waiting, "the writer waits")
    reads.release()
    also_reads.release()
    holds(waiting.result(), "the writer acquires")
    holds(not reads.acquire(blocking=False), "no reader beside a writer")
    writes.release()


def _semaphore(one, two):
    first, second = one.Semaphore("/r/sem", max_leases=2), two.Semaphore("/r/sem", max_leases=2)
    third = two.Semaphore("/r/sem", max_leases=2)
    holds(first.acquire() and second.acquire(), "two leases")
    holds(not third.acquire(blocking=False), "no third")
    waiting = Worker(third.acquire)
    first.release()
    holds(waiting.result(), "a lease given back is taken")
    second.release()
    third.release()


def _election(one, two):
    led = queue.Queue()
    resign = threading.Event()

    def lead(name):
        led.put(name)
        resign.wait(DEADLINE_SECONDS)

    first = Worker(one.Election("/r/election", "one").run, lead, "one")
    equal("one", led.get(timeout=DEADLINE_SECONDS), "leader")
    candidate = two.Election("/r/election", "two")
    second = Worker(candidate.run, lead, "two")
    _await(lambda: candidate.contenders() == ["one", "two"], "two contenders")
    holds(led.empty(), "one leader")
    resign.set()
    first.result()
    equal("two", led.get(timeout=DEADLINE_SECONDS), "next leader")
    second.result()


def _party(one, two):
    for kind in ("Party", "ShallowParty"):
        path = f"/r/{kind}"
        ours, theirs = getattr(one, kind)(path, "one"), getattr(two, kind)(path, "two")
        ours.join()
        theirs.join()
        equal(["one", "two"], sorted(ours), "members")
        theirs.leave()
        equal(["one"], list(ours), "members after one left")


def _barrier(one, two):
    barrier = one.Barrier("/r/barrier")
    barrier.create()
    waiting = Worker(two.Barrier("/r/barrier").wait, DEADLINE_SECONDS)
    holds(not one.Barrier("/r/barrier").wait(timeout=0.1), "nobody passes")
    holds(barrier.remove(), "the barrier falls")
    holds(waiting.result(), "the waiter passes")


def _double_barrier(one, two):
    first, second = (each.DoubleBarrier("/r/double", 2) for each in (one, two))
    entering = Worker(first.enter)
    _await(lambda: one.exists("/r/double") and one.get_children("/r/double"), "the first waits")
    second.enter()
    entering.result()
    leaving = Worker(first.leave)
    second.leave()
    leaving.result()


def _queue(one, two):
    ours, theirs = one.Queue("/r/queue"), two.Queue("/r/queue")
    for value in (b"b", b"c"):
        ours.put(value)
    ours.put(b"a", priority=10)
    equal(3, len(theirs), "length")
    equal([b"a", b"b", b"c", None], [theirs.get() for _ in range(4)], "order")


def _locking_queue(one, two):
    ours, theirs = one.LockingQueue("/r/lqueue"), two.LockingQueue("/r/lqueue")
    waiting = Worker(theirs.get, DEADLINE_SECONDS)
    ours.put_all([b"a", b"b"])
    equal(b"a", waiting.result(), "first")
    equal(b"b", ours.get(timeout=DEADLINE_SECONDS), "second is not the locked one")
    holds(theirs.consume() and ours.consume(), "both are consumed")
    equal(0, len(ours), "length")


def _counter(one, two):
    ours, theirs = one.Counter("/r/counter", default=5), two.Counter("/r/counter", default=5)

    def add(counter):
        for _ in range(20):
            counter += 1

    workers = [Worker(add, counter) for counter in (ours, theirs)]
    for worker in workers:
        worker.result()
    equal(45, ours.value, "sum of two counting at once")


def _lease(one, two):
    minute = datetime.timedelta(minutes=1)
    holds(one.NonBlockingLease("/r/lease", minute, "one"), "the first gets the lease")
    holds(not two.NonBlockingLease("/r/lease", minute, "two"), "the second does not")


def _data_watch(one, two):
    seen = queue.Queue()
    one.DataWatch("/r/data")(lambda data, _stat: seen.put(data))
    for change, expected in (
        (lambda: None, None),
        (lambda: two.create("/r/data", b"1"), b"1"),
        (lambda: two.set("/r/data", b"2"), b"2"),
        (lambda: two.delete("/r/data"), None),
    ):
        change()
        equal(expected, seen.get(timeout=DEADLINE_SECONDS), "data seen")


def _children_watch(one, two):
    two.ensure_path("/r/children")
    seen = queue.Queue()
    one.ChildrenWatch("/r/children")(lambda children: seen.put(sorted(children)))
    equal([], seen.get(timeout=DEADLINE_SECONDS), "children before")
    for names in (["a"], ["a", "b"]):
        two.create("/r/children/" + names[-1])
        equal(names, seen.get(timeout=DEADLINE_SECONDS), "children")


def _tree_cache(one, two):
    two.ensure_path("/r/tree/a")
    events = queue.Queue()
    cache = TreeCache(one, "/r/tree")

    def on_event(event):
        events.put((event.event_type, getattr(event.event_data, "path", None)))

    cache.listen(on_event)
    cache.start()

    def until(wanted):
        while events.get(timeout=DEADLINE_SECONDS) != wanted:
            pass

    until((TreeEvent.INITIALIZED, None))
    equal(frozenset("a"), cache.get_children("/r/tree"), "children")
    two.create("/r/tree/a/b", b"x")
    until((TreeEvent.NODE_ADDED, "/r/tree/a/b"))
    equal(b"x", cache.get_data("/r/tree/a/b").data, "data")
    two.set("/r/tree/a/b", b"y")
    until((TreeEvent.NODE_UPDATED, "/r/tree/a/b"))
    two.delete("/r/tree/a/b")
    until((TreeEvent.NODE_REMOVED, "/r/tree/a/b"))
    cache.close()


def _set_partitioner(one, two):
    ours, theirs = (
        each.SetPartitioner("/r/set", set=range(6), identifier=name, time_boundary=0.2)
        for each, name in ((one, "one"), (two, "two"))
    )

    def both_acquired():
        for each in (ours, theirs):
            if each.release:
                each.release_set()
        return ours.acquired and theirs.acquired and sorted([*ours, *theirs]) == list(range(6))

    _await(both_acquired, "the set is shared out, each part once")
    holds(len(list(ours)) == len(list(theirs)) == 3, "fairly")
    theirs.finish()
    _await(lambda: ours.state == PartitionState.RELEASE, "the rest is told")
    ours.finish()
