"""Does an ensemble move from Apache to Drover and back as docs/coming_from_zookeeper.md says?

With the scripts of both, one server at a time, while a session with an ephemeral znode lives and a
client writes. tests/compat/mixed does the same with more releases and under load.
"""

import contextlib
import re
import subprocess

import pytest

from script_run import REPOSITORY, ApacheSide, DroverSide
from support import sanitizers, servers
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, OpCode, RawClient

PAGE = (REPOSITORY / "docs" / "coming_from_zookeeper.md").read_text()
SESSION_MS = 120_000
EPHEMERAL = 1


class Member:
    """One server's folder, and both scripts for it."""

    def __init__(self, folder, sid):
        self.sid = sid
        self.apache = ApacheSide(folder / f"apache-{sid}")
        self.drover = DroverSide(folder / f"drover-{sid}")
        self.port = self.apache.port
        self.peer_ports = servers.free_port(), servers.free_port()

    def configure(self, members):
        """The one zoo.cfg, which both use."""
        lines = [
            f"server.{member.sid}=127.0.0.1:{member.peer_ports[0]}:{member.peer_ports[1]}"
            for member in members
        ]
        self.apache.write_config(
            "dataDir={data}\nclientPort={port}\ninitLimit=20\nsyncLimit=10\n"
            f"maxSessionTimeout={SESSION_MS}\n"
            + "\n".join(lines) + "\n"
        )
        self.apache.data.mkdir()
        (self.apache.data / "myid").write_text(f"{self.sid}\n")

    def do(self, side, verb):
        """A verb of one of the two scripts on the common configuration."""
        return side.run(verb, config=self.apache.conf / "zoo.cfg")

    def mode(self, side):
        """What `status` says; None: nothing."""
        found = re.search(r"^Mode: (.*)$", self.do(side, "status").stdout, re.MULTILINE)
        return found[1] if found else None

    def close(self):
        self.drover.conf = self.apache.conf  # by which it knows its processes
        for side in (self.apache, self.drover):
            side.close()


@pytest.fixture(name="members")
def _members(tmp_path):
    """Three members that run Apache's servers."""
    members = [Member(tmp_path, sid) for sid in (1, 2, 3)]
    for member in members:
        member.configure(members)
    try:
        for member in members:
            assert member.do(member.apache, "start").code == 0
        for member in members:
            servers.wait_until(lambda m=member: m.mode(m.drover), 60, f"server {member.sid}")
        yield members
    finally:
        for member in members:
            member.close()


def connect(members, **options):
    """A client with a session on whichever member takes it."""

    def try_each():
        for member in members:
            with contextlib.suppress(OSError, ConnectionClosed):
                client = RawClient(member.port)
                try:
                    client.connect(**options)
                except BaseException:
                    client.disconnect()
                    raise
                return client
        return None

    return servers.wait_until(try_each, 60, "a session")


def create(members, path):
    """A znode, made by a session of its own."""
    with connect(members) as client:
        assert client.call(OpCode.CREATE, path).err == Err.OK


def move(members, origin, target):
    """Every member, followers first; between two of them all must be well."""
    modes = {member.sid: member.mode(member.drover) for member in members}
    assert sorted(modes.values()) == ["follower", "follower", "leader"]
    for member in sorted(members, key=lambda member: modes[member.sid] == "leader"):
        before, after = origin(member), target(member)
        pid = int((member.apache.data / "zookeeper_server.pid").read_text())
        assert member.do(before, "stop").stdout == "Stopping zookeeper ... STOPPED\n"
        before.wait_until_gone(pid)
        create(members, f"/without-{member.sid}-{type(after).__name__}")
        assert member.do(after, "start").stdout == "Starting zookeeper ... STARTED\n"
        servers.wait_until(lambda m=member, s=after: m.mode(s), 60, f"server {member.sid}")


def test_there_and_back(members):
    owner = connect(members, timeout_ms=SESSION_MS)
    assert owner.call(OpCode.CREATE, "/mine", b"", OPEN_ACL, EPHEMERAL).err == Err.OK
    session = {"session_id": owner.session_id, "password": owner.password}
    owner.disconnect()
    for origin, target in [
        (lambda m: m.apache, lambda m: m.drover), (lambda m: m.drover, lambda m: m.apache),
    ]:
        move(members, origin, target)
        with connect(members, timeout_ms=SESSION_MS, **session) as owner:
            assert owner.call(OpCode.SYNC, "/").err == Err.OK
            stat = owner.call(OpCode.EXISTS, "/mine").body
            assert stat.ephemeral_owner == session["session_id"]
            owner.disconnect()
    with connect(members) as client:
        assert client.call(OpCode.SYNC, "/").err == Err.OK
        names = client.call(OpCode.GET_CHILDREN, "/").body
    made = {f"without-{sid}-{side}" for sid in (1, 2, 3) for side in ("ApacheSide", "DroverSide")}
    assert made <= set(names)


def test_asking_about_a_configuration(tmp_path):
    """The commands that stand on the page, with another place than /tmp and another port."""
    (block,) = [text for text in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "try.cfg" in text]
    port = servers.free_port()
    command = block.replace("/tmp/", f"{tmp_path}/").replace("12181", str(port))
    (tmp_path / "zoo.cfg").write_text(
        "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/nowhere\ndataLogDir=/nowhere/else\n"
        "clientPort=2181\nadmin.enableServer=false\n"
        "server.1=zoo1.invalid:2888:3888\nserver.2=zoo2.invalid:2888:3888\n"
    )
    environment = {
        "PATH": f"{servers.Drover.binary().parent}:/usr/bin:/bin", **sanitizers.Reports.environment()
    }
    script = command.replace("drover serve", "exec drover serve")
    with subprocess.Popen(
        ["bash", "-euc", script], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            servers.wait_until(
                lambda: process.poll() is not None
                or b"Mode: standalone" in servers.four_letter_word(port, "srvr"),
                30, "a server",
            )
            assert process.poll() is None
        finally:
            process.terminate()
        assert process.wait(30 * sanitizers.patience()) == 0
    (tmp_path / "zoo.cfg").write_text("dataDir=/nowhere\nclientPort=2181\nsnapCount=lots\n")
    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, env=environment, check=False, capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "snapCount: must be" in done.stderr
