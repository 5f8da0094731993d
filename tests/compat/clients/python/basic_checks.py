"""CRUD with every field of Stat, one-shot watches, transactions and ACLs, through kazoo."""

import time

from kazoo import exceptions, security
from kazoo.protocol.states import EventType

from conversation import Events, Session, equal, holds, refused

CLOCK_SLACK_SECONDS = 60


def crud(talk, session):
    talk.check("crud.create", _create, session)
    talk.check("crud.get", _get, session)
    talk.check("crud.set", _set, session)
    talk.check("crud.children", _children, session)
    talk.check("crud.null-data", _null_data, session)
    talk.check("crud.errors", _errors, session)
    talk.check("crud.delete", _delete, session)


def _fresh(stat, data_length):
    equal((stat.czxid, stat.czxid), (stat.mzxid, stat.pzxid), "mzxid and pzxid")
    equal(stat.ctime, stat.mtime, "mtime")
    holds(abs(time.time() - stat.ctime / 1000) < CLOCK_SLACK_SECONDS, "ctime is now")
    equal((0, 0, 0), (stat.version, stat.cversion, stat.aversion), "versions")
    equal((0, data_length, 0), (stat.ephemeralOwner, stat.dataLength, stat.numChildren), "rest")


def _create(session):
    path, stat = session.create("/crud", b"one", include_data=True)
    equal("/crud", path, "path")
    _fresh(stat, 3)
    equal(stat, session.exists("/crud"), "Stat of exists")


def _get(session):
    data, stat = session.get("/crud")
    equal(b"one", data, "data")
    _fresh(stat, 3)


def _set(session):
    before = session.exists("/crud")
    after = session.set("/crud", b"three", version=0)
    equal(
        (before.czxid, before.pzxid, before.ctime, 1, 5),
        (after.czxid, after.pzxid, after.ctime, after.version, after.dataLength),
        "Stat",
    )
    holds(after.mzxid > before.mzxid, "mzxid grows")
    equal(after, session.exists("/crud"), "Stat of exists")


def _children(session):
    for name in "cab":
        session.create(f"/crud/{name}")
    equal(["a", "b", "c"], sorted(session.get_children("/crud")), "children")
    names, parent = session.get_children("/crud", include_data=True)
    equal(["a", "b", "c"], sorted(names), "children with Stat")
    equal((3, 3), (parent.numChildren, parent.cversion), "numChildren and cversion")
    equal(session.exists("/crud/b").czxid, parent.pzxid, "pzxid of the parent")
    session.delete("/crud/a")
    equal(4, session.exists("/crud").cversion, "cversion counts deletes")


def _null_data(session):
    session.create("/crud/empty", b"")
    equal(b"", session.get("/crud/empty")[0], "empty data")
    session.set("/crud/empty", None)
    equal(None, session.get("/crud/empty")[0], "null data")
    session.delete("/crud/empty")


def _errors(session):
    refused(exceptions.NodeExistsError, session.create, "/crud")
    refused(exceptions.NoNodeError, session.create, "/crud/none/child")
    refused(exceptions.NoNodeError, session.get, "/crud/none")
    refused(exceptions.NoNodeError, session.set, "/crud/none", b"")
    refused(exceptions.NoNodeError, session.delete, "/crud/none")
    refused(exceptions.NoNodeError, session.get_children, "/crud/none")
    refused(exceptions.NotEmptyError, session.delete, "/crud")
    refused(exceptions.BadVersionError, session.set, "/crud", b"", version=7)
    refused(exceptions.BadVersionError, session.delete, "/crud/b", version=7)
    refused(exceptions.BadArgumentsError, session.create, "/crud/\x1e")
    equal(None, session.exists("/crud/none"), "Stat of a missing znode")


def _delete(session):
    session.delete("/crud/b", version=0)
    equal(None, session.exists("/crud/b"), "Stat of a deleted znode")
    session.delete("/crud", recursive=True)
    equal(None, session.exists("/crud"), "Stat after a recursive delete")


def watches(talk, watching, changing):
    talk.check("watch.data", _data_watch, watching, changing)
    talk.check("watch.exists", _exists_watch, watching, changing)
    talk.check("watch.child", _child_watch, watching, changing)


def _data_watch(watching, changing):
    changing.create("/watch")
    events = Events()
    watching.get("/watch", watch=events)
    changing.set("/watch", b"1")
    events.next(EventType.CHANGED, "/watch")
    changing.set("/watch", b"2")
    events.none(watching)
    watching.get("/watch", watch=events)
    changing.delete("/watch")
    events.next(EventType.DELETED, "/watch")


def _exists_watch(watching, changing):
    events = Events()
    watching.exists("/watch", watch=events)
    changing.create("/watch")
    events.next(EventType.CREATED, "/watch")
    watching.exists("/watch", watch=events)
    changing.set("/watch", b"1")
    events.next(EventType.CHANGED, "/watch")
    changing.set("/watch", b"2")
    events.none(watching)


def _child_watch(watching, changing):
    events = Events()
    watching.get_children("/watch", watch=events)
    changing.create("/watch/child")
    events.next(EventType.CHILD, "/watch")
    changing.create("/watch/second")
    events.none(watching)
    watching.get_children("/watch/second", watch=events)
    changing.delete("/watch/second")
    events.next(EventType.DELETED, "/watch/second")


def multi(talk, session):
    talk.check("multi.success", _multi_success, session)
    for position in range(3):
        talk.check(f"multi.failure-at-{position}", _multi_failure, session, position)


def _multi_success(session):
    transaction = session.transaction()
    transaction.create("/multi", b"")
    transaction.create("/multi/a", b"")
    transaction.set_data("/multi/a", b"x", version=0)
    transaction.check("/multi/a", 1)
    transaction.create("/multi/t", sequence=True)
    transaction.create("/multi/t", sequence=True)
    transaction.delete("/multi/t0000000001")
    results = transaction.commit()
    equal(7, len(results), "results")
    equal(["/multi", "/multi/a"], results[:2], "created paths")
    equal(["/multi/t0000000001", "/multi/t0000000002"], results[4:6], "sequential paths")
    stat = session.exists("/multi/a")
    equal(stat, results[2], "Stat of set_data")
    equal(stat.czxid, stat.mzxid, "one zxid for all")


def _multi_failure(session, failing):
    transaction = session.transaction()
    for position in range(3):
        if position == failing:
            transaction.check("/multi/a", 99)
        else:
            transaction.create(f"/multi/f{position}")
    results = [type(result).__name__ for result in transaction.commit()]
    expected = ["RolledBackError"] * failing + ["BadVersionError"]
    expected += ["RuntimeInconsistency"] * (2 - failing)
    equal(expected, results, "error of each operation")
    equal([], [name for name in session.get_children("/multi") if name[0] == "f"], "leftovers")


def acls(talk, connect_string, stranger):
    walker = Session(connect_string, auth_data=[("digest", "walker:secret")])
    talk.check("acl.creator-all", _creator_all, walker, stranger)
    talk.check("acl.digest", _digest, walker, stranger)
    talk.check("acl.ip", _address, stranger)
    talk.check("acl.set", _set_acls, walker, stranger)
    talk.check("acl.invalid", _invalid, stranger)
    talk.check("acl.auth-failed", _auth_failed, connect_string)
    walker.leave()


def _creator_all(walker, stranger):
    mine = security.CREATOR_ALL_ACL
    refused(exceptions.InvalidACLError, stranger.create, "/acl", acl=mine)
    walker.create("/acl", acl=mine)
    equal(
        [security.make_digest_acl("walker", "secret", all=True)],
        walker.get_acls("/acl")[0],
        "ACL of the creator",
    )
    refused(exceptions.NoAuthError, stranger.get, "/acl")
    refused(exceptions.NoAuthError, stranger.set, "/acl", b"")
    refused(exceptions.NoAuthError, stranger.get_children, "/acl")
    refused(exceptions.NoAuthError, stranger.get_acls, "/acl")
    refused(exceptions.NoAuthError, stranger.create, "/acl/child")
    walker.create("/acl/open", acl=security.OPEN_ACL_UNSAFE)
    refused(exceptions.NoAuthError, stranger.delete, "/acl/open")  # The parent's DELETE counts.
    walker.delete("/acl/open")


def _digest(walker, stranger):
    owner = security.make_digest_acl("walker", "secret", all=True)
    reader = security.ACL(security.Permissions.READ, security.ANYONE_ID_UNSAFE)
    stranger.create("/acl-digest", b"x", acl=[owner, reader])
    equal(b"x", stranger.get("/acl-digest")[0], "data")
    refused(exceptions.NoAuthError, stranger.set, "/acl-digest", b"")
    equal([owner, reader], walker.get_acls("/acl-digest")[0], "ACL as its owner sees it")
    masked = security.ACL(owner.perms, security.Id("digest", "walker:x"))
    equal([masked, reader], stranger.get_acls("/acl-digest")[0], "ACL without ADMIN")
    walker.set("/acl-digest", b"y")


def _address(session):
    session.create("/acl-here", acl=[security.make_acl("ip", "127.0.0.1", all=True)])
    session.set("/acl-here", b"x")
    session.create("/acl-elsewhere", acl=[security.make_acl("ip", "10.0.0.0/8", all=True)])
    refused(exceptions.NoAuthError, session.get, "/acl-elsewhere")
    session.delete("/acl-elsewhere")


def _set_acls(walker, stranger):
    walker.create("/acl-set")
    mine = security.CREATOR_ALL_ACL
    refused(exceptions.BadVersionError, walker.set_acls, "/acl-set", mine, version=5)
    stat = walker.set_acls("/acl-set", mine, version=0)
    equal((1, 0, stat.czxid), (stat.aversion, stat.version, stat.mzxid), "Stat")
    refused(exceptions.NoAuthError, stranger.get, "/acl-set")
    equal(stat, walker.get_acls("/acl-set")[1], "Stat of get_acls")


def _invalid(session):
    for scheme, identity in (("nonsense", "x"), ("world", "someone"), ("ip", "300.1.2.3")):
        acl = [security.make_acl(scheme, identity, all=True)]
        refused(exceptions.InvalidACLError, session.create, "/acl-bad", acl=acl)
    refused(exceptions.InvalidACLError, session.set_acls, "/acl-here", [])


def _auth_failed(connect_string):
    session = Session(connect_string)
    refused(exceptions.AuthFailedError, session.add_auth, "nonsense", "x:y")
    session.leave()
