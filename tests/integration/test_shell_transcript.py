"""`drover shell` beside Apache's zkCli: the same lines, the same answers.

Every script of shell_transcript.py is typed twice at one server, first at Apache's zkCli, then at
ours, and stdout, stderr, events and the exit code are compared. What differs on purpose is listed
in docs/shell.md; each row there has a name, and DIFFERENCES proves the row of that name.
"""

import contextlib
import dataclasses
import pathlib
import re
import subprocess

import pytest

import shell_run
import shell_transcript
from support import servers

# After a refused addauth the server hangs up. Which of these a command meets depends on whether it, the
# refusal or the hang-up comes first, in both shells; that it is refused does not.
REFUSED = re.compile(
    r"^(KeeperErrorCode = (ConnectionLoss|AuthFailed|Session expired) for /|Not connected)$"
)


@pytest.fixture(scope="module", name="debian")
def _debian():
    with servers.DebianApache(properties={"zookeeper.extendedTypesEnabled": "true"}) as server:
        yield server


@pytest.fixture(scope="module", name="newest")
def _newest():
    with servers.MavenApache("3.9", properties={"zookeeper.extendedTypesEnabled": "true"}) as server:
        yield server


@pytest.fixture(scope="module", name="drover")
def _drover():
    with servers.Drover(properties={"extendedTypesEnabled": "true"}) as server:
        yield server


def settled(name, streams):
    """What is compared of a shell's output; the rest is chance or listed in docs/shell.md."""
    out, err = streams.out, streams.err
    if name == "refused":
        # On which of the two streams it says so is chance as well.
        refusals = [line for line in out + err if REFUSED.match(line)]
        out = [line for line in out if not REFUSED.match(line)]
        err = [line for line in err if not REFUSED.match(line)]
        out.append(f"{len(refusals)} refused")
    # difference "setacl-line-end"
    glued = r"(KeeperErrorCode = \w+ for /t(?:/(?:a|b|mine))?)(?=[^\n/])"
    out = re.sub(glued, r"\1\n", "\n".join(out)).split("\n")
    return "\n".join(shell_run.masked(out)), "\n".join(err)


def in_any_order(events):
    """Removed watches of one znode are told in the order of a hash table of Apache's."""
    result = []
    removed = []
    # `quit` and the end of input may end Apache's process before it has printed the last events.
    if events and "state:Closed" in events[-1]:
        events = events[:-1]
    for event in events:
        if "Removed path" in event:
            removed.append(event)
            continue
        result += [*sorted(removed), event]
        removed = []
    return result + sorted(removed)


def compare(name, server, apache_shell, newest):
    """Types a script at both shells; `newest` tells which Apache's is."""
    lines = shell_transcript.lines_of(name, newest)
    theirs = shell_run.run_apart(apache_shell, lines)
    ours = shell_run.run_apart(shell_run.drover_shell("-server", server.address), lines)
    our_out, our_err = settled(name, ours)
    their_out, their_err = settled(name, theirs)
    assert our_out == their_out
    assert our_err == their_err
    mask = shell_run.with_zxid_masked if newest else shell_run.without_zxid
    if name == "refused":  # how often it comes back before it hears of the refusal is chance
        assert any("state:AuthFailed" in event for event in ours.events)
        assert any("state:AuthFailed" in event for event in theirs.events)
    else:
        assert in_any_order(mask(ours.events)) == in_any_order(mask(theirs.events))
        assert ours.code == theirs.code
    left = shell_run.run_apart(shell_run.drover_shell("-server", server.address, "ls", "/"))
    assert left.out[-1] == "[zookeeper]", "the script leaves something behind"


def test_there_are_several_hundred_lines():
    assert sum(len(shell_transcript.lines_of(name)) for name in shell_transcript.SCRIPTS) >= 500
    assert (
        sum(len(shell_transcript.lines_of(name, False)) for name in shell_transcript.SCRIPTS) >= 500
    )


@pytest.mark.parametrize("name", shell_transcript.SCRIPTS)
def test_same_lines_same_answers(drover, tmp_path, name):
    compare(name, drover, shell_run.apache_shell(tmp_path, "-server", drover.address), False)


@pytest.mark.parametrize("name", shell_transcript.SCRIPTS)
def test_same_lines_same_answers_from_apache(debian, tmp_path, name):
    compare(name, debian, shell_run.apache_shell(tmp_path, "-server", debian.address), False)


@pytest.mark.compat
@pytest.mark.parametrize("name", shell_transcript.SCRIPTS)
def test_same_lines_same_answers_as_the_newest(drover, name):
    compare(name, drover, shell_run.newest_apache_shell("-server", drover.address), True)


@pytest.mark.compat
@pytest.mark.parametrize("name", shell_transcript.SCRIPTS)
def test_same_lines_same_answers_as_the_newest_from_apache(newest, name):
    compare(name, newest, shell_run.newest_apache_shell("-server", newest.address), True)


# --- what differs on purpose


DOCS = pathlib.Path(__file__).parents[2] / "docs" / "shell.md"
TRACE = "Exception in thread"


@dataclasses.dataclass
class Difference:
    """Lines, and what is in the output of each shell but not of the other; None: not looked for."""

    lines: tuple
    theirs: str | None
    ours: str | None
    words: tuple = ()  # of the command line, behind -server
    newest: bool = False  # 3.8.0 does not know what it is about


# By name of the row. A string is the test that proves it.
DIFFERENCES = {
    "stack-trace": [
        Difference(("create /t", "set /t x -v q", "delete /t"), TRACE, "set: -v 'q' is not"),
        Difference(("delete -v q /t",), TRACE, "delete: -v 'q' is not a version"),
        Difference(("setAcl -v q /t world:anyone:r",), TRACE, "setAcl: -v 'q' is not a version"),
        Difference(("redo x",), TRACE, "redo: number 'x' is not one of those"),
        Difference(("addWatch t",), TRACE, "Path must start with / character"),
        Difference(("connect host:99999",), TRACE, "connect: 'host:99999': port '99999'"),
        Difference(("connect ,",), TRACE, "connect: connect string names no server"),
        Difference(("set -b /t ?",), TRACE, "set: data '?' is not base64", newest=True),
    ],
    "start-stack-trace": [
        Difference((), TRACE, "-timeout 'x' is not a number", ("-timeout", "x", "ls", "/")),
        Difference((), TRACE, "-server: ", ("-server", "host:99999", "ls", "/")),
        Difference(
            (), "ConfigException", "cannot be read",
            ("-client-configuration", "/nope", "ls", "/"), newest=True,
        ),
    ],
    "more-commands": [Difference(("nonsense",), None, "\n\ttree ")],
    "blank-line": [Difference(("   ",), "Command not found  ", None)],
    "setacl-line-end": [
        Difference(
            ("create /t x world:anyone:cdr", "setAcl -R /t world:anyone:r", "whoami", "delete /t"),
            "for /tAuth scheme", "for /t\nAuth scheme",
        )
    ],
    "removed-watches-order": "test_shell_transcript.py::in_any_order",
    "raw-data": "test_shell_transcript.py::test_data_comes_out_as_it_was_stored",
    "json-word": [
        Difference(("ls --json /",), "Unrecognized option: --json", '{"command":"ls"')
    ],
    "version": [Difference(("version",), None, "ZooKeeper CLI version: drover-")],
    "piped-prompt": "test_shell_transcript.py::test_scripts_get_no_prompt",
    "completion": "test_shell_transcript.py::test_what_tab_offers_for_a_second_word",
    "event-at-prompt": "test_shell_transcript.py::test_an_event_while_a_line_is_being_typed",
    "end-of-input": "test_shell_transcript.py::test_ctrl_c_and_ctrl_d_at_the_prompt",
}


def listed_differences():
    """Names of the rows in docs/shell.md."""
    section = DOCS.read_text().partition("\n## Differences from Apache's zkCli\n")[2]
    return re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)


def test_every_difference_is_listed_and_proved():
    assert listed_differences() == list(DIFFERENCES)
    for proof in DIFFERENCES.values():
        if isinstance(proof, str):
            file, _, name = proof.partition("::")
            assert f"def {name}(" in (pathlib.Path(__file__).parent / file).read_text()


def check_difference(server, apache_shell, difference):
    """Both shells do what the row says, and ours goes on."""

    def said(argv):
        done = shell_run.run_apart(argv, [*difference.lines, "getAllChildrenNumber /"])
        return "\n".join([*done.out, *done.err]), done

    address = () if "-server" in difference.words else ("-server", server.address)
    theirs, their_done = said(apache_shell(*address, *difference.words))
    ours, our_done = said(shell_run.drover_shell(*address, *difference.words))
    if difference.theirs:
        assert difference.theirs in theirs
        assert difference.theirs not in ours
    if difference.ours:
        assert difference.ours in ours
        assert difference.ours not in theirs or difference.theirs == TRACE
    if difference.words:
        assert our_done.code == their_done.code
        assert len(our_done.err) == 1
    else:
        assert our_done.out[-1] == "3"  # /zookeeper and what is in it: it went on


@pytest.mark.parametrize(
    "difference",
    [one for all_of in DIFFERENCES.values() if isinstance(all_of, list)
     for one in all_of if not one.newest],
    ids=str,
)
def test_difference(drover, tmp_path, difference):
    check_difference(
        drover, lambda *words: shell_run.apache_shell(tmp_path, *words), difference
    )


@pytest.mark.compat
@pytest.mark.parametrize(
    "difference",
    [one for all_of in DIFFERENCES.values() if isinstance(all_of, list) for one in all_of],
    ids=str,
)
def test_difference_from_the_newest(drover, difference):
    check_difference(drover, shell_run.newest_apache_shell, difference)


@pytest.mark.compat
def test_data_comes_out_as_it_was_stored(drover):
    address = ("-server", drover.address)
    shell_run.run_apart(shell_run.drover_shell(*address), ["create /t", "set -b /t gP9h"])

    def got(argv):
        return subprocess.run(
            [*argv, "get", "/t"], capture_output=True, check=True, timeout=60,
            env=shell_run.environment(),
        ).stdout

    assert got(shell_run.drover_shell(*address)).endswith(b"\n\x80\xffa\n")
    assert got(shell_run.newest_apache_shell(*address)).endswith("\n\ufffd\ufffda\n".encode())
    shell_run.run_apart(shell_run.drover_shell(*address, "delete", "/t"))


@pytest.mark.compat
def test_scripts_get_no_prompt(drover):
    address = ("-server", drover.address)
    argv = shell_run.newest_apache_shell(*address, line_editing=True)
    theirs = shell_run.run_apart(argv, ["ls /"])
    assert f"[zk: {drover.address}(CONNECTED) 0] [zookeeper]" in theirs.out
    assert "JLine support is disabled" in theirs.out[-1]
    ours = shell_run.run_apart(shell_run.drover_shell(*address), ["ls /"])
    assert ours.out[-1] == "[zookeeper]"
    assert not any("[zk:" in line for line in ours.out)


@contextlib.contextmanager
def at_terminals(server):
    """(theirs, ours, what each prompt looks like): both shells at terminals, at their first prompts."""
    address = ("-server", server.address)
    prompt = rf"\[zk: {server.address}\(CONNECTED\) \d+\] "
    with (
        shell_run.Terminal(shell_run.newest_apache_shell(*address, line_editing=True)) as theirs,
        shell_run.Terminal(shell_run.drover_shell(*address)) as ours,
    ):
        theirs.hear(prompt, 60)
        ours.hear(prompt)
        yield theirs, ours, prompt


@pytest.mark.compat
def test_what_tab_offers_for_a_second_word(drover):
    with at_terminals(drover) as (theirs, ours, _):
        for shell, shown in ((theirs, "ls history "), (ours, "ls hist")):
            shell.type("ls hist\t")
            shell.hear(shown)
            shell.type("\n")
            shell.hear(r"^(?!ory)\s*Path must start with / character")


@pytest.mark.compat
def test_an_event_while_a_line_is_being_typed(drover):
    with at_terminals(drover) as (theirs, ours, prompt):
        ours.type("create /watched x\n")
        ours.hear("Created /watched")
        for shell in (theirs, ours):
            shell.type("get -w /watched\n")
            shell.hear(r"\nx\r?\n" + prompt)
            shell.type("getAllChildrenNumber /wat")
            shell.hear("getAllChildrenNumber /wat")
        other = shell_run.drover_shell("-server", drover.address)
        assert shell_run.run([*other, "set", "/watched", "y"]).code == 0
        for shell, shown_again in ((theirs, ""), (ours, prompt + "getAllChildrenNumber /wat")):
            shell.hear(r"type:NodeDataChanged path:/watched zxid: -?\d+\r?\n")
            shell.type("ched\n")
            shell.hear(rf"^{shown_again}ched\r*\n\s*0\r?\n")
        assert shell_run.run([*other, "delete", "/watched"]).code == 0


@pytest.mark.compat
def test_ctrl_c_and_ctrl_d_at_the_prompt(drover):
    with at_terminals(drover) as (theirs, ours, prompt):
        for shell, said in ((theirs, "JLine support is disabled"), (ours, r"\^C\s+" + prompt)):
            shell.type("delete /zookeeper")
            shell.hear("delete /zookeeper")
            shell.type("\x03")
            shell.hear(said)
            shell.type("ls /\n")
            shell.hear(r"\n\[zookeeper\]\r?\n")
    with at_terminals(drover) as (theirs, ours, _):
        for shell in (theirs, ours):
            shell.type("\x04")
        theirs.hear("JLine support is disabled")
        theirs.type("ls /\n")
        theirs.hear(r"\n\[zookeeper\]\r?\n")  # it goes on
        assert ours.code() == 0


# One command, and what both shells answer and end with.
COMMANDS = [
    ("ls", "/"), ("ls", "-s", "/nope"), ("get",), ("create", "/t", "x"), ("create", "/t", "x"),
    ("set", "/t", "y", "-v", "9"), ("set", "-s", "/t", "a b"), ("get", "/t"), ("getAcl", "/t"),
    ("setAcl", "/t", "foo"), ("stat", "-z", "/t"), ("nonsense",), ("delete", "/t"),
    ("delete", "/t"), ("deleteall", "/nope"), ("close",), ("redo", "0"), ("redo", "1"), ("redo",),
    ("history",), ("quit",),
]


def test_single_commands_end_with_the_same_codes(drover, tmp_path):
    address = ("-server", drover.address)

    def outcomes(argv):
        return [(words, shell_run.run_apart([*argv, *words])) for words in COMMANDS]

    theirs = outcomes(shell_run.apache_shell(tmp_path, *address))
    ours = outcomes(shell_run.drover_shell(*address))
    assert [(words, done.code) for words, done in ours] == [
        (words, done.code) for words, done in theirs
    ]
    listings = {("nonsense",), ("get",)}  # compared elsewhere
    assert [settled("single", done) for words, done in ours if words not in listings] == [
        settled("single", done) for words, done in theirs if words not in listings
    ]


def test_the_manual_tells_of_every_command():
    text = DOCS.read_text()
    listed = shell_run.run_apart(
        shell_run.drover_shell("-server", f"127.0.0.1:{servers.free_port()}", "help")
    ).out
    names = [line.split()[0] for line in listed if line.startswith("  ")]
    assert len(names) > 30
    assert [name for name in names if f"**{name}**" not in text] == []
