"""kazoo's recipes while servers are killed, frozen and stopped.

Arguments: the ensemble's connect string, and that of gates in front of it which the test shuts and
freezes. At ask("trouble") the test does its worst, and answers when all servers stand again.
"""

import logging
import os
import sys

import kazoo
from conversation import Conversation, holds
from count_toils import CounterToil, ElectionToil, LockToil
from copy_toils import PartyToil, WatchToil
from queue_toils import LockingQueueToil, QueueToil
from client import Client

ENOUGH = 3


def main():
    root = f"/kazoo-{kazoo.__version__}"  # The other kazoo is here at the same time.
    bare = Client("bare", sys.argv[1])
    bare.create(root)
    addresses, gates = (argument + root for argument in sys.argv[1:])
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    talk = Conversation()
    one, two, reader = (Client(name, addresses) for name in ("one", "two", "reader"))
    gated = Client("gated", gates)
    everybody = (one, two, gated)
    toils = {
        "lock": LockToil(everybody),
        "election": ElectionToil(everybody),
        "counter": CounterToil([Client(name, addresses) for name in ("three", "four")]),
        "queue": QueueToil(one, two),
        "locking-queue": LockingQueueToil(two, [Client("five", addresses), Client("six", gates)]),
        "watches": WatchToil(one, [two, gated]),
        "party": PartyToil(everybody, reader),
    }
    talk.check("kazoo.before", await_more, toils)
    talk.ask("trouble")
    talk.check("kazoo.after", await_more, toils)
    talk.check("kazoo.stop", stop, toils, reader)
    talk.check("kazoo.session-lost", lambda: holds(gated.losses, "the gated one's was"))
    for name, toil in toils.items():
        talk.check(f"kazoo.{name}", toil.judge, reader)
    talk.note("; ".join(f"{name} {toil.account()}" for name, toil in toils.items()))
    sys.stdout.flush()
    # A recipe left waiting by a failed check must not keep the program alive.
    os._exit(1 if talk.failures else 0)


def await_more(toils):
    for toil in toils.values():
        toil.await_more(ENOUGH)


def stop(toils, reader):
    for toil in toils.values():
        toil.stop()
    # Whoever is answered to a write of its own has read all that was done before.
    reader.create("/last-", sequence=True)


main()
