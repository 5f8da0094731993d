"""kazoo's client and what its users must know of its connection."""

import threading

from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState

SESSION_SECONDS = 6.0


class Client(KazooClient):
    """`losses` counts the sessions that ended, as kazoo tells."""

    def __init__(self, name, addresses):
        # For as long as it takes; whom contention refused must not wait longer and longer.
        retry = {"max_tries": -1, "delay": 0.02, "max_delay": 0.1}
        super().__init__(hosts=addresses, timeout=SESSION_SECONDS, command_retry=retry)
        self.name = name
        self._stands = False
        self.losses = 0
        self._beliefs = []
        self._state_lock = threading.Lock()
        self.add_listener(self._changed)
        self.start(timeout=30)

    def believe(self, truth):
        """Enters if the connection stands; from then on its next trouble ends the belief."""
        with self._state_lock:
            if self._stands:
                truth.enter(self.name)
                self._beliefs.append(truth)
            return self._stands

    def hang(self):
        """Until it is connected again.

        A holder who knows nothing of its last write does not give up by itself: only what it is
        told of its connection ends its belief.
        """
        self.retry(self.exists, "/")

    def _changed(self, state):
        with self._state_lock:
            self._stands = state == KazooState.CONNECTED
            self.losses += state == KazooState.LOST
            if not self._stands:
                for truth in self._beliefs:
                    truth.leave(self.name)
                self._beliefs.clear()


class OneAtATime:
    """Who believes to hold what only one may hold; all contenders live in this process."""

    def __init__(self, what):
        self.complaints = []
        self._what = what
        self._holder = None
        self._lock = threading.Lock()

    def enter(self, who):
        with self._lock:
            if self._holder is not None:
                self.complaints.append(f"{self._what}: {who} holds it while {self._holder} does")
            self._holder = who

    def leave(self, who):
        with self._lock:
            if self._holder == who:
                self._holder = None

    def is_held_by(self, who):
        """False once a change of the connection has ended the belief."""
        with self._lock:
            return self._holder == who
