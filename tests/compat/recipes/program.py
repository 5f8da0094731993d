"""A program that uses recipes: starts, asks for trouble, is told when it is over, and judges.

It writes the lines of the walks (clients/README.md) and asks but once, with `trouble`.
"""

import queue
import subprocess
import threading
import time


class Program:
    """One running program; a context manager that ends it at the latest."""

    def __init__(self, name, command, addresses, error_log):
        self.name = name
        self.notes = []
        self._passed, self._failed = [], []
        self._error_log = error_log
        self._lines = queue.Queue()
        with open(error_log, "wb") as errors:
            self._process = subprocess.Popen(
                [*map(str, command), *addresses],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1,
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def await_request(self, seconds):
        """Until it asks for trouble: everything that it has works."""
        self._listen(seconds, "trouble")

    def trouble_is_over(self):
        """Tells it to see that everything goes on, to stop, and to judge."""
        self._process.stdin.write("done\n")
        self._process.stdin.flush()

    def await_verdict(self, required, seconds):
        """Until it has ended; raises AssertionError unless it passed all that is required."""
        self._listen(seconds, None)
        code = self._process.wait(seconds)
        missing = sorted(set(required) - set(self._passed))
        if self._failed or missing or code != 0:
            self._give_up(f"exit code {code}; never passed: {missing}")

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _listen(self, seconds, wanted):
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self._give_up(f"says nothing more, where {wanted or 'the end'} was expected")
            if line == wanted:
                return
            word, _, rest = (line or "").partition(" ")
            if word == "ok":
                self._passed.append(rest)
            elif word == "note":
                self.notes.append(rest)
            elif word == "FAIL":
                self._failed.append(rest)
            else:
                self._give_up(f"said {line!r}, which means nothing here")

    def _give_up(self, why):
        said = self._error_log.read_text(errors="replace")[-6000:]
        failed = "\n".join(f"FAIL {failure}" for failure in self._failed)
        raise AssertionError(
            f"{self.name}: {why}\n{failed}\npassed: {self._passed}\n{self.notes}"
            f"\n-- its stderr --\n{said}"
        )
