"""A peer that speaks the line protocol of ../README.md with kazoo behind it.

One request per line on stdin, answers and events as lines on stdout; requests of one `thread` run
in order on a thread of their own. Which kazoo it is, the interpreter says that runs it.
"""

import datetime
import json
import queue
import sys
import threading
import time
import traceback

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.recipe.barrier import Barrier, DoubleBarrier
from kazoo.recipe.counter import Counter
from kazoo.recipe.lease import MultiNonBlockingLease, NonBlockingLease
from kazoo.recipe.lock import Lock
from kazoo.recipe.partitioner import SetPartitioner

NAMES = {"NoNodeError": -101, "NodeExistsError": -110, "BadVersionError": -103}


class Talk:
    """Writes whole lines to stdout from any thread."""

    def __init__(self):
        self._lock = threading.Lock()

    def say(self, **line):
        with self._lock:
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    def event(self, on, event, value):
        self.say(event=event, on=on, at=time.monotonic_ns(), value=value)


class Client:
    """One session, its states told as events, and the requests that need no recipe."""

    def __init__(self, name, request, talk):
        self.kazoo = KazooClient(
            hosts=request["connect"], timeout=request.get("session_ms", 4000) / 1000
        )
        self.kazoo.add_listener(lambda state: talk.event(name, "state", str(state)))
        self.kazoo.start(timeout=30)

    def session(self, _):
        return self.kazoo.client_id[0]

    def close(self, _):
        self.kazoo.stop()
        self.kazoo.close()

    def create(self, request):
        mode = request.get("mode", "PERSISTENT")
        return self.kazoo.create(
            request["path"],
            bytes.fromhex(request.get("data", "")),
            ephemeral=mode.startswith("EPHEMERAL"),
            sequence=mode.endswith("SEQUENTIAL"),
            makepath=request.get("parents", False),
        )

    def get(self, request):
        data, stat = self.kazoo.get(request["path"])
        return {"data": data.hex(), "version": stat.version, "owner": stat.ephemeralOwner}

    def set(self, request):
        data, version = bytes.fromhex(request["data"]), request.get("version", -1)
        return {"version": self.kazoo.set(request["path"], data, version).version}

    def children(self, request):
        return self.kazoo.get_children(request["path"])

    def delete(self, request):
        recursive = request.get("recursive", False)
        self.kazoo.delete(request["path"], request.get("version", -1), recursive=recursive)


class LockSubject:
    """kazoo's Lock; `patterns` are names that it waits for besides its own."""

    def __init__(self, client, request):
        self._kazoo = client.kazoo
        self._lock = Lock(
            client.kazoo, request["path"], extra_lock_patterns=request.get("patterns", [])
        )

    def acquire(self, request):
        try:
            return self._lock.acquire(timeout=request.get("timeout_ms", 86_400_000) / 1000)
        except LockTimeout:
            return False

    def release(self, _):
        return self._lock.release()

    def node(self, _):
        return f"{self._lock.path}/{self._lock.node}"

    def sections(self, request):
        """Critical sections, told as [taken at, about to give back at, own znode]."""
        done = []
        for _ in range(request["count"]):
            self._lock.acquire()
            taken = time.monotonic_ns()
            value = int(self._kazoo.get(request["counter"])[0])
            self._kazoo.set(request["counter"], str(value + 1).encode())
            done.append([taken, time.monotonic_ns(), self.node(request)])
            self._lock.release()
        return done


class BarrierSubject:
    """kazoo's Barrier."""

    def __init__(self, client, request):
        self._barrier = Barrier(client.kazoo, request["path"])

    def set(self, _):
        self._barrier.create()

    def remove(self, _):
        return self._barrier.remove()

    def wait(self, request):
        return self._barrier.wait(request.get("timeout_ms", 86_400_000) / 1000)


class DoubleBarrierSubject:
    """kazoo's DoubleBarrier, which knows no timeout."""

    def __init__(self, client, request):
        self._barrier = DoubleBarrier(client.kazoo, request["path"], request["members"])

    def enter(self, _):
        self._barrier.enter()
        return self._barrier.participating

    def leave(self, _):
        self._barrier.leave()
        return True


class CounterSubject:
    """kazoo's Counter; with `curator` it writes Curator's four bytes."""

    def __init__(self, client, request):
        default = 0.0 if request.get("float") else 0
        curator = request.get("curator", False)
        self._counter = Counter(client.kazoo, request["path"], default, support_curator=curator)

    def get(self, _):
        return self._counter.value

    def add(self, request):
        """So many increments; kazoo repeats refused ones by itself."""
        for _ in range(request["count"]):
            self._counter += 1

    def change(self, request):
        self._counter += request["by"]
        return self._counter.post_value


class LeaseSubject:
    """kazoo's NonBlockingLease, or with `count` its MultiNonBlockingLease."""

    def __init__(self, client, request):
        self._client = client
        self._request = request

    def obtain(self, _):
        path, identifier = self._request["path"], self._request["id"]
        duration = datetime.timedelta(seconds=self._request["seconds"])
        if "count" not in self._request:
            return bool(NonBlockingLease(self._client.kazoo, path, duration, identifier))
        count = self._request["count"]
        return bool(MultiNonBlockingLease(self._client.kazoo, count, path, duration, identifier))


class SetPartitionerSubject:
    """kazoo's SetPartitioner, which joins and asks for its share as soon as it is made."""

    def __init__(self, client, request):
        self._partitioner = SetPartitioner(
            client.kazoo,
            path=request["path"],
            set=request["items"],
            identifier=request["id"],
            time_boundary=request["boundary_ms"] / 1000,
        )

    def acquire(self, _):
        for _ in range(60):
            self._partitioner.wait_for_acquire(1)
            if self._partitioner.acquired:
                return list(self._partitioner)
            if self._partitioner.failed:
                break
        raise LockTimeout(f"no share: {self._partitioner.state}")

    def changed(self, _):
        return not self._partitioner.acquired

    def release(self, _):
        """It asks for the next share at once."""
        self._partitioner.release_set()


KINDS = {
    "kazoo_lock": LockSubject,
    "barrier": BarrierSubject,
    "double_barrier": DoubleBarrierSubject,
    "kazoo_counter": CounterSubject,
    "kazoo_lease": LeaseSubject,
    "kazoo_set_partitioner": SetPartitionerSubject,
}


class Peer:
    """Reads requests and has each thread answer its own."""

    def __init__(self):
        self._talk = Talk()
        self._threads = {}
        self._clients = {}
        self._subjects = {}

    def serve(self):
        for line in sys.stdin:
            request = json.loads(line)
            name = request.get("thread") or request.get("on") or request.get("client", "main")
            if name not in self._threads:
                self._threads[name] = queue.SimpleQueue()
                work = (self._threads[name],)
                threading.Thread(target=self._work, args=work, daemon=True).start()
            self._threads[name].put(request)

    def _work(self, requests):
        while True:
            request = requests.get()
            start = time.monotonic_ns()
            head = {"n": request["n"], "start": start}
            try:
                answer = {"ok": self._perform(request)}
            except Exception as failure:  # noqa: BLE001  (whatever it is, the driver is told)
                traceback.print_exc()
                name = type(failure).__name__
                answer = {"error": name, "message": str(failure), "code": NAMES.get(name)}
            self._talk.say(**head, end=time.monotonic_ns(), **answer)

    def _perform(self, request):
        op, client = request["op"], request.get("client", "main")
        if op == "connect":
            self._clients[client] = Client(client, request, self._talk)
            return self._clients[client].session(request)
        if op == "new":
            make = KINDS[request["kind"]]
            self._subjects[request["on"]] = make(self._clients[client], request)
            return None
        subject = self._subjects[request["on"]] if "on" in request else self._clients[client]
        return getattr(subject, op)(request)


if __name__ == "__main__":
    Peer().serve()
