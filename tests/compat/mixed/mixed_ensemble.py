"""An ensemble of Drover and Apache members whose leader a test chooses.

`start` lets the last participant lead: it and one other start alone, and of two servers with equal
histories the larger sid wins. The rest join an ensemble that stands.
"""

import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))

from support import servers
from support.ensembles import Ensemble
from support.rawclient import OPEN_ACL, Err, OpCode
from tree_dump import dump

SMALL_JVM = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
CONFIG_NODE = "/zookeeper/config"
SEQUENTIAL = 2

# What a learner says of the plan by which it was brought to the leader's history.
DROVER_PLAN = r"follows sid=\d+ epoch=\S+: (DIFF|SNAP|TRUNC) "
APACHE_PLANS = {
    "Getting a diff from the leader": "DIFF",
    "Getting a snapshot from leader": "SNAP",
    "Truncating log to get in sync with the leader": "TRUNC",
}


class MixedEnsemble(Ensemble):
    def __init__(self, names, *, config=None, properties=None):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="drover-mixed-"))
        # Container and TTL znodes end soon; Apache hears of it by -D, Drover in zoo.cfg.
        self._options = {
            "config": {"extendedTypesEnabled": "true", **(config or {})},
            "properties": {"znode.container.checkIntervalMs": 500, **(properties or {})},
            "jvm_options": SMALL_JVM,
        }
        super().__init__(names, **self._options)
        for server in self.members:
            # Outlives the server: another software may take it over.
            server.data_dir = self._folder / f"data-{server.sid}"
            server.config["dataDir"] = str(server.data_dir)
            server.data_dir.mkdir()
            (server.data_dir / "myid").write_text(f"{server.sid}\n")

    def close(self):
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- life --------------------------------------------------------------------------------

    def start(self):
        """Starts every member; the last participant will lead (histories must be equal)."""
        first, *_, last = [server for server in self.members if not server.observer]
        for server in (first, last):
            server.spawn()
        self.wait_until_serves(first)
        self.wait_until_serves(last)
        super().start()
        assert self.leader() is last, self.modes()
        return self

    def start_again(self):
        """Starts all members, whoever leads then."""
        super().start()

    def wait_until_level(self):
        """Until all that run have applied the same: then the largest sid wins an election."""

        def zxids():
            srvr = [server.four_letter_word("srvr") for server in self.running()]
            return {re.search(rb"Zxid: (\w+)", each)[1] for each in srvr if b"Zxid" in each}

        servers.wait_until(lambda: len(zxids()) == 1, 20, "members level")

    def replace(self, sid, name):
        """Stops member `sid` and starts another software on its directory, ports and number."""
        old = self.by_sid(sid)
        if old.process is not None:
            old.stop()
        new = servers.server_by_name(
            name,
            **{**self._options, "config": old.config},
            port=old.port,
            data_dir=old.data_dir,
        )
        new.sid, new.observer = sid, old.observer
        new.quorum_port, new.election_port = old.quorum_port, old.election_port
        self.members[sid - 1] = new
        old.close()
        self.restart(new)
        return new

    # -- questions ---------------------------------------------------------------------------

    def sync(self, server, client, zxid):
        """What was done up to `zxid` shows in what this client of `server` reads from now on.

        One sync() does it, except on a leader of Apache's: to its own clients' sync that is a
        read like any other, and it tells others of a commit before it has applied it itself.
        """
        if not isinstance(server, servers.Drover) and self.mode(server) == "leader":
            servers.wait_until(lambda: synced_zxid(client) >= zxid, 10, f"{zxid:#x} applied")
        assert synced_zxid(client) >= zxid, f"sync() on sid={server.sid} came too early"

    def trees(self):
        """{sid: whole tree as a client of that member sees it after all that was done}."""
        with self.connect(self.running()[0]) as client:
            zxid = client.call(OpCode.CREATE, "/last-", b"", OPEN_ACL, SEQUENTIAL).zxid
            client.close_session()
        result = {}
        for server in self.running():
            with self.connect(server) as client:
                self.sync(server, client, zxid)
                result[server.sid] = comparable(dump(client))
                client.close_session()
        return result

    def assert_alike(self):
        """Every member shows the same tree and no member ever saw two digests differ."""
        trees = self.trees()
        (sid, first), *others = trees.items()
        for other, tree in others:
            different = [p for p in first.keys() | tree.keys() if first.get(p) != tree.get(p)]
            assert not different, "\n".join(
                f"{path}\n  sid={sid} {first.get(path)}\n  sid={other} {tree.get(path)}"
                for path in sorted(different)[:5]
            )
        digests = [self.digests(server) for server in self.running()]
        for zxid in set().union(*digests):
            assert len({each[zxid] for each in digests if zxid in each}) == 1, hex(zxid)
        for server in self.running():
            mismatches = self.digest_mismatches(server)
            assert not mismatches, f"sid={server.sid}: {mismatches}"
        return first

    @staticmethod
    def digests(server):
        """{zxid: digest} that the member remembers; nothing before Apache 3.6."""
        answer = server.four_letter_word("hash").decode()
        return {int(z, 16): int(d, 16) for z, d in re.findall(r"^(\w+): (\w+)$", answer, re.M)}

    @staticmethod
    def digest_mismatches(server):
        """What a member says of txns that left another tree than their leader's.

        Not what Apache says while it restores (its main thread): a fuzzy image that it got by SNAP
        is kept without a digest, and holds more than the first txns after it expect.
        """
        lines = server.log.read_text(errors="replace").splitlines()
        if isinstance(server, servers.Drover):
            return [line for line in lines if "digest" in line and "ERROR" in line]
        return [line for line in lines if "Digests are not" in line and "[main]" not in line]

    def plans(self, server):
        """How a member was synchronised, each time since its log begins: DIFF, SNAP or TRUNC."""
        log = server.log.read_text(errors="replace")
        if isinstance(server, servers.Drover):
            return re.findall(DROVER_PLAN, log)
        return [APACHE_PLANS[line] for line in re.findall("|".join(APACHE_PLANS), log)]


def synced_zxid(client):
    """Up to where the server had applied when it answered a sync()."""
    reply = client.call(OpCode.SYNC, "/")
    assert reply.err == Err.OK, reply
    return reply.zxid


def comparable(tree):
    """The tree without what each Apache server makes up for itself: when it wrote its config."""
    config = tree.pop(CONFIG_NODE)
    return {**tree, CONFIG_NODE: set(config.data.splitlines())}
