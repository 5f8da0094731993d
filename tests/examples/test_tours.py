"""zkclient_tour, fluent_tour, shell_tour: exactly what their tables say, and what they leave."""

import re

import kazoo.exceptions
import pytest

from support.fault_proxy import FaultProxy

STAT = (
    "cZxid", "ctime", "mZxid", "mtime", "pZxid", "cversion", "dataVersion", "aclVersion",
    "ephemeralOwner", "dataLength", "numChildren",
)  # fmt: skip
CITIES = ("beijing0000000000", "shanghai0000000001", "guangzhou0000000002")
EPHEMERALS = ("aaa", "bbb", "ccc")


def test_zkclient_tour(start, eye):
    for _ in range(2):
        assert start("zkclient_tour").finish() == [
            "created /mylog",
            "data first log",
            "event changed /mylog second log",
            "updated second log",
            "event deleted /mylog",
            "exists false",
        ]
    assert eye.exists("/mylog") is None


def test_fluent_tour(start, server, chroot, eye):
    with FaultProxy(server.port) as proxy:
        # The first is for what an earlier tour left.
        last_delete = proxy.on_request("delete", do="stall", skip=1)
        tour = start("fluent_tour", connect=proxy.address + chroot, session_ms=10_000)
        last_delete.wait(20)
        # A client without the namespace looks on.
        assert eye.get("/logs/host")[0] == b"newhost"
        assert eye.exists("/host") is None
        proxy.release()
        assert tour.finish() == [
            "created /host",
            "data myhost",
            "event data /host",
            "updated newhost",
            "exists false",
        ]
    assert eye.exists("/logs/host") is None


def stat_of(lines):
    """{field: text} of eleven lines as zkCli writes them."""
    fields = dict(line.split(" = ", 1) for line in lines)
    assert tuple(fields) == STAT
    for name in ("ctime", "mtime"):
        assert re.fullmatch(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \S+ \d{4}", fields[name])
    return fields


def test_shell_tour(start, eye):
    lines = start("shell_tour").finish()
    paths = ["/china", *(f"/china/{name}" for name in (*CITIES, *EPHEMERALS))]
    assert lines[:7] == [f"Created {path}" for path in paths]
    assert (lines[7], lines[19]) == ("999", "888")
    before, after = stat_of(lines[8:19]), stat_of(lines[20:31])
    changed = {name for name in STAT if before[name] != after[name]}
    assert changed - {"mtime"} == {"mZxid", "dataVersion"}
    assert (before["dataVersion"], after["dataVersion"]) == ("0", "1")
    assert int(after["mZxid"], 16) > int(before["mZxid"], 16) == int(before["cZxid"], 16)
    assert (after["cversion"], after["numChildren"], after["ephemeralOwner"]) == ("6", "6", "0x0")
    assert lines[31:] == ["Node not empty: /china", "NoAuth"]

    with pytest.raises(kazoo.exceptions.NoAuthError):
        eye.get("/china")
    eye.add_auth("digest", "zs:123")
    data, stat = eye.get("/china")
    assert (data, stat.version, stat.ephemeralOwner) == (b"888", 1, 0)
    assert (hex(stat.czxid), hex(stat.mzxid)) == (after["cZxid"], after["mZxid"])
    # The session has ended, and took its ephemeral children with it.
    assert sorted(eye.get_children("/china")) == sorted(CITIES)
    for name, city in zip(CITIES, (b"bj", b"sh", b"gz")):
        data, stat = eye.get(f"/china/{name}")
        assert (data, stat.ephemeralOwner) == (city, 0)
    (entry,), _ = eye.get_acls("/china")
    assert (entry.id.scheme, entry.id.id.split(":")[0], entry.perms) == ("digest", "zs", 31)

    assert start("shell_tour").finish()[:7] == lines[:7]
