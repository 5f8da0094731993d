"""The example programs as processes, whose lines are read as they come."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from support import sanitizers

SESSION_MS = 2000
# What every table of deadlines calls T.
SESSION_SECONDS = SESSION_MS / 1000
LINE_SECONDS = 20.0


def folder():
    """Where CMake built the programs: env DROVER_EXAMPLES, or beside the server under test."""
    beside = sanitizers.binary().parent.parent / "examples"
    return pathlib.Path(os.environ.get("DROVER_EXAMPLES", beside))


class Lines:
    """Lines that one process, or several that share a pipe, have written, with their times."""

    def __init__(self):
        self._changed = threading.Condition()
        self._lines = []  # (time.monotonic(), text)
        self._is_over = False

    def follow(self, stream):
        """Reads `stream` to its end on a thread of its own."""
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        with stream:
            for text in stream:
                with self._changed:
                    self._lines.append((time.monotonic(), text.rstrip("\n")))
                    self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def all(self):
        """All lines so far."""
        with self._changed:
            return [text for _, text in self._lines]

    def timed(self):
        """The same as (time.monotonic() when it was read, text)."""
        with self._changed:
            return list(self._lines)

    def wait(self, satisfied, what, seconds=LINE_SECONDS):
        """Until `satisfied(all lines)` is true; returns what it returned."""
        deadline = time.monotonic() + seconds * sanitizers.patience()
        with self._changed:
            while True:
                texts = [text for _, text in self._lines]
                if found := satisfied(texts):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self._is_over or not self._changed.wait(left):
                    raise TimeoutError(f"{what}: not within {seconds} s; lines {texts[-12:]}")

    def expect(self, pattern, seconds=LINE_SECONDS, after=0):
        """The match of the first line, of those from number `after` on, that is all `pattern`."""
        compiled = re.compile(pattern)

        def find(texts):
            return next((m for text in texts[after:] if (m := compiled.fullmatch(text))), None)

        return self.wait(find, f"a line {pattern!r}", seconds)

    def wait_over(self, seconds=LINE_SECONDS):
        """Until every writer has ended; returns all lines."""
        deadline = time.monotonic() + seconds * sanitizers.patience()
        with self._changed:
            while not self._is_over:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise TimeoutError(f"still running after {seconds} s")
            return [text for _, text in self._lines]


class Program:
    """One process. Its lines are `lines`, its standard error goes to the file `log`."""

    def __init__(self, argv, log, stdout=None):
        self.argv = argv
        self.log = log
        self.lines = Lines()
        with open(log, "wb") as errors:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=stdout or subprocess.PIPE, stderr=errors,
                text=True,
            )  # fmt: skip
        if stdout is None:
            self.lines.follow(self._process.stdout)

    def expect(self, pattern, seconds=LINE_SECONDS, after=0):
        """Lines.expect, and what it wrote to standard error when it fails."""
        try:
            return self.lines.expect(pattern, seconds, after)
        except TimeoutError as error:
            raise TimeoutError(f"{self}: {error}; {self.errors()!r}") from None

    def errors(self):
        """All of standard error so far."""
        return self.log.read_text(errors="replace")

    def send(self, number):
        """A signal: SIGKILL for a crash, SIGSTOP for a stall."""
        self._process.send_signal(number)

    def kill(self):
        """SIGKILL: nothing is closed, its session expires. Waits until it is gone."""
        self._process.kill()
        self._process.wait(20)

    def terminate(self, seconds=LINE_SECONDS):
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        return self.wait(seconds)

    def wait(self, seconds=LINE_SECONDS):
        """Until it ends by itself; returns the exit code."""
        try:
            return self._process.wait(seconds * sanitizers.patience())
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self} still runs; lines {self.lines.all()[-5:]}") from None

    def finish(self, seconds=LINE_SECONDS):
        """Until it has ended by itself, with success; returns all its lines."""
        code = self.wait(seconds)
        assert code == 0, f"{self} ended with {code}: {self.errors()}"
        return self.lines.wait_over()

    def is_running(self):
        return self._process.poll() is None

    def __str__(self):
        return " ".join([pathlib.Path(self.argv[0]).name, *self.argv[1:]])


class Programs:
    """Starts programs against one server and chroot; the context's end kills what still runs."""

    def __init__(self, connect, log_folder):
        self._connect = connect
        self._log_folder = log_folder
        self._started = []

    def start(self, name, *words, id=None, session_ms=SESSION_MS, connect=None, stdout=None):
        """`stdout`: a file that several may share (shared_lines); else Program.lines has it."""
        argv = [str(folder() / name), *(str(word) for word in words)]
        argv += ["--connect", connect or self._connect, "--session-ms", str(session_ms)]
        if id is not None:
            argv += ["--id", str(id)]
        log = self._log_folder / f"{name}-{len(self._started)}.log"
        self._started.append(Program(argv, log, stdout))
        return self._started[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self._started:
            if program.is_running():
                program.send(signal.SIGCONT)
                program.kill()


def shared_lines():
    """(file for `stdout`, Lines): a pipe for many writers keeps the order in which they wrote.

    The caller closes the file once all writers have been started.
    """
    reading, writing = os.pipe()
    lines = Lines()
    lines.follow(os.fdopen(reading))
    return os.fdopen(writing, "w"), lines


def kill_all(programs):
    """SIGKILL at once, then wait for all."""
    for program in programs:
        program.send(signal.SIGKILL)
    for program in programs:
        program.kill()

