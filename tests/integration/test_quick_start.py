"""Does docs/quick_start.md do what it says?

Its `sh` blocks are run as they stand, one after another, in an empty folder; each line of the `text`
block behind one must come in its output, in that order (… stands for anything). `sh background` runs
until the next of its kind, or until `sh stop`. The page uses the usual ports, so all of it happens in
a network namespace of its own.
"""

import os
import re
import signal
import subprocess

import pytest

from script_run import REPOSITORY
from support import sanitizers, servers

PAGE = REPOSITORY / "docs" / "quick_start.md"
FENCED = re.compile(r"^```(\w+) ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ISOLATED = ["unshare", "--map-root-user", "--net"]
# In the namespace, with its loopback up, until told to end by closing its standard input.
HOLDER = "ip link set lo up && echo ready && cat"


@pytest.fixture(name="inside")
def _inside():
    """The words in front of a command that run it in the namespace."""
    holder = subprocess.Popen(
        [*ISOLATED, "sh", "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )
    with holder:
        if holder.stdout.readline() != "ready\n":
            pytest.skip("no right to make a network namespace")
        yield ["nsenter", f"--target={holder.pid}", "--user", "--preserve-credentials", "--net"]
        holder.stdin.close()


class Reader:
    """Somebody who follows the page."""

    def __init__(self, folder, inside):
        self._folder = folder
        self._inside = inside
        self._background = None
        self._environment = {
            "PATH": f"{servers.Drover.binary().parent}:{REPOSITORY}/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "DROVER_BINARY": str(servers.Drover.binary()),
            **sanitizers.Reports.environment(),
        }

    def run(self, text):
        """What a block prints, both streams as they come."""
        done = subprocess.run(
            [*self._inside, "bash", "-euc", text], cwd=self._folder, env=self._environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=120 * sanitizers.patience(),
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return done.stdout

    def start(self, text):
        """Runs a block until stop(), and waits until somebody serves at 2181."""
        self.stop()
        self._background = subprocess.Popen(
            [*self._inside, "bash", "-euc", f"exec {text}"], cwd=self._folder,
            env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        servers.wait_until(lambda: self._background.poll() is not None or self._serves(), 60, text)
        assert self._background.poll() is None, text

    def stop(self):
        """Ctrl-C, as the page says."""
        if self._background is not None:
            self._background.send_signal(signal.SIGINT)
            assert self._background.wait(30 * sanitizers.patience()) == 0
            self._background = None

    def close(self):
        if self._background is not None:
            self._background.kill()
            self._background.wait()

    def _serves(self):
        asked = [*self._inside, str(servers.Drover.binary()), "ask", "srvr"]
        done = subprocess.run(
            asked, capture_output=True, text=True, check=False, env=self._environment
        )
        return "Mode: " in done.stdout


def assert_said(expected, output):
    """Every line of `expected` in `output`, in that order."""
    rest = iter(output.splitlines())
    for line in expected.splitlines():
        pattern = ".*".join(re.escape(part) for part in line.split("…"))
        assert any(re.fullmatch(pattern, said) for said in rest), f"{line!r} not in\n{output}"


def test_every_block(tmp_path, inside):
    reader = Reader(tmp_path, inside)
    output = None
    ran = 0
    try:
        for language, word, text in FENCED.findall(PAGE.read_text()):
            if language == "text":
                assert_said(text, output)
            elif language == "sh" and word == "background":
                reader.start(text)
            elif language == "sh" and word == "stop":
                reader.stop()
            elif language == "sh":
                output = reader.run(text)
                ran += 1
        reader.stop()
    finally:
        reader.close()
    assert ran >= 7
    assert sorted(os.listdir(tmp_path)) == ["drover-data", "drover-local", "hello.py", "zk"]
