"""Something that several threads do over and over, whatever happens to the servers."""

import threading
import time

from kazoo.exceptions import CancelledError, KazooException, LockTimeout
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import RetryFailedError

# By these kazoo tells that a connection or a session was lost, at once or after retries.
TROUBLE = (CancelledError, KazooException, KazooTimeoutError, LockTimeout, RetryFailedError)
DEADLINE_SECONDS = 40


class Toil:
    """Subclasses start their threads with every(), and judge() in the end."""

    def __init__(self):
        self.complaints = []
        self._done = {}
        self._threads = []
        self._stopping = threading.Event()

    def every(self, who, seconds, attempt, *arguments):
        """Calls `attempt` again and again; it is true when something was achieved."""
        self._done[who] = 0
        thread = threading.Thread(
            target=self._run, args=(who, seconds, attempt, arguments), daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _run(self, who, seconds, attempt, arguments):
        while not self._stopping.wait(seconds):
            try:
                self._done[who] += bool(attempt(*arguments))
            except TROUBLE:
                self._stopping.wait(0.02)
            except Exception as failure:  # pylint: disable=broad-except
                self.complaints.append(f"{who}: {failure!r}")
                return

    def await_more(self, more):
        """Until each thread has achieved so much more."""
        wanted = {who: count + more for who, count in self._done.items()}
        deadline = time.monotonic() + DEADLINE_SECONDS
        while late := [who for who, count in wanted.items() if self._done[who] < count]:
            self.no_complaints()
            if time.monotonic() > deadline:
                raise AssertionError(f"{late} do not go on; {self.describe()}")
            time.sleep(0.02)

    def describe(self):
        """What is there when it does not go on."""
        return self.account()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS)
        alive = [who for who, thread in zip(self._done, self._threads) if thread.is_alive()]
        if alive:
            raise AssertionError(f"{alive} do not end")

    def no_complaints(self):
        if self.complaints:
            raise AssertionError(f"{len(self.complaints)} complaints, first {self.complaints[:3]}")

    def achieved(self):
        return sum(self._done.values())


def until(condition, what, seconds=DEADLINE_SECONDS):
    """Waits until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"does not hold: {what}")
        time.sleep(0.02)
