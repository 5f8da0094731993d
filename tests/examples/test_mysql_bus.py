"""mysql_bus: one runs, and goes on exactly where the one before it stopped."""

import signal

from examples.programs import SESSION_SECONDS
from support import servers

TASK = "/mysql_bus/task"
TAKEOVER_SECONDS = SESSION_SECONDS + 2


def replicators(start, *ids):
    """One after the other, so that their numbers are in this order."""
    found = []
    for each in ids:
        found.append(start("mysql_bus", "replicator", "task", id=each))
        found[-1].expect(f"{each} STANDBY")
    return found


def applied(program):
    """All positions that it said it has applied."""
    words = [line.split() for line in program.lines.all()]
    return [int(word[2]) for word in words if word[1] == "applied"]


def states(eye):
    """{id: data} of all who are registered."""
    names = eye.get_children(f"{TASK}/replicators")
    return {name[:-11]: eye.get(f"{TASK}/replicators/{name}")[0].decode() for name in names}


def test_the_next_one_goes_on_where_the_dead_one_stopped(start, eye):
    a, b, c = replicators(start, "a", "b", "c")
    a.expect("a RUNNING from 0")
    a.expect("a applied 5")
    assert states(eye) == {"a": "RUNNING", "b": "STANDBY", "c": "STANDBY"}
    a.kill()
    taken_over = b.expect(r"b RUNNING from (\d+)", TAKEOVER_SECONDS)
    # It may have been killed after its last step and before it could say so.
    assert int(taken_over[1]) in (applied(a)[-1], applied(a)[-1] + 1)
    b.expect(f"b applied {int(taken_over[1]) + 5}")
    assert states(eye) == {"b": "RUNNING", "c": "STANDBY"}
    assert c.lines.all() == ["c STANDBY"], "exactly one other runs"
    assert applied(b) == list(range(int(taken_over[1]) + 1, applied(b)[-1] + 1))


def test_a_frozen_runner_writes_no_more(start, eye):
    a, b = replicators(start, "a", "b")
    a.expect("a applied 3")
    a.send(signal.SIGSTOP)
    taken_over = b.expect(r"b RUNNING from (\d+)", TAKEOVER_SECONDS)
    first = int(taken_over[1]) + 1
    b.expect(f"b applied {first + 3}")
    before = applied(a)
    a.send(signal.SIGCONT)
    assert a.wait() == 3, "its session, and with it the right to write, is gone"
    a.lines.wait_over()
    assert applied(a) == before
    b.expect(f"b applied {applied(b)[-1] + 5}")
    assert applied(b) == list(range(first, applied(b)[-1] + 1)), "nobody else moved the position"
    assert int(eye.get(f"{TASK}/position")[0]) >= applied(b)[-1]


def test_a_standby_that_dies_makes_nobody_run(start, eye):
    a, b, c = replicators(start, "a", "b", "c")
    b.kill()
    servers.wait_until(lambda: "b" not in states(eye), TAKEOVER_SECONDS, "its session expires")
    last = applied(a)[-1]
    a.expect(f"a applied {last + 10}")
    assert c.lines.all() == ["c STANDBY"], "it watched b, and looked again"
    assert a.terminate() == 0
    c.expect(r"c RUNNING from \d+", seconds=1)
