"""`-r`: both shells at a server that has lost its ensemble, read-only where the server knows that mode.

Apache's servers with readonlymode.enabled go on reading alone; ours does not know the mode, and a shell with -r
then fares as at an Apache server that has it switched off.
"""

import contextlib

import pytest

import shell_run
from support import servers
from support.ensembles import Ensemble

READ_ONLY = {"readonlymode.enabled": "true"}
# Since 3.5 a read-only server makes local sessions only, and refuses everybody where they are not allowed.
LOCAL_SESSIONS = {"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true"}
# What a session there may do, what it may not, and what fails by itself. Not deleteall: whether Apache's says that it
# failed is a race between two of its threads.
LINES = (
    "ls /", "get /kept", "get -s /kept", "stat /nope", "getAcl /kept", "getAllChildrenNumber /",
    "create /made x", "create -e /made", "set /kept y", "setAcl /kept world:anyone:r",
    "delete /kept", "setquota -n 5 /kept", "listquota /kept", "sync /",
    "addauth digest u:p", "whoami", "getEphemerals", "ls -w /", "addWatch /kept",
    "removewatches /kept", "redo 1", "nonsense", "quit",
)


@contextlib.contextmanager
def left_alone(name, properties):
    """(ensemble, the one of its three members that still runs); /kept is there."""
    config = LOCAL_SESSIONS if properties and name != "drover" else {}
    ensemble = Ensemble([name] * 3, config=config, properties=properties)
    with ensemble:
        survivor = ensemble.followers()[0]
        made = shell_run.run_apart(
            shell_run.drover_shell("-server", survivor.address, "create", "/kept", "x")
        )
        assert made.code == 0, made
        for member in ensemble.members:
            if member is not survivor:
                member.kill()
        yield ensemble, survivor


@pytest.fixture(scope="module", name="debian")
def _debian():
    with left_alone("debian", READ_ONLY) as (ensemble, survivor):
        wait_until_read_only(survivor)
        yield ensemble, survivor


@pytest.fixture(scope="module", name="newest")
def _newest():
    with left_alone("apache-3.9", READ_ONLY) as (ensemble, survivor):
        wait_until_read_only(survivor)
        yield ensemble, survivor


def wait_until_read_only(server):
    servers.wait_until(
        lambda: server.four_letter_word("isro") == b"ro", 60, "read-only"
    )


def said(argv, lines=()):
    """What is compared: both streams, events without zxids, the code."""
    done = shell_run.run_apart(argv, lines)
    events = [event for event in done.events if "state:Closed" not in event]
    listed = "ZooKeeper -server host:port"  # what an unknown command lists is compared elsewhere
    errors = [line for line in done.err if not line.startswith("\t") and listed not in line]
    return shell_run.masked(done.out), errors, shell_run.without_zxid(events), done.code


def compare(server, apache_shell):
    address = ("-server", server.address)
    theirs = said(apache_shell(*address, "-r"), LINES)
    ours = said(shell_run.drover_shell(*address, "-r"), LINES)
    assert ours == theirs
    out, err, events, _ = ours
    assert "[kept, zookeeper]" in out
    assert "Not a read-only call: /kept" in err + out
    assert any("state:ConnectedReadOnly" in event for event in events)
    assert said(shell_run.drover_shell(*address, "-r", "get", "/kept"))[0][-1] == "x"


def test_a_session_at_a_read_only_server(debian, tmp_path):
    compare(debian[1], lambda *words: shell_run.apache_shell(tmp_path, *words))


@pytest.mark.compat
def test_a_session_at_a_read_only_server_of_the_newest(newest):
    compare(newest[1], shell_run.newest_apache_shell)


def refuses_others(server, apache_shell):
    """Who does not say -r is not served, and says so in the same words."""
    words = ("-server", server.address, "-timeout", "3000", "-waitforconnection", "ls", "/")
    theirs, ours = said(apache_shell(*words)), said(shell_run.drover_shell(*words))
    assert ours[3] == theirs[3] == 1
    assert ours[1] == ["KeeperErrorCode = ConnectionLoss"]
    assert "KeeperErrorCode = ConnectionLoss" in "\n".join(theirs[1])
    assert "[kept, zookeeper]" not in ours[0] + theirs[0]


def test_without_r_it_is_no_server(debian, tmp_path):
    refuses_others(debian[1], lambda *words: shell_run.apache_shell(tmp_path, *words))


@pytest.mark.compat
def test_without_r_it_is_no_server_of_the_newest(newest):
    refuses_others(newest[1], shell_run.newest_apache_shell)


def test_the_prompt_tells(debian):
    server = debian[1]
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address, "-r")) as terminal:
        terminal.hear(rf"\[zk: {server.address}\(CONNECTEDREADONLY\) \d+\] ")
        terminal.type("set /kept y\n")
        terminal.hear("Not a read-only call: /kept")
        terminal.hear(r"\(CONNECTEDREADONLY\) 1\] ")  # before, nobody reads keys
        terminal.type("\x04")
        assert terminal.code() == 1  # that of the last command


def says(shell, line):
    """What a shell that is talked to answers to one line."""
    shell.say(line)
    shell.say("printwatches")
    return shell.hear("printwatches is on\n")


def answers_at_last(shell, line, text):
    """Says a line until the answer has `text` in it: before, the connection may be lost."""
    servers.wait_until(lambda: text in says(shell, line), 60, text)


def test_when_the_ensemble_is_back(tmp_path):
    """Both shells move into a session that writes."""
    with left_alone("debian", READ_ONLY) as (ensemble, survivor):
        wait_until_read_only(survivor)
        words = ("-server", survivor.address, "-r")
        theirs = shell_run.Conversation(shell_run.apache_shell(tmp_path, *words))
        ours = shell_run.Conversation(shell_run.drover_shell(*words))
        try:
            for shell in (theirs, ours):
                answers_at_last(shell, "create /made x", "Not a read-only call: /made")
            ensemble.start()
            answers_at_last(theirs, "create /theirs x", "Created /theirs\n")
            answers_at_last(ours, "create /ours x", "Created /ours\n")
        finally:
            theirs.end()
            ours.end()


def fares_as_where_the_mode_is_off(survivor, apache_shell_of_other):
    words = ("-r", "-timeout", "3000", "-waitforconnection", "ls", "/")
    ours = said(shell_run.drover_shell("-server", survivor.address, *words))
    theirs = said(apache_shell_of_other(*words))
    assert ours[3] == theirs[3] == 1
    assert ours[1] == ["KeeperErrorCode = ConnectionLoss"]


def test_our_server_alone_serves_nobody(tmp_path):
    """A shell with -r gets one line, the one that it gets from Apache's where the mode is off."""
    with left_alone("drover", READ_ONLY) as (_, survivor), left_alone("debian", {}) as (_, theirs):
        fares_as_where_the_mode_is_off(
            survivor,
            lambda *words: shell_run.apache_shell(tmp_path, "-server", theirs.address, *words),
        )
        one = said(shell_run.drover_shell("-server", survivor.address, "-r", "ls", "/"))
        assert one[1] == ["KeeperErrorCode = ConnectionLoss for /"]
        assert one[3] == 1
        assert survivor.four_letter_word("isro") != b"ro"
