"""Apache's own shell, ZooKeeperMain, driven as a person or a script would, and what it said."""

import difflib
import pathlib
import re
import shlex
import subprocess

from compat.clients import builds

COMMANDS = pathlib.Path(__file__).parent / "zkcli" / "commands.txt"
SINGLE_COMMANDS = pathlib.Path(__file__).parent / "zkcli" / "single_commands.txt"

SHELL_SECONDS = 120

# A shell that runs one command leaves its session open. None may expire while others still run, for
# that would take a zxid at a moment of its own.
SESSION_TIMEOUT_MS = 60_000


class Transcript:
    """What one run of the shell printed, without what differs from run to run by nature.

    `output` and `errors` are stdout and stderr; `events` are the watch events, which a thread of
    their own prints between other output at no certain place.
    """

    def __init__(self, done, address):
        text = done.stdout
        # Changes of the connection's state are left out: a shell that only prints its history may
        # be gone before it is connected.
        self.events = re.findall(r"^WatchedEvent .* type:(?!None).*", text, re.MULTILINE)
        text = re.sub(r"\n(WATCHER::|WatchedEvent .*)\n", "", text)
        self.output = _without_accidents(text, address)
        self.errors = _without_accidents(done.stderr, address)
        self.exit_code = done.returncode

    def lines(self):
        """All of it in one list, for comparison."""
        return [
            *self.output.splitlines(),
            "-- stderr --", *self.errors.splitlines(),
            "-- events --", *self.events,
            f"-- exit code {self.exit_code}",
        ]  # fmt: skip


def _without_accidents(text, address):
    text = text.replace(address, "<address>")
    # Where JLine is on the class path, some releases print prompts into a pipe, before every line.
    text = re.sub(r"\[zk: <address>\(\w+\) \d+\] ", "", text)
    # And where there is no terminal it says so, with the time.
    text = re.sub(r"^\w{3} \d+, \d{4} [\d:]+ [AP]M (?=org\.jline\.)", "<time> ", text, flags=re.MULTILINE)
    text = re.sub(r"^([cm]time) = .*", r"\1 = <time>", text, flags=re.MULTILINE)
    owner = re.compile(r"^ephemeralOwner = 0x[1-9a-f].*", re.MULTILINE)
    text = owner.sub("ephemeralOwner = <id>", text)
    # Children and ephemerals come in no order; some commands of some shells sort them.
    text = re.sub(
        r"^\[(.*)\]",
        lambda match: "[" + ", ".join(sorted(match.group(1).split(", "))) + "]",
        text,
        flags=re.MULTILINE,
    )
    # The identities of a session are a set.
    return re.sub(
        r"(?<=^Auth scheme: User\n)(\w+: \S+\n)+",
        lambda match: "".join(sorted(match.group().splitlines(keepends=True))),
        text,
        flags=re.MULTILINE,
    )


def _run(class_path, server, words, stdin):
    command = [
        *builds.JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", class_path,
        "org.apache.zookeeper.ZooKeeperMain",
        "-server", server.address, "-timeout", str(SESSION_TIMEOUT_MS), *words,
    ]  # fmt: skip
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=SHELL_SECONDS, check=False
    )
    return Transcript(done, server.address)


def piped(class_path, server, commands):
    """Runs all commands (one string, a command a line) in one shell."""
    return _run(class_path, server, [], commands)


def single(class_path, server, command):
    """Runs one command as `zkCli.sh -server ... <command>` does."""
    return _run(class_path, server, shlex.split(command), "")


def differences(expected, actual):
    """What differs between two lists of lines, as a unified diff without context; "" if nothing."""
    names = ("Apache", "server under test")
    return "\n".join(difflib.unified_diff(expected, actual, *names, lineterm="", n=2))
