"""Lock, Election and Counter: what is counted under them is counted once."""

import threading

from kazoo.retry import ForceRetryError, KazooRetry

from client import OneAtATime
from ledger import Ledger
from toil import TROUBLE, Toil

RAISES = 3


class HolderToil(Toil):
    """Common to Lock and Election: one at a time holds a znode and may raise the ledger."""

    PATH = None

    def __init__(self, clients):
        super().__init__()
        self._clients = clients
        self.truth = OneAtATime(self.PATH)
        self.ledger = Ledger(clients[0], f"{self.PATH}-ledger", self.complaints)
        for client in clients:
            self.every(f"{self.PATH} of {client.name}", 0.005, self.attempt, client)

    def attempt(self, client):
        raise NotImplementedError

    def hold(self, client, lock):
        """With the lock acquired; true when the whole stint was counted."""
        right = f"{lock.path}/{lock.node}"
        stat = client.exists(right)
        if stat is None or stat.ephemeralOwner != client.client_id[0]:
            return False  # The session ended while acquire() returned.
        raised = 0
        client.believe(self.truth)
        try:
            while (
                raised < RAISES
                and self.truth.is_held_by(client.name)
                and self.ledger.raise_count(client, right, stat.czxid)
            ):
                raised += 1
            return raised == RAISES
        finally:
            if raised < RAISES:
                client.hang()
            self.truth.leave(client.name)

    def describe(self):
        """Each contender's znode as each client sees it; sessions; who believes to hold it."""
        seen = {}
        for client in self._clients:
            queue = {}
            for child in client.get_children(self.PATH):
                found = client.exists(f"{self.PATH}/{child}")
                queue[child[-10:]] = found and (f"{found.czxid:#x}", f"{found.ephemeralOwner:#x}")
            seen[client.name, f"{client.client_id[0]:#x}"] = dict(sorted(queue.items()))
        return f"{self.account()}; {seen}"

    def judge(self, reader):
        self.complaints += self.truth.complaints
        self.no_complaints()
        self.ledger.judge(reader)

    def account(self):
        return f"{self.achieved()} times, {self.ledger.account()}"


class LockToil(HolderToil):
    PATH = "/lock"

    def attempt(self, client):
        lock = client.Lock(self.PATH, client.name)
        if not lock.acquire(timeout=5):
            return False
        try:
            return self.hold(client, lock)
        finally:
            lock.release()


class ElectionToil(HolderToil):
    PATH = "/election"

    def attempt(self, client):
        counted = []
        election = client.Election(self.PATH, client.name)
        election.run(lambda: counted.append(self.hold(client, election.lock)))
        return counted == [True]


class CounterToil(Toil):
    """Counter: what was acknowledged is counted once, what was not at most once.

    Its clients retry what another's change refused, and nothing else: after a lost answer that
    would count twice, on any server.
    """

    PATH = "/counter"

    def __init__(self, clients):
        super().__init__()
        self._lock = threading.Lock()
        self._acknowledged = self._unknown = 0
        for client in clients:
            # Whose turn comes seldom must not wait longer and longer for the next.
            client.retry = KazooRetry(max_tries=-1, max_delay=0.05, delay=0.01)
            client.retry.retry_exceptions = (ForceRetryError,)
            self.every(f"counter of {client.name}", 0.005, self._attempt, client)

    def _attempt(self, client):
        counter = client.Counter(self.PATH)
        try:
            counter += 1
        except TROUBLE:
            with self._lock:
                self._unknown += 1
            raise
        with self._lock:
            self._acknowledged += 1
        return True

    def judge(self, reader):
        self.no_complaints()
        value = reader.Counter(self.PATH).value
        assert self._acknowledged <= value <= self._acknowledged + self._unknown, (
            f"{value} counted of {self.account()}"
        )

    def account(self):
        return f"{self._acknowledged} acknowledged, {self._unknown} unknown"
