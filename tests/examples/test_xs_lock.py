"""xs_lock: readers together, writers alone, and how many are woken by a release."""

import re
from collections import namedtuple
from functools import partial

import pytest

from examples.programs import LINE_SECONDS, SESSION_SECONDS, shared_lines
from support import servers

HOLD_MS = 100
MODES = pytest.mark.parametrize("mode", [["--herd"], []], ids=["herd", "improved"])

Event = namedtuple("Event", "host kind what")


class Queue:
    """Processes that come to the lock while somebody else holds it, in one trace."""

    def __init__(self, start, eye, mode):
        self._start = start
        self._eye = eye
        self._mode = mode
        self._file, self._lines = shared_lines()
        self.processes = {}
        eye.ensure_path("/xs_lock")
        self._blocker = eye.create("/xs_lock/blocker-W-", ephemeral=True, sequence=True)

    def add(self, host, kind, hold_ms=HOLD_MS):
        words = [*self._mode, host, kind, hold_ms]
        self.processes[host] = self._start("xs_lock", *words, stdout=self._file)

    def in_order(self):
        """(host, kind) of all in the queue, the blocker excepted, once all are in it."""

        def names():
            found = self._eye.get_children("/xs_lock")
            return found if len(found) == len(self.processes) + 1 else None

        found = servers.wait_until(names, 20, "all are in the queue")
        found.remove(self._blocker.rpartition("/")[2])
        found.sort(key=lambda name: name[-10:])
        return [tuple(name[:-11].rsplit("-", 1)) for name in found]

    def open(self):
        """Now they have it among themselves."""
        self._eye.delete(self._blocker)

    def finish(self):
        """Until all have had it; returns the trace and the sum of events."""
        self._file.close()
        lines = self._lines.wait_over()
        for process in self.processes.values():
            assert process.wait() == 0, process.errors()
        found = [re.fullmatch(r"(\w+) ([RW]) (granted|released)( events=(\d+))?", line) for line in lines]
        assert all(found), lines
        return [Event(*each.group(1, 2, 3)) for each in found], sum(int(each[5] or 0) for each in found)


def check_exclusion(trace):
    """Never a writer with anybody else; everybody had it once."""
    holding = []
    most = 0
    for event in trace:
        if event.what == "released":
            holding.remove(event[:2])
            continue
        holding.append(event[:2])
        most = max(most, len(holding))
        assert len(holding) == 1 or all(kind == "R" for _, kind in holding), trace
    assert holding == []
    return most


def check_order(order, trace):
    """Nobody goes ahead of one in his way: writers before a reader, anybody before a writer."""
    gone = set()
    for event in trace:
        if event.what == "released":
            gone.add(event.host)
            continue
        before = order[: order.index(event[:2])]
        in_its_way = {host for host, kind in before if "W" in (kind, event.kind)}
        assert in_its_way <= gone, f"{event} in {order}"


@MODES
def test_events_of_writers(start, eye, mode):
    count = 6
    queue = Queue(start, eye, mode)
    for number in range(count):
        queue.add(f"host{number}", "w")
    order = queue.in_order()
    queue.open()
    trace, events = queue.finish()
    assert check_exclusion(trace) == 1
    check_order(order, trace)
    if mode:
        assert events >= count * (count - 1) / 2, "the herd"
    else:
        assert events <= 2 * count


@MODES
def test_readers_share_and_writers_do_not(start, eye, mode):
    queue = Queue(start, eye, mode)
    for number, kind in enumerate("rrwrrwwrrr"):
        queue.add(f"host{number}", kind)
    order = queue.in_order()
    queue.open()
    trace, events = queue.finish()
    assert len(trace) == 20
    check_exclusion(trace)
    check_order(order, trace)
    if not mode:
        assert events <= 2 * 10


def both(server, chroot, start, eye):
    """[(start xs_lock in this mode, how many are in the queue)], one for each mode, in chroots apart.

    So that both wait for sessions to expire at once.
    """
    found = []
    for name, mode in (("herd", ["--herd"]), ("improved", [])):
        eye.ensure_path(f"/{name}/xs_lock")
        connect = f"{server.address}{chroot}/{name}"
        found.append(
            (
                partial(start, "xs_lock", *mode, connect=connect),
                lambda name=name: len(eye.get_children(f"/{name}/xs_lock")),
            )
        )
    return found


def await_length(queues, length, seconds=LINE_SECONDS):
    """Until so many are in each queue."""
    for _, count in queues:
        servers.wait_until(lambda count=count: count() == length, seconds, f"{length} in the queue")


def test_readers_hold_it_together(server, chroot, start, eye):
    queues = both(server, chroot, start, eye)
    readers = [[lock(f"host{number}", "r", 60_000) for lock, _ in queues] for number in range(3)]
    for number, pair in enumerate(readers):
        for each in pair:
            each.expect(f"host{number} R granted")
    writers = [lock("host3", "w", 1) for lock, _ in queues]
    await_length(queues, 4)
    # The first dies; the writer has to wait for the others too, and then goes ahead at once.
    for each in readers[0]:
        each.kill()
    await_length(queues, 3, SESSION_SECONDS + 2)
    for writer in writers:
        assert writer.lines.all() == []
    for each in readers[1] + readers[2]:
        assert each.terminate() == 0
    for writer in writers:
        writer.expect("host3 W granted", seconds=1)
        assert writer.wait() == 0
    await_length(queues, 0)


def test_one_that_dies_in_the_queue_lets_nobody_ahead(server, chroot, start, eye):
    queues = both(server, chroot, start, eye)
    holders = [lock("holder", "w", 60_000) for lock, _ in queues]
    for each in holders:
        each.expect("holder W granted")
    queued = [lock("queued", "w") for lock, _ in queues]
    await_length(queues, 2)
    last = [lock("last", "w", 1) for lock, _ in queues]
    await_length(queues, 3)
    for each in queued:
        each.kill()
    await_length(queues, 2, SESSION_SECONDS + 2)
    for each in holders:
        each.kill()
    for each in last:
        each.expect("last W granted", SESSION_SECONDS + 2)
        assert each.wait() == 0
    for each in queued:
        assert each.lines.all() == []
