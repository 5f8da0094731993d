"""config_center: everybody gets the last value, whatever happens in between."""

import re
import signal

from examples.programs import SESSION_SECONDS
from support import servers

VALUE = re.compile(r"config key v(\d+) (.*)")


def versions(lines):
    """Of all values that a subscriber has printed."""
    return [int(found[1]) for line in lines if (found := VALUE.fullmatch(line))]


def subscribers(start, count, line=r"config key absent"):
    """So many, each of which has printed what is there now."""
    found = [start("config_center", "sub", "key") for _ in range(count)]
    for each in found:
        each.expect(line)
    return found


def connections(server):
    """How many clients the server has a connection with."""
    return server.four_letter_word("cons").count(b"/127.0.0.1:")


def test_rapid_publishes_reach_all(start, eye):
    listening = subscribers(start, 3)
    values = [f"value {number}" for number in range(200)]
    published = start("config_center", "pub", "key", *values).finish()
    assert published == [f"published key v{number}" for number in range(200)]
    for each in listening:
        each.expect(r"config key v199 value 199")
    eye.delete("/config/key")
    for each in listening:
        each.expect(r"config key removed")
        seen = versions(each.lines.all())
        assert seen == sorted(set(seen)), "strictly increasing"
        assert each.lines.all()[0] == "config key absent"
        assert each.lines.all()[-1] == "config key removed"


def test_one_that_was_frozen_catches_up(server, start, eye):
    start("config_center", "pub", "key", "first").finish()
    for_a_moment, for_long = subscribers(start, 2, r"config key v0 first")
    others = connections(server) - 2
    for each in (for_a_moment, for_long):
        each.send(signal.SIGSTOP)
    start("config_center", "pub", "key", "second", "third").finish()
    for_a_moment.send(signal.SIGCONT)
    for_a_moment.expect(r"config key v2 third")
    # The other one's session is over, and its watch with it.
    servers.wait_until(
        lambda: connections(server) <= others + 1, SESSION_SECONDS + 5, "the session expires"
    )
    start("config_center", "pub", "key", "fourth").finish()
    for_long.send(signal.SIGCONT)
    for each in (for_a_moment, for_long):
        each.expect(r"config key v3 fourth")
    eye.delete("/config/key")
    for each in (for_a_moment, for_long):
        each.expect(r"config key removed")
        seen = versions(each.lines.all())
        assert seen == sorted(set(seen)), "nothing twice"


def test_a_server_that_restarts_loses_nothing(server, start):
    listening = subscribers(start, 2)
    start("config_center", "pub", "key", "before").finish()
    for each in listening:
        each.expect(r"config key v0 before")
    listening[1].send(signal.SIGSTOP)  # will not be there when the next value comes
    server.restart()
    start("config_center", "pub", "key", "after").finish()
    listening[1].send(signal.SIGCONT)
    for each in listening:
        each.expect(r"config key v1 after")
        assert versions(each.lines.all()) == [0, 1]
