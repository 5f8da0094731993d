"""Queue and LockingQueue: nothing is invented, nothing is had twice, nothing is forgotten."""

import itertools
import threading

from toil import TROUBLE, Toil


class QueuesToil(Toil):
    """Common to both: who put what, who was given what."""

    PATH = None

    def __init__(self, putter, getters):
        super().__init__()
        self._lock = threading.Lock()
        self._names = itertools.count()
        self.put, self.put_perhaps = set(), set()
        self.had, self.had_perhaps = [], set()
        self.every(f"{self.PATH} of {putter.name}, in", 0.01, self._put, self.queue(putter))
        for getter in getters:
            self.every(f"{self.PATH} of {getter.name}, out", 0.005, self.get, getter)

    def queue(self, client):
        raise NotImplementedError

    def get(self, client):
        raise NotImplementedError

    def _put(self, queue):
        item = f"item-{next(self._names)}"
        try:
            queue.put(item.encode())
        except TROUBLE:
            self.put_perhaps.add(item)
            raise
        self.put.add(item)
        return True

    def take(self, item):
        with self._lock:
            self.had.append(item)

    def nothing_twice(self):
        self.no_complaints()
        assert len(set(self.had)) == len(self.had), "had twice"
        # What came out before its put() was answered counts as put when that has ended.
        assert set(self.had) <= self.put | self.put_perhaps, "never put"

    def account(self):
        return f"{len(self.put)} in, {len(self.had)} out, {len(self.put_perhaps)} in perhaps"


class QueueToil(QueuesToil):
    """Queue. It forgets what it was handing out when the connection broke, on any server: kazoo
    deletes the item, sends that again after a lost answer, and takes the refusal for another's."""

    PATH = "/queue"

    def __init__(self, putter, getter):
        super().__init__(putter, [getter, putter])

    def queue(self, client):
        return client.Queue(self.PATH)

    def get(self, client):
        item = self.queue(client).get()
        if item is None:
            return False
        self.take(item.decode())
        return True

    def judge(self, reader):
        self.nothing_twice()
        left = []
        queue = self.queue(reader)
        while (item := queue.get()) is not None:
            left.append(item.decode())
        assert not set(left) & set(self.had), "had, and there still"
        assert set(left) <= self.put | self.put_perhaps, "never put"


class LockingQueueToil(QueuesToil):
    """LockingQueue: an item that was acknowledged is consumed once, or there still."""

    PATH = "/locking-queue"

    def queue(self, client):
        return client.LockingQueue(self.PATH)

    def get(self, client):
        queue = self.queue(client)  # A new one knows nothing of locks that a session took with it.
        item = queue.get(timeout=2)
        if item is None:
            return False
        try:
            consumed = queue.consume()
        except TROUBLE:
            with self._lock:
                self.had_perhaps.add(item.decode())
            raise
        if consumed:
            self.take(item.decode())
        return consumed

    def judge(self, reader):
        self.nothing_twice()
        entries = f"{self.PATH}/entries"
        there = {
            reader.get(f"{entries}/{child}")[0].decode() for child in reader.get_children(entries)
        }
        assert not there & set(self.had), "consumed, and there still"
        forgotten = self.put - set(self.had) - self.had_perhaps - there
        assert not forgotten, f"forgotten {forgotten}"
