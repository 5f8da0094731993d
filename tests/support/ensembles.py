"""Ensembles of real servers on loopback, of Drover, Apache or both.

    with Ensemble(["drover"] * 3 + ["drover:observer"]) as ensemble:
        ensemble.leader().kill()
        ensemble.wait_for_leader()

Members are ordinary servers (support.servers) with server.N lines and a myid; `sid` is theirs.
"""

import contextlib
import time

from support import sanitizers, servers
from support.rawclient import ConnectionClosed, OpCode, RawClient

NOT_SERVING = "This ZooKeeper instance is not currently serving requests"


class Ensemble:
    """Members are named as on the command line (server_by_name), with `:observer` behind."""

    def __init__(self, names=("drover",) * 3, *, config=None, **options):
        self.members = []
        lines = {}
        for sid, name in enumerate(names, start=1):
            name, _, role = name.partition(":")
            server = servers.server_by_name(
                name,
                config={"initLimit": 10, "syncLimit": 5, **(config or {})},
                port=servers.free_port(),
                **options,
            )
            server.sid = sid
            server.observer = role == "observer"
            server.quorum_port = servers.free_port()
            server.election_port = servers.free_port()
            self.members.append(server)
            lines[f"server.{sid}"] = (
                f"127.0.0.1:{server.quorum_port}:{server.election_port}:{role or 'participant'}"
            )
        for server in self.members:
            server.config.update(lines)
            if server.observer:
                server.config["peerType"] = "observer"
            server.data_dir.mkdir(parents=True, exist_ok=True)
            (server.data_dir / "myid").write_text(f"{server.sid}\n")

    # -- life --------------------------------------------------------------------------------

    def start(self):
        """Starts every member that does not run and waits until all serve."""
        for server in self.members:
            if server.process is None:
                server.spawn()
        self.wait_until_all_serve()
        return self

    def wait_until_all_serve(self, seconds=60):
        for server in self.running():
            self.wait_until_serves(server, seconds)

    def wait_until_serves(self, server, seconds=60):
        """Until the member takes requests; fails early when its process has ended."""

        def serves_or_died():
            return server.process.poll() is not None or server.is_serving()

        try:
            servers.wait_until(serves_or_died, seconds * sanitizers.patience(), "serving")
        except TimeoutError as error:
            raise servers.ServerFailed(f"sid={server.sid}: {error}\n{self.log_tails()}") from error
        if server.process.poll() is not None:
            raise servers.ServerFailed(
                f"sid={server.sid} exited with {server.process.returncode}\n{self.log_tails()}"
            )

    def restart(self, server):
        """Starts one member (stopped or killed before) and waits until it serves."""
        server.spawn()
        self.wait_until_serves(server)

    def close(self):
        for server in self.members:
            server.close()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    # -- questions ---------------------------------------------------------------------------

    def running(self):
        return [server for server in self.members if server.process is not None]

    def by_sid(self, sid):
        return self.members[sid - 1]

    @staticmethod
    def mode(server):
        """leader, follower or observer; None while it does not serve."""
        for line in server.four_letter_word("srvr").decode().splitlines():
            if line.startswith("Mode: "):
                return line.removeprefix("Mode: ")
        return None

    def modes(self):
        """{sid: mode} of those that run."""
        return {server.sid: self.mode(server) for server in self.running()}

    def find_leader(self):
        """The one that leads and serves, or None."""
        for server in self.running():
            if self.mode(server) == "leader":
                return server
        return None

    def leader(self):
        """The one that leads; it must be there."""
        leader = self.find_leader()
        assert leader is not None, self.log_tails()
        return leader

    def wait_for_leader(self, seconds=30):
        """The one that leads, as soon as there is one."""
        try:
            return servers.wait_until(
                self.find_leader, seconds * sanitizers.patience(), "a leader"
            )
        except TimeoutError as error:
            raise servers.ServerFailed(f"{error}\n{self.log_tails()}") from error

    def followers(self):
        return [server for server in self.running() if self.mode(server) == "follower"]

    def log_tails(self):
        return "\n".join(f"---- sid={s.sid}\n{s.log_tail(12000)}" for s in self.members)

    # -- clients -----------------------------------------------------------------------------

    def connect(self, server, session=None, seconds=30, **options):
        """A client with a session on `server`; asks again while it is not (or no more) served.

        `session` is another RawClient whose session moves here.
        """
        if session is not None:
            options |= {"session_id": session.session_id, "password": session.password}
        deadline = time.monotonic() + seconds * sanitizers.patience()
        while True:
            with contextlib.suppress(ConnectionClosed, ConnectionRefusedError):
                client = RawClient(server.port)
                try:
                    client.connect(**options)
                    return client
                except BaseException:
                    client.disconnect()
                    raise
            if time.monotonic() > deadline:
                raise servers.ServerFailed(f"no session on sid={server.sid}\n{self.log_tails()}")
            time.sleep(0.02)


def synced(client):
    """Everything that was committed before shows in what this client reads from now on."""
    assert client.call(OpCode.SYNC, "/").err == 0
    return client


class Through:
    """An ensemble of three of one kind that is talked to through one member: `leader` or `follower`.

    Looks like a server to whoever only connects and asks words.
    """

    def __init__(self, role, name, **options):
        self._role = role
        self._ensemble = Ensemble([name] * 3, **options)
        self._member = None

    def __enter__(self):
        self._ensemble.__enter__()
        members = self._ensemble.running()
        self._member = next(
            member for member in members if self._ensemble.mode(member) == self._role
        )
        return self

    def __exit__(self, *error):
        return self._ensemble.__exit__(*error)

    @property
    def port(self):
        return self._member.port

    def is_serving(self):
        return self._member.is_serving()

    def four_letter_word(self, word):
        return self._member.four_letter_word(word)

    def log_tail(self, *arguments):
        return self._ensemble.log_tails()
