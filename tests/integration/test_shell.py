"""`drover shell` against the server under test: exit codes, sessions that survive a restart, the
terminal. What it says line by line is test_shell_transcript.py's matter.
"""

import re
import signal

import pytest

import shell_run
from support import servers

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


def test_session_watches_and_credentials_outlive_a_restart(start_server):
    server = start_server(config={"tickTime": "1000"})
    shell = shell_run.Conversation(shell_run.drover_shell("-server", server.address, "-timeout", "20000"))
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
    shell = shell_run.Conversation(shell_run.drover_shell("-server", server.address, "-timeout", "1000"))
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


def prompt(server, number, state="CONNECTED"):
    return rf"\[zk: 127\.0\.0\.1:{server.port}\({state}\) {number}\] "


# What is typed, and what the screen shows then; the same at Apache's shell and at ours.
DIALOGUE = [
    ("", r"\((CONNECTING|CONNECTED)\) 0\] "),
    ("ls /zoo\t\n", r"\[config, quota\]"),  # completes a path
    ("", "{prompt:1}"),
    ("getAllC\t /zookeeper\n", r"\n2\r?\n"),  # completes a command
    ("", "{prompt:2}"),
    ("\x10\n", r"\n2\r?\n"),  # Ctrl-P: the line before
    ("", "{prompt:3}"),
    ("getEph\t /zookeeper/q\t\n", r"\[\]"),
    ("", "{prompt:4}"),
    ("create /typed x\x7fy\n", "Created /typed"),  # backspace
    ("", "{prompt:5}"),
    ("get /typed\n", r"\ny\r?\n"),
    ("", "{prompt:6}"),
    ("et /typed\x01g\n", r"\ny\r?\n"),  # to the begin of the line
    ("", "{prompt:7}"),
    ("redo 6\n", r"\ny\r?\n"),
    ("", "{prompt:8}"),
    ("history\n", r"0 - ls /zookeeper.*\r?\n1 - getAllChildrenNumber +/zookeeper\r?\n"),
    ("", r"7 - get /typed\r?\n8 - get /typed|8 - redo 6|6 - get /typed"),
    ("", "{prompt:9}"),
    ("\n", "{prompt:9}"),  # an empty line is no command
    ("close\n", ""),
    ("", r"\(CLOSED\) 10\] "),
    ("ls /\n", "Not connected"),
    ("", r"\(CLOSED\) 11\] "),
    ("connect\n", ""),
    ("", r"\((CONNECTING|CONNECTED)\) 12\] "),
    ("delete /typed\n", ""),
    ("", "{prompt:13}"),
    ("get /typed\n", "Node does not exist: /typed"),
    ("", "{prompt:14}"),
]


def talk(terminal, server):
    for keys, answer in DIALOGUE:
        terminal.type(keys)
        answer = re.sub(r"{prompt:(\d+)}", lambda found: prompt(server, found[1]), answer)
        terminal.hear(answer)
    terminal.type("quit\n")
    return terminal.code()


def test_terminal(start_server):
    server = start_server()
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        assert talk(terminal, server) == 1  # of the last command


@pytest.mark.compat
def test_terminal_of_the_newest_says_the_same(start_server):
    server = start_server()
    argv = shell_run.newest_apache_shell("-server", server.address, line_editing=True)
    with shell_run.Terminal(argv) as terminal:
        assert talk(terminal, server) == 1


def test_an_event_leaves_the_line_that_is_being_typed(start_server):
    server = start_server()
    other = shell_run.drover_shell("-server", server.address)
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        terminal.hear(prompt(server, 0))
        terminal.type("create /watched x\n")
        terminal.hear(prompt(server, 1))
        terminal.type("get -w /watched\n")
        terminal.hear(prompt(server, 2))
        terminal.type("getAllChildrenNumber /wat")
        terminal.hear("getAllChildrenNumber /wat")
        assert shell_run.run([*other, "set", "/watched", "y"]).code == 0
        terminal.hear("type:NodeDataChanged path:/watched")
        terminal.hear(prompt(server, 2) + "getAllChildrenNumber /wat")  # shown again
        terminal.type("ched\n")
        terminal.hear(r"\n0\r?\n")


def test_ctrl_c_drops_the_line_and_ctrl_d_ends_the_shell(start_server):
    server = start_server()
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        terminal.hear(prompt(server, 0))
        terminal.type("delete /zookeeper")
        terminal.hear("delete /zookeeper")
        terminal.type("\x03")
        terminal.hear(r"\^C")
        terminal.hear(prompt(server, 0))
        terminal.type("ls /\n")
        terminal.hear(r"\n\[zookeeper\]")
        terminal.hear(prompt(server, 1))
        terminal.type("\x1b[A\n")  # arrow up: the line before
        terminal.hear(r"\n\[zookeeper\]")
        terminal.hear(prompt(server, 2))
        terminal.type("\x04")
        assert terminal.code() == 0


def test_ctrl_c_ends_a_command_that_waits(start_server):
    server = start_server()
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        terminal.hear(prompt(server, 0))
        with shell_run.frozen(server):
            terminal.type("ls /\n")
            terminal.hear(r"ls /\r?\n")
            terminal.type("\x03")
            terminal.hear("ls: interrupted; what was sent may have been done")
            terminal.hear(prompt(server, 1))
        terminal.type("getAllChildrenNumber /zookeeper\n")
        terminal.hear(r"\n2\r?\n")


def test_tab_offers_options_and_commands(start_server):
    server = start_server()
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        terminal.hear(prompt(server, 0))
        terminal.type("set\t\t")
        terminal.hear("setAcl")
        terminal.hear("setquota")
        terminal.type("Acl -\t\t")
        for option in ("-R", "-s", "-v"):
            terminal.hear(option)
        terminal.type("\x03")
        terminal.hear(prompt(server, 0))
        terminal.type("printwatches o\t\t")
        terminal.hear("off")
