"""log_collect: every source with exactly one collector, evenly, whoever comes and goes."""

import re

from examples.programs import SESSION_SECONDS
from support import servers

REBALANCE_SECONDS = SESSION_SECONDS + 3


class Fleet:
    """The programs of one test, by id."""

    def __init__(self, start):
        self._start = start
        self.collectors = {}
        self.sources = {}

    def add_collector(self, name):
        self.collectors[name] = self._start("log_collect", "collector", id=name)

    def add_source(self, name):
        self.sources[name] = self._start("log_collect", "source", id=name)

    def kill(self, name):
        (self.collectors if name in self.collectors else self.sources).pop(name).kill()

    def assigned(self, name):
        """What a collector was told last; None: nothing yet."""
        pattern = re.compile(rf"{name} assigned \[(.*)\]")
        lines = reversed(self.collectors[name].lines.all())
        found = next((m for line in lines if (m := pattern.fullmatch(line))), None)
        return found and (found[1].split(", ") if found[1] else [])

    def is_balanced(self):
        lists = [self.assigned(name) for name in self.collectors]
        if None in lists:
            return False
        sizes = [len(each) for each in lists]
        dealt_out = sorted(name for each in lists for name in each)
        return dealt_out == sorted(self.sources) and max(sizes) - min(sizes) <= 1

    def await_balance(self, seconds=REBALANCE_SECONDS):
        try:
            servers.wait_until(self.is_balanced, seconds, "balance")
        except TimeoutError as error:
            lists = {name: self.assigned(name) for name in self.collectors}
            raise TimeoutError(f"{error}: {lists}") from None

    def await_rebalance(self):
        """Who said that it has dealt out exactly what lives, last."""
        line = f"rebalance collectors={len(self.collectors)} sources={len(self.sources)}"

        def who():
            return [name for name, each in self.collectors.items() if line in each.lines.all()]

        return servers.wait_until(who, REBALANCE_SECONDS, line)


def leader(eye):
    """The collector whose latch is first."""
    names = eye.get_children("/logs/leader")
    first = min(names, key=lambda name: name[-10:])
    return eye.get(f"/logs/leader/{first}")[0].decode()


def test_sources_are_shared_out(start, eye):
    fleet = Fleet(start)
    for number in (1, 2, 3):
        fleet.add_collector(f"c{number}")
    for number in range(10):
        fleet.add_source(f"s{number}")
    fleet.await_balance(20)
    assert sorted(len(fleet.assigned(name)) for name in fleet.collectors) == [3, 3, 4]
    first = leader(eye)
    assert fleet.await_rebalance() == [first]
    for name in fleet.collectors:
        fleet.collectors[first].expect(rf"status {name} bytes=[1-9]\d*")
        assert re.fullmatch(rb"bytes=\d+;cpu=\d+;mem=\d+", eye.get(f"/logs/collectors/{name}")[0])
    assert re.fullmatch(rb"alive;bytes=\d+", eye.get("/logs/sources/s1")[0])

    fleet.add_collector("c4")
    fleet.await_balance()
    assert eye.get("/logs/assign/c4")[0].count(b'"') == 2 * len(fleet.assigned("c4"))

    # One that does not lead, and a source, at once.
    followers = [name for name in fleet.collectors if name != first]
    fleet.kill(followers[0])
    fleet.kill("s4")
    fleet.await_balance()
    fleet.add_source("s10")
    fleet.await_balance()

    fleet.kill(first)
    fleet.await_balance()
    assert fleet.await_rebalance() == [leader(eye)]
    assert leader(eye) in fleet.collectors
    assert sorted(eye.get_children("/logs/assign")) == sorted(fleet.collectors)
