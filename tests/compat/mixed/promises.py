"""What every client of every member is promised, one function each, on an ensemble that serves.

Each takes the ensemble and the name of a folder of its own, and asks all members in turn.
"""

from support import servers
from support.rawclient import ALL, OPEN_ACL, Acl, ConnectionClosed, Err, OpCode, OpResult

EPHEMERAL, SEQUENTIAL, CONTAINER, TTL = 1, 2, 4, 5
CREATED, DELETED, CHANGED, CHILDREN = 1, 2, 3, 4
SECONDS = 30


def must(client, *request, xid=None):
    reply = client.call(*request, xid=xid)
    assert reply.err == Err.OK, f"{request}: {reply}"
    return reply


def create(client, path, data=b"", flags=0, acl=OPEN_ACL):
    return must(client, OpCode.CREATE, path, data, acl, flags)


def exists(client, path):
    return client.call(OpCode.EXISTS, path).err == Err.OK


def a_write_anywhere_is_read_everywhere(ensemble, top):
    for writer in ensemble.members:
        path = f"{top}/of-{writer.sid}"
        with ensemble.connect(writer) as client:
            create(client, path, b"0")
            assert must(client, OpCode.SET_DATA, path, b"1", 0).body.version == 1
            assert client.call(OpCode.GET_DATA, path).body[0] == b"1", "does not read its own write"
            assert client.call(OpCode.SET_DATA, path, b"no", 0).err == Err.BAD_VERSION
            assert client.call(OpCode.CREATE, path, b"").err == Err.NODE_EXISTS
            assert client.call(OpCode.DELETE, f"{path}/no").err == Err.NO_NODE
            create(client, f"{path}/gone")
            must(client, OpCode.DELETE, f"{path}/gone")
            written = must(client, OpCode.EXISTS, path)
            for reader in ensemble.members:
                with ensemble.connect(reader) as other:
                    ensemble.sync(reader, other, written.zxid)
                    data, stat = must(other, OpCode.GET_DATA, path).body
                    assert (data, stat) == (b"1", written.body), f"sid={reader.sid} of {writer.sid}"
                    other.close_session()
            client.close_session()


def sequential_names_are_counted_by_all_together(ensemble, top):
    names = []
    for _ in range(2):
        for server in ensemble.members:
            with ensemble.connect(server) as client:
                names.append(create(client, f"{top}/q-", flags=SEQUENTIAL).body)
                client.close_session()
    assert names == [f"{top}/q-{at:010d}" for at in range(len(names))]


def a_multi_is_one_txn_everywhere(ensemble, top):
    for server in ensemble.members:
        path = f"{top}/m{server.sid}"
        with ensemble.connect(server) as client:
            done = must(client, OpCode.MULTI, [
                (OpCode.CREATE, path, b"a"), (OpCode.CREATE, f"{path}/b", b"b"),
                (OpCode.CHECK, path, 0), (OpCode.SET_DATA, path, b"c", 0),
                (OpCode.CREATE, f"{path}/x", b""), (OpCode.DELETE, f"{path}/x", -1),
            ])  # fmt: skip
            assert [result.err for result in done.body] == [0] * 6
            failed = client.call(OpCode.MULTI, [
                (OpCode.DELETE, f"{path}/b", -1), (OpCode.CHECK, path, 7),
                (OpCode.CREATE, f"{path}/never", b""),
            ])  # fmt: skip
            assert [result.body for result in failed.body] == [
                Err.OK, Err.BAD_VERSION, Err.RUNTIME_INCONSISTENCY]  # fmt: skip
            assert all(isinstance(result, OpResult) for result in failed.body)
            assert exists(client, f"{path}/b") and not exists(client, f"{path}/never")
            client.close_session()


def an_acl_counts_whoever_is_asked(ensemble, top):
    mine = (Acl(ALL, "auth", ""),)
    for server in ensemble.members:
        path = f"{top}/secret-{server.sid}"
        with ensemble.connect(server) as owner:
            must(owner, OpCode.AUTH, "digest", b"user:secret", xid=-4)
            made = create(owner, path, b"s", acl=mine)
            (entry,) = must(owner, OpCode.GET_ACL, path).body[0]
            assert (entry.scheme, entry.id.split(":")[0]) == ("digest", "user")
            for other in ensemble.members:
                with ensemble.connect(other) as stranger:
                    ensemble.sync(other, stranger, made.zxid)
                    assert stranger.call(OpCode.GET_DATA, path).err == Err.NO_AUTH
                    assert stranger.call(OpCode.SET_DATA, path, b"", -1).err == Err.NO_AUTH
                    assert stranger.call(OpCode.CREATE, f"{path}/c", b"").err == Err.NO_AUTH
                    must(stranger, OpCode.AUTH, "digest", b"user:secret", xid=-4)
                    must(stranger, OpCode.SET_DATA, path, b"known", -1)
                    stranger.close_session()
            # So that whoever compares trees may read it.
            must(owner, OpCode.SET_ACL, path, OPEN_ACL, 0)
            owner.close_session()


def watches_fire_wherever_they_are(ensemble, top):
    create_on, *_ = ensemble.members
    with ensemble.connect(create_on) as client:
        made = create(client, f"{top}/w", b"")
    for at, watched in enumerate(ensemble.members):
        writer = ensemble.members[at - 1]
        with ensemble.connect(watched) as watching, ensemble.connect(writer) as writing:
            path = f"{top}/w/{watched.sid}"
            ensemble.sync(watched, watching, made.zxid)
            assert watching.call(OpCode.EXISTS, path, True).err == Err.NO_NODE
            must(watching, OpCode.GET_CHILDREN, f"{top}/w", True)
            ensemble.sync(watched, watching, create(writing, path, b"").zxid)
            assert seen(watching) == [(CREATED, path), (CHILDREN, f"{top}/w")]
            must(watching, OpCode.GET_DATA, path, True)
            made = must(writing, OpCode.SET_DATA, path, b"x", -1)
            ensemble.sync(watched, watching, made.zxid)
            must(watching, OpCode.EXISTS, path, True)
            made = must(writing, OpCode.DELETE, path, -1)
            ensemble.sync(watched, watching, made.zxid)
            assert seen(watching)[2:] == [(CHANGED, path), (DELETED, path)]
            watching.close_session()
            writing.close_session()


def seen(client):
    return [(event.type, event.path) for event in client.events()]


def a_session_moves_with_all_it_has(ensemble, top):
    """Over every member and back, then ends on a member where it never was before."""
    path, watched = f"{top}/moving", f"{top}/watched"
    first = ensemble.members[0]
    session = ensemble.connect(first, timeout_ms=10_000)
    with session, ensemble.connect(ensemble.members[-1]) as other:
        create(session, path, flags=EPHEMERAL)
        create(session, watched, b"")
        held = session
        for server in [*ensemble.members[1:], first]:
            moved = ensemble.connect(server, session=session, timeout_ms=10_000)
            assert moved.session_id == session.session_id, f"lost on the way to sid={server.sid}"
            must(moved, OpCode.SET_DATA, path, str(server.sid).encode(), -1)
            assert must(moved, OpCode.EXISTS, path).body.ephemeral_owner == session.session_id
            # Who comes behind the zxid that it has seen is told what changed meanwhile.
            zxid = must(moved, OpCode.EXISTS, watched).zxid
            must(moved, OpCode.SET_WATCHES, zxid, [watched], xid=-8)
            changed = must(other, OpCode.SET_DATA, watched, b"x", -1)
            ensemble.sync(server, moved, changed.zxid)
            assert (CHANGED, watched) in seen(moved), f"no event on sid={server.sid}"
            # The connection that it came from owns it no more: its writes are refused.
            # Under an xid that the session uses nowhere else, as real clients count on: a server
            # knows its clients' txns by session and xid alone.
            with held, servers_closing():
                refused = held.call(OpCode.SET_DATA, path, b"stale", -1, xid=1000 + server.sid)
                assert refused.err == Err.SESSION_MOVED, refused
            held = moved
        closed = must(held, OpCode.CLOSE_SESSION)
        for server in ensemble.members:
            with ensemble.connect(server) as client:
                ensemble.sync(server, client, closed.zxid)
                assert not exists(client, path), f"ephemeral left on sid={server.sid}"
                client.close_session()
            with ensemble.connect(server, session=session) as refused:
                assert refused.session_id == 0, f"a closed session came back on sid={server.sid}"


class servers_closing:
    """Either a reply or a hang-up: a server that learns of the move closes the old connection."""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        return kind is not None and issubclass(kind, (ConnectionClosed, OSError))


def silence_ends_a_session_and_pings_keep_one(ensemble, top):
    for server in ensemble.members:
        kept, lost = f"{top}/kept-{server.sid}", f"{top}/lost-{server.sid}"
        with ensemble.connect(server, timeout_ms=1_500) as alive:
            create(alive, kept, flags=EPHEMERAL)
            with ensemble.connect(server, timeout_ms=1_500) as silent:
                create(silent, lost, flags=EPHEMERAL)
            servers.wait_until(
                lambda alive=alive, lost=lost: not exists(alive, lost), SECONDS, "an expiry"
            )
            expired = must(alive, OpCode.EXISTS, kept)
            for other in ensemble.members:
                with ensemble.connect(other) as client:
                    ensemble.sync(other, client, expired.zxid)
                    assert not exists(client, lost), f"sid={other.sid} of {server.sid}"
                    assert exists(client, kept), f"sid={other.sid} of {server.sid}"
                    client.close_session()
            with ensemble.connect(server, session=silent) as refused:
                assert refused.session_id == 0
            must(alive, OpCode.CLOSE_SESSION)


def containers_and_ttls_end_everywhere(ensemble, top):
    gone = []
    for server in ensemble.members:
        with ensemble.connect(server) as client:
            container, ttl = f"{top}/container-{server.sid}", f"{top}/ttl-{server.sid}"
            must(client, OpCode.CREATE_CONTAINER, container, b"", OPEN_ACL, CONTAINER)
            create(client, f"{container}/c")
            must(client, OpCode.DELETE, f"{container}/c", -1)
            must(client, OpCode.CREATE_TTL, ttl, b"", OPEN_ACL, TTL, 300)
            gone += [container, ttl]
            client.close_session()
    for server in ensemble.members:
        with ensemble.connect(server) as client:
            for path in gone:
                servers.wait_until(
                    lambda client=client, path=path: not exists(client, path), SECONDS, path
                )
            client.close_session()


ALL_PROMISES = (
    a_write_anywhere_is_read_everywhere,
    sequential_names_are_counted_by_all_together,
    a_multi_is_one_txn_everywhere,
    an_acl_counts_whoever_is_asked,
    watches_fire_wherever_they_are,
    a_session_moves_with_all_it_has,
    silence_ends_a_session_and_pings_keep_one,
    containers_and_ttls_end_everywhere,
)


def keep_all(ensemble):
    """Asks for every promise once; returns the tree in which all members end."""
    for promise in ALL_PROMISES:
        top = f"/{promise.__name__}"
        with ensemble.connect(ensemble.leader()) as client:
            create(client, top)
            client.close_session()
        promise(ensemble, top)
    # Enough txns that members which keep digests have some in common (one in 128).
    with ensemble.connect(ensemble.members[0]) as client:
        create(client, "/many")
        replies = client.pipeline([(OpCode.CREATE, f"/many/{at}", b"x") for at in range(300)])
        assert all(reply.err == Err.OK for reply in replies)
        client.close_session()
    return ensemble.assert_alike()
