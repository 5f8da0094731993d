"""Curator's and kazoo's recipes keep their promises while the servers fail over and over.

DROVER_RECIPES_ROUNDS (0) adds so many random troubles to the fixed ones, DROVER_RECIPES_SEED says
which.
"""

import contextlib
import os
import random
import time

import pytest

from compat.clients import builds
from compat.mixed.mixed_ensemble import MixedEnsemble
from compat.recipes.program import Program
from compat.recipes.trouble import Gates, Troubles

pytestmark = pytest.mark.compat

ROUNDS = int(os.environ.get("DROVER_RECIPES_ROUNDS", "0"))
SEED = int(os.environ.get("DROVER_RECIPES_SEED", random.randrange(2**32)))
START_SECONDS = 60
VERDICT_SECONDS = 150

PROGRAMS = {
    "curator": builds.curator_recipes,
    "kazoo-debian": builds.debian_kazoo_recipes,
    "kazoo": builds.kazoo_recipes,
}
CURATOR_CHECKS = {
    "curator.before", "curator.after", "curator.stop", "curator.session-lost", "curator.mutex",
    "curator.latch", "curator.atomic-long", "curator.caches",
}  # fmt: skip
KAZOO_CHECKS = {
    "kazoo.before", "kazoo.after", "kazoo.stop", "kazoo.session-lost", "kazoo.lock",
    "kazoo.election", "kazoo.counter", "kazoo.queue", "kazoo.locking-queue", "kazoo.watches",
    "kazoo.party",
}  # fmt: skip


def endure(names, tmp_path):
    """All programs at once on one ensemble; returns who led."""
    chance = random.Random(SEED)
    with contextlib.ExitStack() as stack:
        ensemble = stack.enter_context(MixedEnsemble(names))
        gates = stack.enter_context(Gates(ensemble))
        troubles = Troubles(ensemble, gates)
        addresses = (",".join(each.address for each in ensemble.members), gates.addresses)
        programs = [
            stack.enter_context(Program(name, build(), addresses, tmp_path / name))
            for name, build in PROGRAMS.items()
        ]
        for program in programs:
            program.await_request(START_SECONDS)
        begun = time.monotonic()
        befall(troubles, chance)
        took = time.monotonic() - begun
        for program in programs:
            program.trouble_is_over()
        for program in programs:
            required = CURATOR_CHECKS if program.name == "curator" else KAZOO_CHECKS
            program.await_verdict(required, VERDICT_SECONDS)
        wait_until_alike(ensemble)
        print(f"{took:.0f} s of trouble; led: {troubles.led}; DROVER_RECIPES_SEED={SEED}")
        print("\n".join(f"{p.name}: {note}" for p in programs for note in p.notes))
        return troubles.led


def wait_until_alike(ensemble, seconds=30):
    """Until all members show one tree; raises if any ever saw another digest than its leader.

    Znodes go between two reads of it as long as sessions of the programs end.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ensemble.assert_alike()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def befall(troubles, chance):
    troubles.kill_leader()
    troubles.freeze_follower()
    troubles.cut_client()
    troubles.freeze_leader()
    troubles.stop_leader()
    every = [
        troubles.kill_leader, troubles.stop_leader, troubles.kill_follower, troubles.kill_majority,
        troubles.freeze_leader, troubles.freeze_follower, troubles.cut_client,
        lambda: troubles.cut_client("shut"),
    ]  # fmt: skip
    for _ in range(ROUNDS):
        chance.choice(every)()


def test_ensemble_of_one_software(server_name, tmp_path):
    endure([server_name] * 3, tmp_path)


def test_mixed_ensemble(tmp_path):
    led = endure(["drover", "drover", "apache-3.9"], tmp_path)
    assert {"Drover", "MavenApache"} <= {name for _, name in led}, led
