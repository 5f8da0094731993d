"""`drover shell` beside Apache's zkCli: the same lines, the same answers.

Every script of shell_transcript.py is typed twice at one server, first at Apache's zkCli, then at
ours, and stdout, stderr, events and the exit code are compared. What differs on purpose is listed
in docs/shell.md.
"""

import re

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
    with servers.DebianApache(properties={"extendedTypesEnabled": "true"}) as server:
        yield server


@pytest.fixture(scope="module", name="newest")
def _newest():
    with servers.MavenApache("3.9", properties={"extendedTypesEnabled": "true"}) as server:
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
