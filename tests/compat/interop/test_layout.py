"""Every recipe leaves the znodes that Curator's leaves: names, owners, data, in the same situation.

What Curator leaves is written down below as it was seen; Curator itself is held to it beside the
others, which keeps the writing honest.
"""

import re

import pytest

from compat.interop import conftest
from support import servers

pytestmark = pytest.mark.compat

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PROTECTED = f"_c_{UUID}"
SEQUENCE = r"\d{10}"

DEFAULT = b"default data"


def mutex(session, root):
    session.new("mutex", path=f"{root}/p").ask("acquire")
    return {"/p": b"", rf"/p/{PROTECTED}-lock-{SEQUENCE}": ("E", DEFAULT)}


def revocable(session, root):
    session.new("mutex", path=f"{root}/p", revocable=True).ask("acquire")
    return {"/p": b"", rf"/p/{PROTECTED}-lock-{SEQUENCE}": ("E", b"")}


def readers(session, root):
    lock = session.new("rwlock", path=f"{root}/p", data=b"mine".hex())
    lock.ask("acquire", side="read")
    return {"/p": b"", rf"/p/{PROTECTED}-__READ__{SEQUENCE}": ("E", b"mine")}


def writer(session, root):
    session.new("rwlock", path=f"{root}/p").ask("acquire", side="write")
    return {"/p": b"", rf"/p/{PROTECTED}-__WRIT__{SEQUENCE}": ("E", DEFAULT)}


def downgraded(session, root):
    """The reader's znode carries the number of the writer's."""
    lock = session.new("rwlock", path=f"{root}/p")
    lock.ask("acquire", side="write")
    lock.ask("acquire", side="read")
    lock.ask("release", side="write")
    return {"/p": b"", rf"/p/{PROTECTED}-__READ__0000000000": ("E", DEFAULT)}


def semaphore(session, root):
    session.new("semaphore", path=f"{root}/p", leases=2).ask("acquire", count=1)
    return {
        "/p": b"",
        "/p/locks": b"",
        "/p/leases": b"",
        rf"/p/leases/{PROTECTED}-lease-{SEQUENCE}": ("E", DEFAULT),
    }


def semaphore_mutex(session, root):
    session.new("semaphore_mutex", path=f"{root}/p").ask("acquire")
    return {
        "/p": b"",
        "/p/locks": b"",
        "/p/leases": b"",
        rf"/p/leases/{PROTECTED}-lease-{SEQUENCE}": ("E", DEFAULT),
    }


def multi_lock(session, root):
    session.new("multi_lock", paths=[f"{root}/p", f"{root}/q"]).ask("acquire")
    lock = rf"{PROTECTED}-lock-{SEQUENCE}"
    return {
        "/p": b"", "/q": b"", f"/p/{lock}": ("E", DEFAULT), f"/q/{lock}": ("E", DEFAULT),
    }  # fmt: skip


def latch(session, root):
    latch = session.new("latch", path=f"{root}/p", id="me")
    latch.ask("start")
    latch.await_event("leader")
    return {"/p": b"", rf"/p/{PROTECTED}-latch-{SEQUENCE}": ("E", b"me")}


def latch_without_id(session, root):
    latch = session.new("latch", path=f"{root}/p")
    latch.ask("start")
    latch.await_event("leader")
    return {"/p": b"", rf"/p/{PROTECTED}-latch-{SEQUENCE}": ("E", b"")}


def selector(session, root):
    selector = session.new("selector", path=f"{root}/p", id="me")
    selector.ask("start")
    selector.await_event("taken")
    return {"/p": b"", rf"/p/{PROTECTED}-lock-{SEQUENCE}": ("E", b"me")}


def selector_without_id(session, root):
    selector = session.new("selector", path=f"{root}/p")
    selector.ask("start")
    selector.await_event("taken")
    return {"/p": b"", rf"/p/{PROTECTED}-lock-{SEQUENCE}": ("E", DEFAULT)}


def barrier(session, root):
    session.new("barrier", path=f"{root}/p").ask("set")
    return {"/p": DEFAULT}


def double_barrier(session, root):
    session.new("double_barrier", path=f"{root}/p", members=1).ask("enter")
    return {"/p": b"", rf"/p/{UUID}": ("E", DEFAULT), "/p/ready": DEFAULT}


def shared_count(session, root):
    count = session.new("shared_count", path=f"{root}/p", seed=-2)
    count.ask("start")
    return {"/p": b"\xff\xff\xff\xfe"}


def shared_value(session, root):
    value = session.new("shared_value", path=f"{root}/p", seed=b"seed".hex())
    value.ask("start")
    value.ask("set", value=b"set".hex())
    return {"/p": b"set"}


def atomic_long(session, root):
    session.new("atomic_long", path=f"{root}/p").ask("add", value=-2)
    return {"/p": b"\xff" * 7 + b"\xfe"}


def atomic_int(session, root):
    session.new("atomic_int", path=f"{root}/p").ask("add", value=258)
    return {"/p": b"\x00\x00\x01\x02"}


def persistent_node(session, root):
    node = session.new("persistent_node", path=f"{root}/p/node", data=b"data".hex())
    node.ask("start")
    return {"/p": b"", "/p/node": ("E", b"data")}


def protected_node(session, root):
    session.new(
        "persistent_node", path=f"{root}/p/node-", data=b"data".hex(), protect=True,
        mode="EPHEMERAL_SEQUENTIAL",
    ).ask("start")  # fmt: skip
    return {"/p": b"", rf"/p/{PROTECTED}-node-{SEQUENCE}": ("E", b"data")}


def group(session, root):
    member = session.new("group", path=f"{root}/p", id="me", data=b"data".hex())
    member.ask("start")
    servers.wait_until(lambda: session.ask("exists", path=f"{root}/p/me"), 10, "it stands")
    return {"/p": b"", "/p/me": ("E", b"data")}


def queue(session, root):
    """An item is being worked on."""
    queue = session.new(
        "queue", path=f"{root}/p/q", lock_path=f"{root}/p/l", flavour="plain", consume=True,
        hold=True,
    )  # fmt: skip
    queue.ask("put", item=b"item".hex())
    queue.await_event("item")
    item = bytes.fromhex("0001000101000000046974656d02")
    return {
        "/p": b"", "/p/q": DEFAULT, "/p/l": DEFAULT, rf"/p/q/queue-{SEQUENCE}": item,
        rf"/p/l/queue-{SEQUENCE}": ("E", DEFAULT),
    }  # fmt: skip


def simple_queue(session, root):
    session.new("simple_queue", path=f"{root}/p").ask("offer", item=b"item".hex())
    return {"/p": b"", rf"/p/qn-{SEQUENCE}": b"item"}


def discovery(session, root):
    instance = {
        "name": "web", "id": "a", "address": "h", "registered_ms": 1, "type": "STATIC",
    }  # fmt: skip
    session.new("discovery", path=f"{root}/p").ask("register", instance=instance)
    written = (
        b'{"name":"web","id":"a","address":"h","port":null,"sslPort":null,"payload":null,'
        b'"registrationTimeUTC":1,"serviceType":"STATIC","uriSpec":null}'
    )
    return {"/p": b"", "/p/web": b"", "/p/web/a": written}


def sequential_discovery(session, root):
    instance = {
        "name": "web", "id": "a", "address": "h", "registered_ms": 1,
        "type": "DYNAMIC_SEQUENTIAL",
    }  # fmt: skip
    session.new("discovery", path=f"{root}/p").ask("register", instance=instance)
    written = (
        b'{"name":"web","id":"a","address":"h","port":null,"sslPort":null,"payload":null,'
        b'"registrationTimeUTC":1,"serviceType":"DYNAMIC_SEQUENTIAL","uriSpec":null}'
    )
    return {"/p": b"", "/p/web": b"", rf"/p/web/a{SEQUENCE}": ("E", written)}


RECIPES = (
    mutex, revocable, readers, writer, downgraded, semaphore, semaphore_mutex, multi_lock, latch,
    latch_without_id, selector, selector_without_id, barrier, double_barrier, shared_count,
    shared_value, atomic_long, atomic_int, persistent_node, protected_node, group, queue,
    simple_queue, discovery, sequential_discovery,
)  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
@pytest.mark.parametrize("letter", conftest.LAYOUT_LETTERS)
def test_znodes(peers, server, eye, root, letter, recipe):
    if letter == "J54" and recipe is downgraded:
        pytest.skip("Curator 5.4.0 gives the reader a number of its own")
    session = peers.session(letter, server.address, default_data=DEFAULT.hex())
    expected = recipe(session, root)
    found = {path[len(root) :]: node for path, node in eye.tree(root).items() if path != root}
    for pattern, what in expected.items():
        mode, data = what if isinstance(what, tuple) else ("P", what)
        matching = [path for path in found if re.fullmatch(pattern, path)]
        assert len(matching) == 1, f"{pattern} among {sorted(found)}"
        stored, stat = found.pop(matching[0])
        assert stored == data, matching[0]
        assert stat.ephemeral_owner == (session.id if mode == "E" else 0), matching[0]
    assert not found, "and nothing else"
