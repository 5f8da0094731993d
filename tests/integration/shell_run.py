"""Runs shells, ours and Apache's, on the same lines, and makes their output comparable."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from support import sanitizers, servers


@dataclasses.dataclass
class Outcome:
    """What a shell did with its input."""

    lines: list  # stdout and stderr in the order in which they came, events taken out
    events: list  # the events printed, in order
    code: int


@dataclasses.dataclass
class Streams:
    """What a shell said, each stream by itself; events are taken out of `out`."""

    out: list
    err: list
    events: list
    code: int


def drover_shell(*words):
    """argv of our shell."""
    return [str(servers.Drover.binary()), "shell", *words]


def apache_shell(folder, *words):
    """argv of Debian's zkCli; `folder` holds its logging configuration (silence)."""
    folder = pathlib.Path(folder)
    (folder / "log4j.properties").write_text("log4j.rootLogger=OFF\n")
    names = (
        "zookeeper", "slf4j-log4j12", "log4j-1.2", "netty-codec", "netty-resolver", "commons-cli"
    )
    jars = ":".join(str(servers.DEBIAN_JARS / f"{name}.jar") for name in names)
    return [
        "java", *servers.FAST_START_JVM, "-cp", f"{folder}:{jars}",
        "org.apache.zookeeper.ZooKeeperMain", *words,
    ]


def newest_apache_shell(*words, line_editing=False):
    """argv of the newest zkCli, from Maven; `line_editing` as a release's start script has it."""
    jars = servers.maven_class_path("3.9").split(":")
    if not line_editing:
        jars = [jar for jar in jars if "/jline/" not in jar]
    return [
        "java", *servers.FAST_START_JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
        "-cp", ":".join(jars), "org.apache.zookeeper.ZooKeeperMain", *words,
    ]


def run(argv, lines=None, seconds=60):
    """Feeds `lines` to a shell (None: none are wanted) and takes its output apart."""
    done = subprocess.run(
        argv,
        input="".join(f"{line}\n" for line in lines or ()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds * sanitizers.patience(),
        check=False,
        env=environment(),
    )
    lines, events = without_events(done.stdout.splitlines())
    # `quit` may end Apache's process before it has printed the last event.
    if events and "state:Closed" in events[-1]:
        events.pop()
    return Outcome(lines, events, done.returncode)


def run_apart(argv, lines=(), seconds=60):
    """Feeds `lines` to a shell and keeps its two streams apart."""
    done = subprocess.run(
        argv,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=seconds * sanitizers.patience(),
        check=False,
        env=environment(),
    )
    out, events = without_events(done.stdout.splitlines())
    return Streams(out, done.stderr.splitlines(), events, done.returncode)


def environment():
    """Variables of every shell: a fixed time zone, and a character set with all characters."""
    return {
        "TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
        **sanitizers.Reports.environment(),
    }


def without_events(lines):
    """`lines` without the four of each event (blank, WATCHER::, blank, the event), and the events.

    Apache's shell prints them from a thread of its own, line by line, so lines of a command may stand
    between them; and they end anywhere when the process does.
    """
    lines = list(lines)
    events = []
    while "WATCHER::" in lines:
        at = lines.index("WATCHER::")
        del lines[at]
        before = next((i for i in range(at - 1, -1, -1) if lines[i] == ""), None)
        if before is not None:
            del lines[before]
            at -= 1
        blank = next((i for i in range(at, len(lines)) if lines[i] == ""), None)
        if blank is not None:
            del lines[blank]
        event = next((i for i in range(at, len(lines)) if lines[i].startswith("WatchedEvent ")), None)
        if event is not None:
            events.append(lines.pop(event))
    return lines, events


def masked(lines):
    """`lines` without what differs from run to run: zxids, times, session ids."""
    result = []
    for line in lines:
        line = re.sub(r"^([cmp]Zxid|ephemeralOwner) = 0x(?!0$)[0-9a-f]+$", r"\1 = 0xN", line)
        line = re.sub(r"^(ctime|mtime) = .* (\d{4})$", r"\1 = TIME", line)
        result.append(line)
    return result


def without_zxid(events):
    """`events` as shells before 3.9 print them."""
    return [re.sub(r" zxid: -?\d+$", "", event) for event in events]


def with_zxid_masked(events):
    """`events` of the newest shells, whatever the zxid, but with one where there is one."""
    return [re.sub(r" zxid: \d+$", " zxid: N", event) for event in events]


@contextlib.contextmanager
def frozen(server):
    """While it lasts, no thread of the server runs."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        tasks = pathlib.Path("/proc", str(server.pid), "task")
        servers.wait_until(
            lambda: all("\nState:\tT" in (task / "status").read_text() for task in tasks.iterdir()),
            20, "every thread stopped",
        )
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


class Conversation:
    """A shell that is talked to through a pipe."""

    def __init__(self, argv):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(),
        )
        self.heard = b""

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, text, seconds=30):
        """Waits until `text` has been printed; returns what came before, and drops both."""
        seconds *= sanitizers.patience()
        deadline = time.monotonic() + seconds
        while text.encode() not in self.heard:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            assert ready, f"{text!r} not within {seconds} s, but {self.heard!r}"
            chunk = os.read(self.process.stdout.fileno(), 65536)
            assert chunk, f"{text!r} never came, but {self.heard!r}"
            self.heard += chunk
        before, _, self.heard = self.heard.partition(text.encode())
        return before.decode()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Terminal:
    """A shell at a terminal: what is typed, and what the screen then says."""

    def __init__(self, argv, **variables):
        self.heard = b""
        self.everything = b""  # with what moves the cursor and colours letters
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.environ.update({**environment(), "TERM": "xterm", **variables})
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))

    def type(self, keys):
        os.write(self.screen, keys.encode())

    def hear(self, pattern, seconds=20):
        """Waits until the screen has shown `pattern`; drops everything up to its end."""
        deadline = time.monotonic() + seconds * sanitizers.patience()
        while not (found := re.search(pattern.encode(), plain(self.heard))):
            self._read(deadline, pattern)
        self.heard = plain(self.heard)[found.end():]

    def hear_all(self, patterns, seconds=20):
        """Waits until the screen has shown each of `patterns`, in any order; drops nothing."""
        deadline = time.monotonic() + seconds * sanitizers.patience()
        while missing := [
            one for one in patterns if not re.search(one.encode(), plain(self.everything))
        ]:
            self._read(deadline, missing)

    def _read(self, deadline, awaited):
        ready, _, _ = select.select([self.screen], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{awaited!r} not in time, but {self.heard!r}"
        chunk = os.read(self.screen, 65536)
        self.everything += chunk
        self.heard += chunk

    def code(self):
        """The exit code, once the shell has ended."""
        with contextlib.suppress(OSError):  # EIO: the other end of the terminal is gone
            while os.read(self.screen, 65536):
                pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.screen)


def plain(text):
    """Without what moves the cursor and colours letters."""
    return re.sub(rb"\x1b(\[[?>=]?[0-9;]*[a-zA-Z]|[=>]|\([AB])", b"", text)
