"""Peers: processes in several languages that use recipes as one line per request tells them to.

README.md lists the words. All times are nanoseconds of CLOCK_MONOTONIC, which all processes of a
machine share, so what two peers did can be put in order.

    with Peers(log_folder) as peers:
        a = peers.session("J", server.address, session_ms=2000)
        lock = a.new("mutex", path="/lock")
        lock.ask("acquire")                       # waits for the answer
        waiting = b_lock.begin("acquire")         # does not
        lock.ask("release")
        waiting.result(10)
"""

import contextlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from compat.clients import builds
from support import sanitizers

ANSWER_SECONDS = 30.0
SESSION_MS = 3000


def drover_peer():
    """The peer with Drover's own client, as CMake built it beside the server under test."""
    beside = sanitizers.binary().parent / "drover_peer"
    return [pathlib.Path(os.environ.get("DROVER_PEER", beside))]


# By the letters of README.md; each answers the command that runs the peer.
KINDS = {
    "J": lambda: builds.curator_peer("5.9.0"),
    "J54": lambda: builds.curator_peer("5.4.0"),
    "K": builds.kazoo_peer,
    "K28": builds.debian_kazoo_peer,
    "C": drover_peer,
}


class PeerFailed(Exception):
    """A request ended with an error; `error` names it, `code` is ZooKeeper's number or None."""

    def __init__(self, what, answer):
        super().__init__(f"{what}: {answer}")
        self.error = answer.get("error")
        self.code = answer.get("code")
        self.path = answer.get("path")


class Pending:
    """A request that was sent. `start` and `end` are the peer's times, once it is answered."""

    def __init__(self, what):
        self.what = what
        self.start = self.end = None
        self._answer = None
        self._done = threading.Event()

    def put(self, answer):
        """Called by the reader, once."""
        self.start, self.end = answer.get("start"), answer.get("end")
        self._answer = answer
        self._done.set()

    def is_done(self):
        return self._done.is_set()

    def result(self, seconds=ANSWER_SECONDS):
        """What the peer answered; raises PeerFailed, or TimeoutError when it did not in time."""
        seconds *= sanitizers.patience()
        if not self._done.wait(seconds):
            raise TimeoutError(f"{self.what}: no answer within {seconds} s")
        if "error" in self._answer:
            raise PeerFailed(self.what, self._answer)
        return self._answer["ok"]

    def stays_unanswered(self, seconds):
        """That it still waits after so long, which is the point of a lock that is held."""
        assert not self._done.wait(seconds), f"{self.what} should have waited: {self._answer}"


class Peer:
    """One process. Its standard error goes to a file of its own."""

    _ids = itertools.count(1)

    def __init__(self, letter, log_folder):
        self.letter = letter
        self.log = log_folder / f"{letter}-{next(self._ids)}.log"
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._pending = {}
        self._numbers = itertools.count(1)
        self._events = []
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [str(word) for word in KINDS[letter]()],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1,
            )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    # -- requests and events -----------------------------------------------------------------

    def begin(self, op, **fields):
        """Sends a request; fields that are None are left out."""
        fields = {key: value for key, value in fields.items() if value is not None}
        number = next(self._numbers)
        pending = Pending(f"{self.letter} {op} {fields}")
        with self._lock:
            self._pending[number] = pending
            self._process.stdin.write(json.dumps({"n": number, "op": op, **fields}) + "\n")
            self._process.stdin.flush()
        return pending

    def events(self, on):
        """All events of one object so far: (at, event, value)."""
        with self._lock:
            return [entry[1:] for entry in self._events if entry[0] == on]

    def await_events(self, on, satisfied, what, seconds):
        """Until `satisfied(events of that object)`; returns what that returned."""
        deadline = time.monotonic() + seconds * sanitizers.patience()
        with self._changed:
            while True:
                events = [entry[1:] for entry in self._events if entry[0] == on]
                if found := satisfied(events):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    last = f"{len(events)} events, the last {events[-3:]}"
                    raise TimeoutError(f"{self.letter} {on}: {what} not within {seconds} s; {last}")

    def _read(self):
        for line in self._process.stdout:
            said = json.loads(line)
            with self._changed:
                if "event" in said:
                    entry = (said["on"], said["at"], said["event"], said.get("value"))
                    self._events.append(entry)
                    self._changed.notify_all()
                    continue
                pending = self._pending.pop(said["n"])
            pending.put(said)
        with self._lock:
            pending, self._pending = self._pending, {}
        for each in pending.values():
            each.put({"error": "PeerEnded", "message": self.log_tail()})

    # -- life --------------------------------------------------------------------------------

    def kill(self):
        """SIGKILL: its sessions go when their time is over."""
        self._process.kill()
        self._process.wait()

    def freeze(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def is_alive(self):
        return self._process.poll() is None

    def log_tail(self, size=3000):
        return self.log.read_text(errors="replace")[-size:]


class Subject:
    """A recipe's object in a peer."""

    def __init__(self, session, name):
        self.session = session
        self.name = name

    def begin(self, op, **fields):
        return self.session.peer.begin(op, on=self.name, **fields)

    def ask(self, op, seconds=ANSWER_SECONDS, **fields):
        return self.begin(op, **fields).result(seconds)

    def events(self, event=None):
        found = self.session.peer.events(self.name)
        return [entry for entry in found if event in (None, entry[1])]

    def await_events(self, satisfied, what, seconds=ANSWER_SECONDS):
        return self.session.peer.await_events(self.name, satisfied, what, seconds)

    def await_event(self, event, count=1, seconds=ANSWER_SECONDS):
        """Until there were so many of that name; returns the last of them as (at, event, value)."""

        def nth(events):
            named = [entry for entry in events if entry[1] == event]
            return named[count - 1] if len(named) >= count else None

        return self.await_events(nth, f"{count} of {event}", seconds)


class Session(Subject):
    """One client in a peer of its own; without `on`, requests are those that need no recipe."""

    _names = itertools.count(1)

    def __init__(self, peer, address, **options):
        super().__init__(self, f"client{next(self._names)}")
        self.peer = peer
        options.setdefault("session_ms", SESSION_MS)
        self.session_ms = options["session_ms"]
        self.id = self.ask("connect", connect=address, **options)

    @property
    def letter(self):
        return self.peer.letter

    def begin(self, op, **fields):
        return self.peer.begin(op, client=self.name, **fields)

    def new(self, kind, **options):
        """Makes an object of a recipe."""
        subject = Subject(self, f"{kind}{next(self._names)}")
        self.peer.begin(
            "new", client=self.name, on=subject.name, kind=kind, **options
        ).result()  # fmt: skip
        return subject

    def states(self):
        """Connection states so far: (at, name)."""
        return [(at, value) for at, event, value in self.events() if event == "state"]

    def await_state(self, state, count=1, seconds=ANSWER_SECONDS):
        """Until it was told so often; returns when."""

        def found(events):
            told = [at for at, event, value in events if (event, value) == ("state", state)]
            return told[count - 1] if len(told) >= count else None

        return self.await_events(found, f"{count} of {state}", seconds)


class Peers:
    """Starts peers as they are asked for, and keeps them for the next test: a JVM is slow to come.

    A context manager that ends all of them.
    """

    def __init__(self, log_folder):
        self._log_folder = log_folder
        self._idle = []
        self._sessions = []

    def session(self, letter, address, **options):
        """A session in a process that no other session of this test shares."""
        for peer in self._idle:
            if peer.letter == letter and peer.is_alive():
                self._idle.remove(peer)
                break
        else:
            peer = Peer(letter, self._log_folder)
        try:
            session = Session(peer, address, **options)
        except BaseException:
            peer.kill()
            raise
        self._sessions.append(session)
        return session

    def release(self):
        """Ends the sessions of a test. A process that does not end its own is killed."""
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            peer = session.peer
            if not peer.is_alive():
                continue
            try:
                peer.begin("close", client=session.name, thread="closing").result(10)
                self._idle.append(peer)
            except (TimeoutError, PeerFailed):
                peer.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in [*self._idle, *(session.peer for session in self._sessions)]:
            with contextlib.suppress(OSError):
                peer.kill()


# -- what the tests check ------------------------------------------------------------------------


def assert_apart(intervals):
    """No two of [(begin, end, who), ...] overlap."""
    ordered = sorted(intervals)
    for earlier, later in itertools.pairwise(ordered):
        assert earlier[1] <= later[0], f"both held: {earlier} and {later}"


def most_at_once(intervals):
    """How many of [(begin, end), ...] were open at the same moment, at most."""
    edges = sorted([(end, -1) for _, end, *_ in intervals] + [(at, 1) for at, *_ in intervals])
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


def sequence(path):
    """The number that the server gave a sequential znode."""
    return int(path[-10:])
