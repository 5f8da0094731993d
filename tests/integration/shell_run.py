"""Runs shells, ours and Apache's, on the same lines, and makes their output comparable."""

import dataclasses
import pathlib
import re
import subprocess

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
