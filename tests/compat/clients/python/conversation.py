"""The walk's talk with the test that started it, and what the checks share."""

import queue
import sys
import time
import traceback

from kazoo.client import KazooClient
from kazoo.protocol.states import Callback, EventType, KazooState

DEADLINE_SECONDS = 20
LONG_TIMEOUT_SECONDS = 40.0  # Outlives a restart, however busy the machine; they grant up to 60.
SHORT_TIMEOUT_SECONDS = 1.0  # The shortest session that a server with tickTime 500 grants.


class Conversation:
    """Findings and requests go out on stdout, one per line; answers come in on stdin."""

    def __init__(self):
        self.failures = 0

    def check(self, name, body, *arguments):
        """Runs one check and reports it; a failure is counted and the walk goes on."""
        try:
            body(*arguments)
        except Exception as failure:  # Whatever it was, the test wants to hear of it.
            self.failures += 1
            frame = traceback.extract_tb(failure.__traceback__)[1]
            text = f"{type(failure).__name__}: {failure}".replace("\n", " ")
            self._say(f"FAIL {name}: {text} at {frame.filename}:{frame.lineno}")
        else:
            self._say(f"ok {name}")

    def ask(self, request):
        """Asks the test for something (a restart, a move of the gate) and waits for it."""
        self._say(request)
        answer = sys.stdin.readline().strip()
        if answer != "done":
            raise RuntimeError(f"asked for {request!r}, was answered {answer!r}")

    def note(self, text):
        """Tells whoever reads the output; nothing is judged by it."""
        self._say(f"note {text}")

    @staticmethod
    def _say(line):
        print(line, flush=True)


class Session(KazooClient):
    """kazoo's client, with a record of the states that it went through."""

    def __init__(self, connect_string, timeout=LONG_TIMEOUT_SECONDS, **options):
        super().__init__(hosts=connect_string, timeout=timeout, **options)
        self.states = queue.Queue()
        self.add_listener(self.states.put)
        self.start(timeout=DEADLINE_SECONDS)

    @property
    def session_id(self):
        return self.client_id[0]

    def await_state(self, wanted):
        """Waits until the client says that it came to this state."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.states.get(timeout=max(0.0, deadline - time.monotonic())) != wanted:
            pass

    def await_reconnected(self):
        """Waits until the client has lost its connection and has one again."""
        self.await_state(KazooState.SUSPENDED)
        self.await_state(KazooState.CONNECTED)

    def forget_states(self):
        """What came before is of no interest to the next await_state."""
        while not self.states.empty():
            self.states.get_nowait()

    def await_gone(self, path):
        """Waits until the server has removed the znode by itself."""
        events = Events()
        if self.exists(path, watch=events) is not None:
            events.next(EventType.DELETED, path)

    def leave(self):
        """Closes the session and frees what the client holds."""
        self.stop()
        self.close()


class Events:
    """A watcher that keeps what it is told, so that a check can ask for the next event."""

    def __init__(self):
        self._received = queue.Queue()

    def __call__(self, event):
        if event.type != EventType.NONE:
            self._received.put(event)

    def next(self, event_type, path):
        """Requires that the next event is this one."""
        event = self._received.get(timeout=DEADLINE_SECONDS)
        equal((event_type, path), (event.type, event.path), "event")

    def none(self, session):
        """Requires that nothing more has arrived."""
        session.sync("/")
        # Events that came before that reply stand in the callback queue before this callback.
        passed = session.handler.event_object()
        session.handler.dispatch_callback(Callback("watch", passed.set, ()))
        holds(passed.wait(DEADLINE_SECONDS), "the callback queue moves")
        equal([], list(self._received.queue), "further events")


def equal(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(f"does not hold: {what}")


def refused(error, body, *arguments, **options):
    """Requires that the server refuses with exactly this error."""
    try:
        body(*arguments, **options)
    except Exception as refusal:  # Compared below: another error is a finding of its own.
        equal(error.__name__, type(refusal).__name__, "error")
        return
    raise AssertionError(f"expected {error.__name__}, got success")
