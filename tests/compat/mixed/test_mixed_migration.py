"""Members of a running ensemble are killed, or replaced by the other software, under steady load.

Clients write all the while; none may lose an acknowledged write or its session, and in the end all
members show the same.
"""

import contextlib
import os

import pytest

from mixed_ensemble import MixedEnsemble
from steady_client import SteadyClient
from test_mixed_sync import wipe, write

pytestmark = pytest.mark.compat

ALL = os.environ.get("DROVER_MIXED") == "all"
RELEASES = ("apache-3.5", "apache-3.8", "apache-3.9") if ALL else ("apache-3.9",)
WINDOWS = (1, 10, 40)  # of each client: how many requests it has under way
BURSTS = 10  # of each client between two steps


@contextlib.contextmanager
def steady_load(ensemble):
    """Clients that write throughout the block; at its end their books are compared with the trees."""
    ports = [server.port for server in ensemble.members]
    load = [
        SteadyClient(f"steady-{at}", ports[at % 3 :] + ports[: at % 3], window)
        for at, window in enumerate(WINDOWS)
    ]
    try:
        for client in load:
            client.start()
        yield load
        for client in load:
            client.rest()
        tree = ensemble.assert_alike()
        for client in load:
            client.check(tree)
            print(
                f"{client.root}: {client.acknowledged} writes, {client.moves} moves,"
                f" longest pause {client.longest_pause:.2f} s"
            )
    finally:
        for client in load:
            client.stop()


def let_them_write(load):
    for client in load:
        client.wait_for_more(BURSTS)


def killed_in_turn():
    splits = [("drover", "{}", "{}"), ("{}", "drover", "drover")]
    found = [[n.format(release) for n in split] for release in RELEASES for split in splits]
    if ALL:
        found += [["apache-3.8", "drover", "apache-3.9"], ["drover", "apache-3.5", "apache-3.9"]]
    return found


@pytest.mark.parametrize("names", killed_in_turn(), ids="-".join)
def test_each_is_killed_in_turn_under_load(names):
    with MixedEnsemble(names) as ensemble, steady_load(ensemble) as load:
        for _ in range(2 if ALL else 1):
            for server in ensemble.members:
                let_them_write(load)
                server.kill()
                let_them_write(load)
                ensemble.restart(server)
        let_them_write(load)
        # What each has on disk is what it showed.
        for server in ensemble.members:
            server.kill()
        ensemble.start_again()
        let_them_write(load)


def snapshots_under_load():
    pairs = [(release, "drover") for release in RELEASES]
    pairs += [("drover", release) for release in RELEASES if ALL]
    return [[learns, leads, leads, f"{learns}:observer"] for leads, learns in pairs]


@pytest.mark.parametrize("release", RELEASES)
def test_a_rolling_migration_there_and_back(release):
    with MixedEnsemble([release] * 3) as ensemble, steady_load(ensemble) as load:
        for name in ("drover", release):
            for sid in (1, 2, 3):
                let_them_write(load)
                ensemble.replace(sid, name)
            let_them_write(load)
            assert [type(server).__name__ for server in ensemble.members] == (
                ["Drover" if name == "drover" else "MavenApache"] * 3
            )


@pytest.mark.parametrize("names", snapshots_under_load(), ids="-".join)
def test_a_snapshot_is_taken_in_while_the_tree_changes(names):
    """The leader's image holds some of what came after it began: no digest can be right before all
    of that has been applied, and none may be reported wrong."""
    with MixedEnsemble(names) as ensemble:
        write(ensemble, "/big", 20_000)
        with steady_load(ensemble) as load:
            for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
                let_them_write(load)
                server.kill()
                wipe(server)
                ensemble.restart(server)
                assert ensemble.plans(server)[-1] == "SNAP"
            let_them_write(load)
