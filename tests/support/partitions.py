"""An ensemble whose members live in network namespaces of their own, so that the network between
them can be cut. Clients go to each server inside its namespace and are never cut off.

    with PartitionedEnsemble(["drover"] * 3) as ensemble:
        ensemble.cut(1, 2)        # nothing passes from 1 to 2, nor back
        ensemble.heal()

Needs the right to make namespaces (root): can_partition() tells.
"""

import contextlib
import ctypes
import os
import subprocess
import threading

from support.ensembles import Ensemble

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_made = 0


def can_partition():
    """True where this process may make network namespaces."""
    name = f"drover-{os.getpid()}-probe"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if done.returncode != 0:
        return False
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return True


@contextlib.contextmanager
def inside(name):
    """What this thread opens meanwhile, it opens in that namespace."""
    home = os.open(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(there)
        os.close(home)


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _run(*argv):
    subprocess.run(argv, check=True, capture_output=True)


class PartitionedEnsemble(Ensemble):
    """Namespaces joined by a bridge, which has a namespace too: nothing of the machine is touched."""

    def __init__(self, names=("drover",) * 3, **options):
        global _made
        _made += 1
        super().__init__(names, **options)
        prefix = f"drover-{os.getpid()}-{_made}"
        self._hub = f"{prefix}-hub"
        self._spaces = {server.sid: f"{prefix}-{server.sid}" for server in self.members}
        self._cuts = set()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        roles = {s.sid: "observer" if s.observer else "participant" for s in self.members}
        lines = {
            f"server.{s.sid}": f"{self._address(s.sid)}:{s.quorum_port}:{s.election_port}:{roles[s.sid]}"
            for s in self.members
        }
        for server in self.members:
            server.config.update(lines)
            self._move_in(server)

    @staticmethod
    def _address(sid):
        return f"10.213.0.{sid}"

    def _build(self):
        _run("ip", "netns", "add", self._hub)
        _run("ip", "-n", self._hub, "link", "add", "bridge", "type", "bridge")
        _run("ip", "-n", self._hub, "link", "set", "bridge", "up")
        for sid, space in self._spaces.items():
            _run("ip", "netns", "add", space)
            _run("ip", "-n", self._hub, "link", "add", f"to{sid}", "type", "veth",
                 "peer", "name", "eth0", "netns", space)
            _run("ip", "-n", self._hub, "link", "set", f"to{sid}", "master", "bridge", "up")
            _run("ip", "-n", space, "link", "set", "lo", "up")
            _run("ip", "-n", space, "addr", "add", f"{self._address(sid)}/24", "dev", "eth0")
            _run("ip", "-n", space, "link", "set", "eth0", "up")

    def _move_in(self, server):
        space = self._spaces[server.sid]
        argv, words, serving = server.command, server.four_letter_word, server.is_serving

        def moved(ask):
            def asked(*arguments):
                with inside(space):
                    return ask(*arguments)
            return asked

        server.command = lambda: ["ip", "netns", "exec", space, *argv()]
        server.four_letter_word = moved(words)
        server.is_serving = moved(serving)

    def connect(self, server, *arguments, **options):
        with inside(self._spaces[server.sid]):
            return super().connect(server, *arguments, **options)

    def enter(self, server):
        """To open a connection to this server from any thread."""
        return inside(self._spaces[server.sid])

    # -- the network -------------------------------------------------------------------------

    def cut(self, a, b, both=True):
        """What sid `a` sends to sid `b` is lost, and with `both` also the other way."""
        for source, target in ((a, b), (b, a)) if both else ((a, b),):
            if (source, target) not in self._cuts:
                self._cuts.add((source, target))
                _run("ip", "-n", self._spaces[source], "route", "add", "blackhole",
                     f"{self._address(target)}/32")

    def isolate(self, sid):
        for server in self.members:
            if server.sid != sid:
                self.cut(sid, server.sid)

    def heal(self):
        for source, target in self._cuts:
            _run("ip", "-n", self._spaces[source], "route", "del", "blackhole",
                 f"{self._address(target)}/32")
        self._cuts.clear()

    def close(self):
        super().close()
        for space in (*self._spaces.values(), self._hub):
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
