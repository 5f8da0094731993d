"""`drover shell` beside Apache's zkCli: the same lines, the same answers.

Every script runs twice against one Apache server, typed at Debian's zkCli 3.8.0 and at ours, and
the outputs are compared line by line. What differs on purpose is listed in EXPLAINED and nowhere
else. Then ours against the server under test: sessions that survive a restart, the terminal, exit
codes.
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

# What ours says -> what 3.8.0 says. The newest Apache has options that 3.8.0 lacks; we follow it.
EXPLAINED = {
    """get [-s] [-w] [-b] [-x] path
 -b   Output data in base64 format
 -s   Print znode stats additionally
 -w   Watch for changes on the znode
 -x   Output data in hexdump format
""": "get [-s] [-w] path",
    """set path data [-s] [-v version] [-b]
 -b         Supply data in base64 format
 -s         Print znode stats additionally
 -v <arg>   Set with an expected version
""": "set [-s] [-v version] path data",
}
# What only the newest can do.
NEWEST_SCRIPT = """
    create /t
    create /t/a x
    get -b /t/a
    get -x /t/a
    get -xb /t/a
    set -b /t/a Zm9v
    get -s /t/a
    addWatch -m PERSISTENT /t
    create /t/b
    removewatches /t -p
    removewatches /t -r
    get -w /t/a
    set /t/a y
    deleteall /t
"""

SCRIPTS = {
    "read": """
        ls
        ls /
        ls -z /
        ls -s /zookeeper
        ls -R /zookeeper
        ls -sR /zookeeper
        ls nopath
        ls /nope
        ls -? /
        ls /zookeeper/
        ls -- /zookeeper
        ls / watch
        get
        get /nope
        get /zookeeper/quota
        get / watch
        stat
        stat /nope
        stat /zookeeper
        config
        config -c
        sync
        sync /zookeeper
        sync /nope
        getAllChildrenNumber
        getAllChildrenNumber /zookeeper
        getEphemerals
        getEphemerals /zookeeper
        whoami
        reconfig
        reconfig -s
        reconfig -add server.2=localhost:1:2;3 -members x
        reconfig -file x -members x
        reconfig -v zz -add x
        reconfig -add server.2=localhost:1:2;3
    """,
    "write": """
        create
        create /t
        create /t x
        create /t/a hello
        create "/t/b c" 'hello  world'
        create -s /t/s-
        create -s /t/
        create -e /t/e data
        create /t/e/x y
        create -s -e /t/es-
        create -c /t/c
        create -t x /t/ttl
        create -t 0 /t/ttl
        create -c -e /t/q
        create -e -t 10 /t/q
        create -c -t 10 /t/q
        create /t/x/y z
        create t
        create /t/../u
        create /t//u
        create /t/badacl d foo
        create /t/badacl d foo:bar:cdrwz
        create /t/acl d world:anyone:r,ip:127.0.0.1:cdrwa
        ls /t
        ls -R /t
        get /t
        get /t/a
        get -s /t/a
        get '/t/b c'
        set
        set /t/a
        set /t/a x -v 5
        set /t/a x -v 0
        set -s /t/a y
        set /t/a 'a"b'
        get /t/a
        set /t/a a'b c'
        get /t/a
        set /t/a ''
        get /t/a
        set -v -1 /t/a 6
        set /t/a -5
        set -v
        set /nope x
        delete
        delete -v 9 /t/a
        delete /t
        delete /nope
        delete /zookeeper
        delete /t/b 1
        stat /t
        getEphemerals /t
        deleteall
        deleteall /nope
        deleteall /t -b x
        deleteall -b 3 /t
        create /t
        create /t/a
        deleteall -b 0 /t
        ls /
    """,
    "acl": """
        create /t
        create /t/a x
        getAcl
        getAcl /nope
        getAcl /t/a
        getAcl -s /t/a
        setAcl /t/a
        setAcl /nope world:anyone:r
        setAcl /t/a foo
        setAcl /t/a nobody:x:r
        setAcl /t/a world:anyone:cdrwa
        setAcl -s /t/a world:anyone:rwa
        setAcl -v 77 /t/a world:anyone:cdrwa
        setAcl -v 2 /t/a world:anyone:cdrwa
        setAcl /t/a auth::crdwa
        addauth
        addauth digest u:p
        whoami
        setAcl /t/a auth::crdwa
        getAcl /t/a
        setAcl -R /t world:anyone:cdrwa
        getAcl /t/a
        create /t/mine x auth::r
        setAcl /t/mine world:anyone:r
        set /t/mine y
        deleteall /t
    """,
    "quota": """
        create /t
        create /t/a 12345
        create /t/b 12345
        setquota
        setquota -n 3
        setquota /t
        setquota -n x /t
        setquota -n 0 /t
        setquota -b -1 /t
        setquota -n 3 /nope
        setquota -n 3 /
        setquota -n 3 /t/
        setquota -n 3 /zookeeper/quota/t
        setquota -n 2 /t
        get /zookeeper/quota/t/zookeeper_limits
        setquota -b 5 /t
        setquota -N 1 /t
        setquota -B 1 /t
        listquota /t
        setquota -n 100 /t
        delquota -N /t
        listquota /t
        delquota -n -b /t
        setquota -n 3 /t/a
        delquota /t
        delquota /t
        listquota /t
        setquota -n 3 /t/a
        setquota -n 3 /t
        listquota /
        listquota t
        delquota /t/a
        get /zookeeper/quota/t
        deleteall /t
    """,
    # The rounds of sync give an event, which Apache's shell prints from another thread, time to come
    # before printwatches changes its fate.
    "watch": """
        create /t
        create /t/a x
        get -w /t/a
        set /t/a y
        set /t/a z
        ls -w /t
        create /t/b
        stat -w /t/b
        delete /t/b
        addWatch /t
        addWatch
        addWatch -m nonsense /t
        set /t/a 1
        create /t/c
        removewatches /t
        removewatches /t
        removewatches /t/none -d
        removewatches
        get -w /t/a
        removewatches /t/a -c
        removewatches /t/a -d
        printwatches
        sync /t
        sync /t
        sync /t
        sync /t
        printwatches off
        get -w /t/a
        set /t/a 2
        sync /t
        sync /t
        sync /t
        sync /t
        printwatches
        printwatches on
        deleteall /t
    """,
    "session": """
        create /t
        history
        redo 0
        redo
        redo 1000
        redo -1
        redo 2
        printwatches
        ls '/t
        get "/t c
        close
        ls /
        close
        connect
        ls /
        deleteall /t
        quit
        ls /
    """,
    "refused": """
        addauth nonsense x
        ls /
        ls /
        close
    """,
}


@pytest.fixture(scope="module", name="apache")
def _apache():
    with servers.DebianApache() as server:
        yield server


def script(name):
    return [line.strip() for line in SCRIPTS[name].strip().splitlines()]


# After a refused addauth the server hangs up. Which of these a command meets depends on whether it, the
# refusal or the hang-up comes first, in both shells; that it is refused does not.
REFUSED = re.compile(r"^(KeeperErrorCode = (ConnectionLoss|AuthFailed) for /|Not connected)$", re.M)


def settled(name, text):
    return REFUSED.sub("refused", text) if name == "refused" else text


def unglued(lines):
    """`setAcl -R` of Apache's forgets to end the line of a failure; we do not."""
    text = "\n".join(shell_run.masked(lines))
    return re.sub(r"(KeeperErrorCode = \w+ for /t/[a-z]+)(?=[A-Z])", r"\1\n", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_lines_same_answers(apache, tmp_path, name):
    address = ("-server", apache.address)
    theirs = shell_run.run(shell_run.apache_shell(tmp_path, *address), script(name))
    ours = shell_run.run(shell_run.drover_shell(*address), script(name))
    explained = "\n".join(shell_run.masked(ours.lines))
    for newest, old in EXPLAINED.items():
        explained = explained.replace(newest, old)
    assert settled(name, explained) == settled(name, unglued(theirs.lines))
    assert shell_run.without_zxid(ours.events) == theirs.events
    assert ours.code == theirs.code


@pytest.mark.compat
def test_same_lines_same_answers_as_the_newest():
    with servers.MavenApache("3.9") as server:
        scripts = {name: script(name) for name in SCRIPTS}
        scripts["newest"] = [line.strip() for line in NEWEST_SCRIPT.split("\n")]
        for name, lines in scripts.items():
            address = ("-server", server.address)
            theirs = shell_run.run(shell_run.newest_apache_shell(*address), lines)
            ours = shell_run.run(shell_run.drover_shell(*address), lines)
            ours_text = "\n".join(shell_run.masked(ours.lines))
            assert settled(name, ours_text) == settled(name, unglued(theirs.lines))
            our_events, their_events = map(
                shell_run.with_zxid_masked, (ours.events, theirs.events)
            )
            assert our_events == their_events
            assert ours.code == theirs.code


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_command_against_the_server_under_test(apache, start_server, name):
    server = start_server()
    here = shell_run.run(shell_run.drover_shell("-server", server.address), script(name))
    there = shell_run.run(shell_run.drover_shell("--server", apache.address), script(name))
    here_lines, there_lines = (
        settled(name, "\n".join(shell_run.masked(outcome.lines)).replace(str(port), "PORT"))
        for outcome, port in ((here, server.port), (there, apache.port))
    )
    assert here_lines == there_lines
    assert shell_run.without_zxid(here.events) == shell_run.without_zxid(there.events)
    assert here.code == there.code


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
