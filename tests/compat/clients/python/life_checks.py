"""Ephemeral and sequential znodes, restarts of the server, and sessions that expire."""

import queue

from kazoo import exceptions
from kazoo.protocol.states import EventType, KazooState

from conversation import (
    DEADLINE_SECONDS,
    SHORT_TIMEOUT_SECONDS,
    Events,
    Session,
    equal,
    holds,
    refused,
)


def nodes(talk, connect_string, session):
    talk.check("node.ephemeral", _ephemeral, connect_string, session)
    talk.check("node.sequential", _sequential, session)
    talk.check("node.sync", lambda: equal("/node", session.sync("/node"), "path"))


def _ephemeral(connect_string, session):
    session.create("/node")
    owner = Session(connect_string)
    owner.create("/node/ephemeral", ephemeral=True)
    stat = session.exists("/node/ephemeral")
    equal((owner.session_id, owner.session_id), (stat.ephemeralOwner, stat.owner_session_id), "id")
    refused(exceptions.NoChildrenForEphemeralsError, session.create, "/node/ephemeral/child")
    owner.leave()
    equal(None, session.exists("/node/ephemeral"), "Stat after close")


def _sequential(session):
    session.create("/queue")
    equal("/queue/a0000000000", session.create("/queue/a", sequence=True), "first")
    session.create("/queue/plain")
    path = session.create("/queue/", sequence=True, ephemeral=True)
    equal("/queue/0000000002", path, "third")
    session.delete(path)
    equal("/queue/b0000000003", session.create("/queue/b", sequence=True), "fourth")


class Watched:
    """A znode and its children as kazoo's own watch recipes see them.

    kazoo drops plain watches when the connection goes; its recipes are what sets them again.
    """

    def __init__(self, session, path):
        self._data = queue.Queue()
        self._children = queue.Queue()
        session.DataWatch(path)(lambda data, _stat: self._data.put(data))
        session.ChildrenWatch(path)(lambda children: self._children.put(sorted(children)))

    def until(self, data, children):
        """Waits until both have been told; raises queue.Empty if they never are."""
        while self._data.get(timeout=DEADLINE_SECONDS) != data:
            pass
        while self._children.get(timeout=DEADLINE_SECONDS) != children:
            pass


def restarts(talk, watching, changing):
    for signal in ("term", "kill"):
        _restart(talk, signal, watching, changing)


def _restart(talk, signal, watching, changing):
    root = f"/restart-{signal}"
    session_id = watching.session_id
    watched = []

    def restart():
        changing.create(root, b"before")
        watching.create(root + "/mine", ephemeral=True)
        watched.append(Watched(watching, root))
        watched[0].until(b"before", ["mine"])
        for session in (watching, changing):
            session.forget_states()
        talk.ask(f"restart {signal}")
        for session in (watching, changing):
            session.await_reconnected()

    def rearmed():
        changing.retry(changing.set, root, b"after")
        changing.retry(changing.create, root + "/new")
        watched[0].until(b"after", ["mine", "new"])

    talk.check(f"restart.{signal}", restart)
    talk.check(
        f"restart.{signal}.session",
        lambda: equal(session_id, watching.session_id, "session id"),
    )
    talk.check(
        f"restart.{signal}.data", lambda: equal(b"before", changing.get(root)[0], "data")
    )
    talk.check(
        f"restart.{signal}.ephemeral",
        lambda: equal(session_id, changing.exists(root + "/mine").ephemeralOwner, "owner"),
    )
    talk.check(f"restart.{signal}.watches", rearmed)


def cut(talk, gated, changing):
    """Changes made while a watcher was cut off are found by it when it is back."""

    def missed():
        changing.create("/cut", b"")
        data = []
        arrived = gated.handler.event_object()

        def on_data(value, _stat):
            data.append(value)
            if value == b"x":
                arrived.set()

        gated.DataWatch("/cut")(on_data)
        session_id = gated.session_id
        gated.forget_states()
        talk.ask("gate shut")
        gated.await_state(KazooState.SUSPENDED)
        changing.set("/cut", b"x")
        talk.ask("gate open")
        gated.await_state(KazooState.CONNECTED)
        equal(session_id, gated.session_id, "session id")
        holds(arrived.wait(20), "the change is seen")
        equal([b"", b"x"], data, "data seen")

    talk.check("cut.missed-events", missed)


def expiry(talk, gate, survivor):
    silent = Session(gate, timeout=SHORT_TIMEOUT_SECONDS)
    session_id = silent.session_id

    def ephemeral_goes():
        silent.create("/expiring", ephemeral=True)
        events = Events()
        survivor.exists("/expiring", watch=events)
        silent.forget_states()
        talk.ask("gate freeze")
        events.next(EventType.DELETED, "/expiring")

    def client_learns():
        silent.await_state(KazooState.LOST)
        # kazoo begins a new session by itself.
        silent.await_state(KazooState.CONNECTED)
        holds(silent.session_id != session_id, "the session is a new one")

    talk.check("expiry.ephemeral", ephemeral_goes)
    talk.ask("gate open")
    talk.check("expiry.client", client_learns)
    silent.leave()
