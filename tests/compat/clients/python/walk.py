"""Walks through what kazoo offers, on a real server.

Arguments: the server's connect string, and that of a gate in front of it which the test can
shut, freeze and open.
"""

import logging
import os
import sys

import basic_checks
import life_checks
import recipe_checks
from conversation import Conversation, Session


def main():
    server, gate = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    talk = Conversation()
    one, two, gated = Session(server), Session(server), Session(gate)
    basic_checks.crud(talk, one)
    basic_checks.watches(talk, one, two)
    basic_checks.multi(talk, one)
    basic_checks.acls(talk, server, one)
    life_checks.nodes(talk, server, one)
    recipe_checks.recipes(talk, server, one, two)
    life_checks.restarts(talk, one, two)
    life_checks.cut(talk, gated, two)
    life_checks.expiry(talk, gate, two)
    for session in (one, two, gated):
        session.leave()
    sys.stdout.flush()
    # A recipe left waiting by a failed check must not keep the walk alive.
    os._exit(1 if talk.failures else 0)


main()
