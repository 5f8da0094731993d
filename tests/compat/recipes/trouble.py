"""What befalls the servers and one of the clients while programs use their recipes.

Every trouble ends with all members serving again. Most strike the leader, so that each brings
another election.
"""

import contextlib
import os
import signal
import time

from compat.clients.gate import Gate
from support import servers

SESSION_SECONDS = 6.0  # as the programs ask for


class Gates:
    """A gate in front of each member, all moved together: the network of one client."""

    def __init__(self, ensemble):
        self._stack = contextlib.ExitStack()
        self._gates = [self._stack.enter_context(Gate(each.port)) for each in ensemble.members]

    @property
    def addresses(self):
        return ",".join(gate.address for gate in self._gates)

    def move(self, how):
        """`how` is freeze, shut or open."""
        for gate in self._gates:
            getattr(gate, how)()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()


class Troubles:
    """The troubles, to be called in any order; `led` tells which software has led."""

    def __init__(self, ensemble, gates):
        self._ensemble = ensemble
        self._gates = gates
        self.led = []
        self._wait_for_peace()

    def kill_leader(self):
        with self._down(self._ensemble.leader(), "kill"):
            self._ensemble.wait_for_leader()

    def stop_leader(self):
        with self._down(self._ensemble.leader(), "stop"):
            self._ensemble.wait_for_leader()

    def kill_follower(self):
        with self._down(self._ensemble.followers()[0], "kill"):
            time.sleep(0.5)

    def kill_majority(self):
        """Nobody is served for a while, and no session may end by that."""
        with self._down(self._ensemble.leader(), "kill"):
            with self._down(self._ensemble.running()[0], "kill"):
                time.sleep(1)

    def freeze_leader(self):
        """Long enough that the others elect another; it wakes up in the belief that it leads."""
        leader = self._ensemble.leader()
        others = [each for each in self._ensemble.running() if each is not leader]

        def another_leads():
            return any(self._ensemble.mode(each) == "leader" for each in others)

        with self._frozen(leader):
            servers.wait_until(another_leads, 30, "another leader")
            time.sleep(0.5)

    def freeze_follower(self):
        """Its clients' sessions outlive it: they find another member in time."""
        with self._frozen(self._ensemble.followers()[-1]):
            time.sleep(SESSION_SECONDS / 2)

    def cut_client(self, how="freeze"):
        """One client's session ends while it hears nothing; the servers have trouble, too."""
        self._gates.move(how)
        try:
            begun = time.monotonic()
            self.kill_leader()
            left = begun + SESSION_SECONDS * 1.5 - time.monotonic()
            time.sleep(max(0.0, left))
        finally:
            self._gates.move("open")

    @contextlib.contextmanager
    def _down(self, server, how):
        getattr(server, how)()
        try:
            yield
        finally:
            server.spawn()
        self._wait_for_peace()

    @contextlib.contextmanager
    def _frozen(self, server):
        os.kill(server.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(server.pid, signal.SIGCONT)
        self._wait_for_peace()

    def _wait_for_peace(self):
        """All serve and one leads."""

        def peace():
            modes = list(self._ensemble.modes().values())
            return None not in modes and modes.count("leader") == 1

        servers.wait_until(peace, 60, "peace")
        leader = self._ensemble.leader()
        self.led.append((leader.sid, type(leader).__name__))
