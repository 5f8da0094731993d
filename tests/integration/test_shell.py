"""`drover shell` against the server under test: exit codes, sessions that survive a restart, the
terminal. What it says line by line is test_shell_transcript.py's matter.
"""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

import shell_run
from support import sanitizers, servers

def test_unknown_command_lists_all_and_exits_127(start_server):
    server = start_server()
    outcome = shell_run.run(shell_run.drover_shell("-server", server.address, "nonsense", "x"))
    assert outcome.code == 127
    assert outcome.lines[-1] == "Command not found: Command not found nonsense"
    names = [line.split()[0] for line in outcome.lines if line.startswith("\t")]
    assert names == sorted(names)
    assert {"ls", "create", "get", "set", "delete", "deleteall", "quit"} <= set(names)


def test_one_command_and_its_exit_code(start_server):
    server = start_server()

    def code(*words):
        return shell_run.run(shell_run.drover_shell("-server", server.address, *words)).code

    assert code("create", "/one", "x") == 0
    assert code("create", "/one", "x") == 1
    assert code("get", "/one") == 0
    assert code("get", "/none") == 1
    assert code("set", "/one", "y", "-v", "7") == 1
    assert code("set", "/one", "y", "-v", "seven") == 1
    assert code("ls", "-Q", "/") == 1
    assert code("deleteall", "/one") == 0


def test_the_exit_code_of_a_script_is_that_of_its_last_command(start_server):
    server = start_server()
    argv = shell_run.drover_shell("-server", server.address)
    assert shell_run.run(argv, ["ls /none", "ls /"]).code == 0
    assert shell_run.run(argv, ["ls /", "ls /none"]).code == 1
    assert shell_run.run(argv, ["ls /none", "quit"]).code == 1


def test_chroot(start_server):
    server = start_server()
    plain = shell_run.drover_shell("-server", server.address)
    assert shell_run.run(plain, ["create /app", "create /app/x inside"]).code == 0
    inside = shell_run.run(
        shell_run.drover_shell("-server", f"{server.address}/app"),
        ["ls /", "get -w /x", "set /x changed", "create -s /s-", "create -e /e", "getEphemerals"],
    )
    assert inside.lines[3:] == ["[x]", "inside", "Created /s-0000000001", "Created /e", "[/e]"]
    assert any("type:NodeDataChanged path:/x " in event for event in inside.events)
    assert shell_run.run(plain, ["get /app/x"]).lines[-1] == "changed"


def test_nobody_there(tmp_path):
    del tmp_path
    port = servers.free_port()
    outcome = shell_run.run(
        shell_run.drover_shell("-server", f"127.0.0.1:{port}", "-timeout", "3000", "ls", "/")
    )
    assert outcome.code == 1
    assert outcome.lines[-1] == "KeeperErrorCode = ConnectionLoss for /"
    options = ("-server", f"127.0.0.1:{port}", "-timeout", "500", "-waitforconnection")
    waiting = shell_run.run(shell_run.drover_shell(*options))
    assert waiting.code == 1
    assert waiting.lines[-1] == "KeeperErrorCode = ConnectionLoss"


@pytest.mark.parametrize("words", [("-timeout", "x"), ("-server", "host:99999"), ("-server", "/a")])
def test_wrong_options_end_in_one_line(words):
    outcome = shell_run.run(shell_run.drover_shell(*words, "ls", "/"))
    assert outcome.code == 1
    assert outcome.lines[-1].startswith("drover shell: ")


class Conversation:
    """A shell that is talked to through a pipe."""

    def __init__(self, argv):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.heard = b""

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, text, seconds=30):
        """Waits until `text` has been printed; drops everything up to its end."""
        seconds *= sanitizers.patience()
        deadline = time.monotonic() + seconds
        while text.encode() not in self.heard:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            assert ready, f"{text!r} not within {seconds} s, but {self.heard!r}"
            chunk = os.read(self.process.stdout.fileno(), 65536)
            assert chunk, f"{text!r} never came, but {self.heard!r}"
            self.heard += chunk
        self.heard = self.heard[self.heard.index(text.encode()) + len(text):]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def test_session_watches_and_credentials_outlive_a_restart(start_server):
    server = start_server(config={"tickTime": "1000"})
    shell = Conversation(shell_run.drover_shell("-server", server.address, "-timeout", "20000"))
    try:
        shell.say("addauth digest u:p")
        shell.say("create /private x auth::cdrwa")
        shell.hear("Created /private")
        shell.say("create -e /mine x")
        shell.say("create /watched x")
        shell.hear("Created /watched")
        shell.say("get -w /watched")
        shell.say("addWatch /below")
        shell.say("getEphemerals")
        shell.hear("[/mine]")
        server.restart()
        shell.hear("state:Disconnected type:None")
        shell.hear("state:SyncConnected type:None")
        shell.say("getEphemerals")
        shell.hear("[/mine]")  # the very same session
        shell.say("get /private")
        shell.hear("x\n")
        other = shell_run.drover_shell("-server", server.address)
        assert shell_run.run(other, ["set /watched y", "create /below"]).code == 0
        shell.hear("type:NodeDataChanged path:/watched")
        shell.hear("type:NodeCreated path:/below")
    finally:
        shell.end()


def test_an_expired_session_says_so(start_server):
    server = start_server()
    shell = Conversation(shell_run.drover_shell("-server", server.address, "-timeout", "1000"))
    other = shell_run.drover_shell("-server", server.address)
    try:
        shell.say("create -e /mine x")
        shell.hear("Created /mine")
        shell.process.send_signal(signal.SIGSTOP)  # no pings any more
        servers.wait_until(
            lambda: shell_run.run([*other, "ls", "/"]).lines[-1] == "[zookeeper]", 30, "expiry"
        )
        shell.process.send_signal(signal.SIGCONT)
        shell.hear("state:Expired type:None path:null")
        shell.say("ls /")
        shell.hear("Not connected")
        shell.say("connect")
        shell.hear("state:SyncConnected")
        shell.say("ls /")
        shell.hear("[zookeeper]")
    finally:
        shell.end()


def test_terminal(start_server):
    server = start_server()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(str(servers.Drover.binary()), shell_run.drover_shell("-server", server.address))
    heard = b""

    def hear(pattern, seconds=20):
        nonlocal heard
        seconds *= sanitizers.patience()
        deadline = time.monotonic() + seconds
        while not re.search(pattern, heard):
            ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} not within {seconds} s, but {heard!r}"
            heard += os.read(terminal, 65536)
        heard = heard[re.search(pattern, heard).end():]

    prompt = rb"\[zk: 127\.0\.0\.1:%d\(CONNECTED\) %d\] "
    try:
        hear(prompt % (server.port, 0))
        os.write(terminal, b"ls /zoo\t\n")  # completes a path
        hear(rb"\[config, quota\]")
        hear(prompt % (server.port, 1))
        os.write(terminal, b"getAllC\t /zookeeper\n")  # completes a command
        hear(rb"\n2\r?\n")
        hear(prompt % (server.port, 2))
        os.write(terminal, b"\x1b[A\n")  # arrow up: the line before
        hear(rb"\n2\r?\n")
        hear(prompt % (server.port, 3))
        os.write(terminal, b"quit\n")
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        pid = None
    finally:
        if pid is not None:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        os.close(terminal)
