"""Ensembles of real processes: what clients see when servers come, go, freeze and come back."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from support import servers
from support.ensembles import NOT_SERVING, Ensemble, synced
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, Event, OpCode, RawClient
from tree_dump import dump

EPHEMERAL = 1
DATA_CHANGED = 3


@pytest.fixture
def make_ensemble():
    """Makes and starts ensembles; all are closed at the end."""
    made = []

    def make(*arguments, **options):
        made.append(Ensemble(*arguments, **options))
        return made[-1].start()

    yield make
    for ensemble in made:
        ensemble.close()


def trees(ensemble):
    """The whole tree of every member that runs, each as its own clients see it after a sync."""
    result = {}
    for server in ensemble.running():
        with ensemble.connect(server) as client:
            result[server.sid] = dump(synced(client))
            client.close_session()
    return result


def assert_equal_trees(ensemble):
    """Every member shows the same: data, Stat and ACL of every znode. Returns it."""
    first, *others = trees(ensemble).values()
    for other in others:
        assert other == first
    return first


def create(client, path, data=b"", flags=0):
    reply = client.call(OpCode.CREATE, path, data, OPEN_ACL, flags)
    assert reply.err == Err.OK, reply
    return reply


def create_many(client, folder, count, data=b"x" * 100):
    replies = client.pipeline(
        [(OpCode.CREATE, f"{folder}/n{at:05d}", data) for at in range(count)]
    )
    assert all(reply.err == Err.OK for reply in replies)


def monitor(server):
    lines = server.four_letter_word("mntr").decode().splitlines()
    return dict(line.split("\t", 1) for line in lines)


# -- serving ---------------------------------------------------------------------------------


def test_every_member_takes_reads_and_writes(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    modes = sorted(ensemble.modes().values())
    assert modes == ["follower", "follower", "leader", "observer"]
    for server in ensemble.members:
        with ensemble.connect(server) as client:
            create(client, f"/of-{server.sid}", b"data")
            assert client.call(OpCode.SET_DATA, f"/of-{server.sid}", b"more", 0).err == Err.OK
            stale = client.call(OpCode.SET_DATA, f"/of-{server.sid}", b"no", 0)
            assert stale.err == Err.BAD_VERSION
            assert client.call(OpCode.GET_DATA, f"/of-{server.sid}").body[0] == b"more"
            assert client.close_session().err == Err.OK
    tree = assert_equal_trees(ensemble)
    assert {f"/of-{sid}" for sid in range(1, 5)} <= tree.keys()


def test_the_words_of_members(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    leader = ensemble.leader()
    with ensemble.connect(leader) as client:
        create(client, "/a", b"data")
        told = monitor(leader)
        assert told["zk_server_state"] == "leader"
        assert told["zk_peer_state"] == "leading - broadcast"
        assert told["zk_learners"] == "3"
        assert told["zk_synced_followers"] == "2"
        assert told["zk_synced_observers"] == "1"
        assert told["zk_quorum_size"] == "3"
        assert int(told["zk_last_proposal_size"]) > 0
        srvr = leader.four_letter_word("srvr").decode()
        assert re.search(r"^Proposal sizes last/min/max: \d+/\d+/\d+$", srvr, re.MULTILINE)
        follower = ensemble.followers()[0]
        told = monitor(follower)
        assert told["zk_peer_state"] == "following - broadcast"
        assert "zk_learners" not in told
        assert "Proposal sizes" not in follower.four_letter_word("srvr").decode()
        conf = follower.four_letter_word("conf").decode()
        assert f"serverId={follower.sid}\n" in conf
        assert f"quorumPort={follower.quorum_port}\npeerType=0\nmembership: \nserver.1=" in conf
        assert conf.endswith("version=0")
        observer = ensemble.by_sid(4)
        assert "peerType=1" in observer.four_letter_word("conf").decode()
        dumped = follower.four_letter_word("dump").decode()
        assert f"Global Sessions(1):\n0x{client.session_id:x}\t10000ms\n" in dumped
        assert "Session Sets (" in leader.four_letter_word("dump").decode()
        for server in ensemble.members:
            assert server.four_letter_word("isro") == b"rw"


def the_one_that_does_not_serve(ensemble):
    """Once the others follow it: the leader, which says to clients what one without a quorum says."""

    def found():
        followers = ensemble.followers()
        return len(followers) == 2 and next(m for m in ensemble.members if m not in followers)

    return servers.wait_until(found, 60, "two followers")


def test_a_leader_may_be_told_to_take_no_clients():
    ensemble = Ensemble(config={"leaderServes": "no"})
    try:
        for server in ensemble.members:
            server.spawn()
        for _ in range(2):
            leader = the_one_that_does_not_serve(ensemble)
            with RawClient(leader.port) as client, pytest.raises(ConnectionClosed):
                client.connect()
            for server in ensemble.followers():
                with ensemble.connect(server) as client:
                    assert client.call(OpCode.SYNC, "/").err == Err.OK
            leader.kill()
            servers.wait_until(lambda: len(ensemble.followers()) == 1, 60, "one leads the other")
            leader.spawn()
    finally:
        ensemble.close()


def test_without_a_quorum_nobody_is_served_and_nothing_is_lost(make_ensemble):
    ensemble = make_ensemble()
    last, *others = ensemble.followers() + [ensemble.leader()]
    with ensemble.connect(last) as client:
        create(client, "/kept", b"data")
        for server in others:
            server.kill()
        client.receive_until_closed()
    refusal = f"{NOT_SERVING}\n".encode()
    servers.wait_until(lambda: last.four_letter_word("srvr") == refusal, 20, "not serving")
    assert last.four_letter_word("mntr") == refusal
    assert last.four_letter_word("ruok") == b"imok"
    assert last.four_letter_word("isro") == b"null"
    with RawClient(last.port) as client, pytest.raises(ConnectionClosed):
        client.connect()
    ensemble.restart(others[0])
    ensemble.wait_until_serves(last)
    ensemble.restart(others[1])
    assert assert_equal_trees(ensemble)["/kept"].data == b"data"


def test_all_stopped_and_started_again(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/f")
        create_many(client, "/f", 300)
        client.close_session()
    before = assert_equal_trees(ensemble)
    for server in ensemble.members:
        assert server.stop() == 0
    ensemble.start()
    after = assert_equal_trees(ensemble)
    assert after == before


def test_clients_read_who_belongs_to_the_ensemble(make_ensemble):
    ensemble = make_ensemble(["drover"] * 2 + ["drover:observer"])
    for server in ensemble.members:
        with ensemble.connect(server) as client:
            data, stat = client.call(OpCode.GET_DATA, "/zookeeper/config").body
            text = data.decode()
            assert text.startswith(f"server.1=127.0.0.1:{ensemble.members[0].quorum_port}:")
            assert ":observer\nversion=0" in text
            assert (stat.version, stat.aversion) == (-1, -1)


# -- servers die -----------------------------------------------------------------------------


def test_writes_go_on_when_the_leader_is_killed(make_ensemble):
    ensemble = make_ensemble()
    for round_ in range(3):
        old = ensemble.leader()
        survivor = ensemble.followers()[0]
        with ensemble.connect(survivor) as client:
            create(client, f"/before-{round_}")
            create_many(client, f"/before-{round_}", 50)
        old.kill()
        ensemble.wait_for_leader()
        with ensemble.connect(survivor) as client:
            create(client, f"/after-{round_}")
            create_many(client, f"/after-{round_}", 50)
        ensemble.restart(old)
        tree = assert_equal_trees(ensemble)
        before, after = tree[f"/before-{round_}"].stat, tree[f"/after-{round_}"].stat
        assert after.czxid >> 32 > before.czxid >> 32
        assert (before.num_children, after.num_children) == (50, 50)
    digests = [
        dict(line.split(": ") for line in server.four_letter_word("hash").decode().splitlines())
        for server in ensemble.members
    ]
    common = set.intersection(*(set(each) for each in digests))
    assert all(len({each[zxid] for each in digests}) == 1 for zxid in common)


def test_a_killed_follower_is_not_missed_and_catches_up(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    gone = [ensemble.followers()[0], ensemble.by_sid(4)]
    for server in gone:
        server.kill()
    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/f")
        create_many(client, "/f", 200)
    for server in gone:
        ensemble.restart(server)
    assert assert_equal_trees(ensemble)["/f"].stat.num_children == 200


def test_who_is_too_far_behind_gets_a_snapshot(make_ensemble):
    ensemble = make_ensemble(config={"forceSnapshotSync": "true", "snapCount": 100})
    follower = ensemble.followers()[0]
    follower.kill()
    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/f")
        create_many(client, "/f", 1000, b"y" * 1000)
    ensemble.restart(follower)
    assert "SNAP" in follower.log.read_text()
    assert assert_equal_trees(ensemble)["/f"].stat.num_children == 1000
    # What it was given is also what it has on disk.
    follower.kill()
    ensemble.restart(follower)
    assert assert_equal_trees(ensemble)["/f"].stat.num_children == 1000
    assert re.search(r"restored 1\d\d\d znodes", follower.log.read_text())


def test_who_died_while_it_was_brought_up_to_date_comes_back(make_ensemble):
    """Its log has txns of an epoch that it has promised and not yet joined."""
    ensemble = make_ensemble()
    follower = ensemble.followers()[0]
    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/a")
    synced(ensemble.connect(follower)).disconnect()
    follower.kill()
    epoch = follower.data_dir / "version-2" / "currentEpoch"
    joined = int(epoch.read_text())
    epoch.write_text(str(joined - 1))
    ensemble.restart(follower)
    assert_equal_trees(ensemble)
    assert int(epoch.read_text()) >= joined


def txn_log_holds(server, text):
    return any(
        text in log.read_bytes() for log in (server.data_dir / "version-2").glob("log.*")
    )


def test_what_only_a_dead_leader_wrote_is_cut_when_it_comes_back(make_ensemble):
    ensemble = make_ensemble()
    old = ensemble.leader()
    followers = ensemble.followers()
    with ensemble.connect(old) as client:
        create(client, "/agreed")
        for server in followers:
            os.kill(server.pid, signal.SIGSTOP)
        try:
            client.send(OpCode.CREATE, "/never-agreed-upon", b"")
            servers.wait_until(lambda: txn_log_holds(old, b"/never-agreed-upon"), 10, "the log")
            assert client.buffered_payload() is None, "answered without a quorum"
            old.kill()
        finally:
            for server in followers:
                os.kill(server.pid, signal.SIGCONT)
    ensemble.wait_for_leader()
    with ensemble.connect(followers[0]) as client:
        create(client, "/after")
    ensemble.restart(old)
    tree = assert_equal_trees(ensemble)
    # Unless it had reached a follower before that froze, it is nowhere, in memory and on disk.
    assert "/after" in tree
    if "/never-agreed-upon" not in tree:
        old.kill()
        ensemble.restart(old)
        assert "/never-agreed-upon" not in assert_equal_trees(ensemble)


def test_a_frozen_leader_is_replaced_and_follows_when_it_thaws(make_ensemble):
    ensemble = make_ensemble()
    old = ensemble.leader()
    others = ensemble.followers()
    os.kill(old.pid, signal.SIGSTOP)
    try:
        servers.wait_until(
            lambda: any(ensemble.mode(server) == "leader" for server in others), 20, "a new leader"
        )
        with ensemble.connect(others[0]) as client:
            create(client, "/meanwhile")
    finally:
        os.kill(old.pid, signal.SIGCONT)
    servers.wait_until(lambda: ensemble.mode(old) == "follower", 20, "the old leader follows")
    assert "/meanwhile" in assert_equal_trees(ensemble)


# -- sessions --------------------------------------------------------------------------------


def test_a_session_moves_between_servers_with_all_it_has(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    one, two, three, four = ensemble.members
    with ensemble.connect(one) as first, ensemble.connect(three) as other:
        create(first, "/watched", b"0")
        create(first, "/mine", flags=EPHEMERAL)
        session = first.session_id
        zxid = first.call(OpCode.EXISTS, "/watched").zxid
        first.disconnect()
        for at, server in enumerate((two, four, three), start=1):
            with ensemble.connect(server, session=first) as moved:
                assert moved.session_id == session
                synced(moved)
                assert moved.call(OpCode.EXISTS, "/mine").body.ephemeral_owner == session
                assert moved.call(OpCode.SET_WATCHES, zxid, ["/watched"]).err == Err.OK
                for event in moved.events():  # it changed while the session was on its way
                    assert (event.type, event.path) == (DATA_CHANGED, "/watched")
                assert moved.call(OpCode.GET_DATA, "/watched", True).err == Err.OK
                seen = len(moved.events())
                changed = other.call(OpCode.SET_DATA, "/watched", str(at).encode())
                assert changed.err == Err.OK
                synced(moved)
                events = moved.events()[seen:]
                assert [(e.type, e.path) for e in events] == [(DATA_CHANGED, "/watched")]
                zxid = changed.zxid
        with ensemble.connect(two, session=first) as moved:
            assert moved.close_session().err == Err.OK
        assert synced(other).call(OpCode.EXISTS, "/mine").err == Err.NO_NODE
        with ensemble.connect(one, session=first) as refused:
            assert refused.session_id == 0, "a closed session came back"


def test_sessions_survive_the_leader_and_die_of_silence(make_ensemble):
    ensemble = make_ensemble()
    old = ensemble.leader()
    follower = ensemble.followers()[0]
    on_leader = ensemble.connect(old, timeout_ms=20_000)
    silent = ensemble.connect(follower, timeout_ms=2_000)
    with on_leader, silent:
        create(on_leader, "/alive", flags=EPHEMERAL)
        create(silent, "/silent", flags=EPHEMERAL)
        old.kill()
        ensemble.wait_for_leader()
        with ensemble.connect(follower, session=on_leader) as moved:
            assert moved.session_id == on_leader.session_id
            assert moved.call(OpCode.EXISTS, "/alive").err == Err.OK

            def is_gone():
                return moved.call(OpCode.EXISTS, "/silent").err == Err.NO_NODE

            servers.wait_until(is_gone, 20, "the silent session's end")
            assert moved.call(OpCode.EXISTS, "/alive").err == Err.OK
        ensemble.restart(old)
        tree = assert_equal_trees(ensemble)
        assert "/alive" in tree
        assert "/silent" not in tree


def test_pings_on_a_follower_keep_a_session_alive(make_ensemble):
    ensemble = make_ensemble(["drover"] * 3 + ["drover:observer"])
    for server in (ensemble.followers()[0], ensemble.by_sid(4)):
        with ensemble.connect(server, timeout_ms=1_000) as client:
            create(client, f"/pinging-{server.sid}", flags=EPHEMERAL)
            with ensemble.connect(ensemble.leader(), timeout_ms=1_000) as control:
                create(control, f"/control-{server.sid}", flags=EPHEMERAL)

            def control_is_gone(client=client, server=server):
                return client.call(OpCode.EXISTS, f"/control-{server.sid}").err == Err.NO_NODE

            # The other session, as old and silent, is the clock.
            servers.wait_until(control_is_gone, 20, "the end of a silent session")
            assert client.call(OpCode.EXISTS, f"/pinging-{server.sid}").err == Err.OK


def test_an_event_never_comes_after_what_it_announces(make_ensemble):
    """On a follower as on a standalone server: the event is queued before any such answer."""
    ensemble = make_ensemble()
    follower = ensemble.followers()[0]
    with ensemble.connect(follower) as watching, ensemble.connect(ensemble.leader()) as writing:
        create(writing, "/a", b"0")
        synced(watching)
        for at in range(1, 50):
            assert watching.call(OpCode.GET_DATA, "/a", True).err == Err.OK
            watching.arrived.clear()
            writing.send(OpCode.SET_DATA, "/a", str(at).encode())
            while watching.call(OpCode.GET_DATA, "/a").body[0] != str(at).encode():
                pass
            assert any(isinstance(got, Event) for got in watching.arrived)
            writing.receive(1)


# -- strangers on the ports between servers --------------------------------------------------

GARBAGE = {
    "nothing": b"",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "huge-length": b"\x7f\xff\xff\xff" * 10,
    "no-such-sid": b"\xff\xff\xff\xff\xff\xff\x00\x00" + bytes(7) + b"\x63" + b"\x00\x00\x00\x01a",
    "much": b"\x00\x00\x10\x00" + os.urandom(1 << 16),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_between_servers_disturbs_nobody(make_ensemble, name):
    ensemble = make_ensemble()
    leader = ensemble.leader()
    strangers = []
    with ensemble.connect(ensemble.followers()[0]) as client:
        create(client, "/a")
        for server in ensemble.members:
            for port in (server.election_port, server.quorum_port):
                try:
                    stranger = socket.create_connection(("127.0.0.1", port), timeout=5)
                except ConnectionRefusedError:
                    continue  # a follower has no quorum port
                strangers.append(stranger)
                try:
                    stranger.sendall(GARBAGE[name])
                except OSError:
                    pass
        for at in range(100):
            create(client, f"/a/{at}")
        assert ensemble.leader() is leader
        for stranger in strangers:
            stranger.close()
        assert ensemble.modes()[leader.sid] == "leader"
        assert client.call(OpCode.EXISTS, "/a").body.num_children == 100
    assert "rror" not in "".join(re.findall(r"^.* - ERROR.*$", ensemble.log_tails(), re.MULTILINE))


def test_a_flood_of_silent_strangers_keeps_no_server_out(make_ensemble):
    ensemble = make_ensemble()
    leader = ensemble.leader()
    follower, other = ensemble.followers()
    other.kill()
    strangers = []
    for port in (leader.election_port, leader.quorum_port, follower.election_port):
        for _ in range(300):
            strangers.append(socket.create_connection(("127.0.0.1", port), timeout=5))
    ensemble.restart(other)
    with ensemble.connect(other) as client:
        create(client, "/a")
    assert ensemble.leader() is leader
    for stranger in strangers:
        stranger.close()


# -- start -----------------------------------------------------------------------------------


def refused_member(**changes):
    """Starts the first of three with something wrong; its exit code and last log line."""
    ensemble = Ensemble()
    server = ensemble.members[0]
    try:
        for name, change in changes.items():
            change(server) if callable(change) else server.config.update({name: change})
        code = server.start_expecting_exit(20)
        return code, server.log_tail().splitlines()[-1]
    finally:
        ensemble.close()


def write_myid(text):
    return lambda server: (server.data_dir / "myid").write_text(text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda server: (server.data_dir / "myid").unlink(), r"myid file is missing"),
        (write_myid("first\n"), r"myid:1: must be the number of this server, not 'first'"),
        (write_myid("9\n"), r"myid:1: 9 is none of the servers 1, 2, 3"),
        (lambda server: server.config.pop("initLimit"), r"initLimit is not set"),
        (lambda server: server.config.pop("syncLimit"), r"syncLimit is not set"),
        (lambda server: server.config.update({"server.2": "b:1:1"}), r"server\.2: .*same"),
    ],
    ids=["no-myid", "myid-word", "myid-stranger", "no-initLimit", "no-syncLimit", "equal-ports"],
)
def test_a_member_that_is_wrong_does_not_start(change, said):
    code, line = refused_member(change=change)
    assert code == 2
    assert re.search(said, line), line


def write_epochs(accepted, current):
    def write(server):
        folder = server.data_dir / "version-2"
        folder.mkdir(parents=True)
        (folder / "acceptedEpoch").write_text(accepted)
        (folder / "currentEpoch").write_text(current)

    return write


def test_epochs_that_contradict_each_other_are_refused():
    code, line = refused_member(change=write_epochs("3", "4"))
    assert code == 1
    assert "acceptedEpoch: the accepted epoch, 3, is less than the current epoch, 4" in line


def test_an_election_port_in_use_is_exit_code_14():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

        def take_port(server):
            server.config["server.1"] = f"127.0.0.1:{server.quorum_port}:{port}"
            server.config["electionPortBindRetry"] = "2"

        code, line = refused_member(change=take_port)
    assert code == 14
    assert str(port) in line
    assert "in use" in line


# -- drover local ----------------------------------------------------------------------------


def stranger_of(ensemble, sid, change=lambda stranger: None):
    """A server of its own with the configuration and a copy of the folders of member `sid`."""
    member = ensemble.by_sid(sid)
    stranger = servers.server_by_name("drover", config=member.config, port=servers.free_port())
    shutil.copytree(member.data_dir, stranger.data_dir, dirs_exist_ok=True)
    stranger.config["dataDir"] = str(stranger.data_dir)
    election, quorum = servers.free_port(), servers.free_port()
    stranger.config[f"server.{sid}"] = f"127.0.0.1:{quorum}:{election}:participant"
    change(stranger)
    return stranger


def wait_for_word(ensemble, word):
    servers.wait_until(lambda: word in ensemble.log_tails(), 20, f"{word!r} in a log")


def test_a_copied_data_directory_is_named(make_ensemble):
    ensemble = make_ensemble()
    follower = ensemble.followers()[0]
    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/a")
        clone = stranger_of(ensemble, follower.sid)
        try:
            clone.spawn()
            wait_for_word(ensemble, "two servers with one number")
            for at in range(50):  # and the ensemble goes on
                create(client, f"/a/{at}")
        finally:
            clone.close()
    ensemble.wait_until_all_serve()
    assert_equal_trees(ensemble)


def test_a_server_of_another_ensemble_is_kept_out(make_ensemble):
    ensemble = make_ensemble()

    def foreign(stranger):
        # It knows us and calls itself 9, which nobody here knows.
        lines = {key: value for key, value in stranger.config.items() if key != "server.9"}
        stranger.config = {**lines, "server.9": lines["server.1"]}
        stranger.config["server.1"] = ensemble.by_sid(1).config["server.1"]
        (stranger.data_dir / "myid").write_text("9\n")

    with ensemble.connect(ensemble.leader()) as client:
        create(client, "/a")
        stranger = stranger_of(ensemble, 1, foreign)
        try:
            stranger.spawn()
            wait_for_word(ensemble, "sid 9 is in no configuration")
            for at in range(50):
                create(client, f"/a/{at}")
            assert not stranger.is_serving()
        finally:
            stranger.close()
    assert_equal_trees(ensemble)


def test_drover_local_runs_an_ensemble_and_ends_it(tmp_path):
    command = [str(servers.Drover.binary()), "local", "--servers", "3", "--observers", "1"]
    command += ["--base-port", "0", "--dir", str(tmp_path / "ensemble")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            rows = [line.split() for line in lines[1:5]]
            assert sorted(row[1] for row in rows) == ["follower", "follower", "leader", "observer"]
            connect = next(line for line in lines if line.startswith("Connect")).split()[-1]
            assert connect == ",".join(row[2] for row in rows)
            shell = [str(servers.Drover.binary()), "shell", "-server", connect]
            shell += ["create", "/a", "x"]
            made = subprocess.run(shell, capture_output=True, text=True, timeout=30, check=True)
            assert "Created /a" in made.stdout + made.stderr
            pids = [int(row[5]) for row in rows]
            os.kill(pids[0], signal.SIGKILL)
            assert "server 1 has ended: killed by signal 9" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            for pid in pids:
                with pytest.raises(ProcessLookupError):
                    os.kill(pid, 0)
        finally:
            if process.poll() is None:
                process.terminate()
