"""Does `drover snapshot` read real snapshots, Apache's and ours, and tell the truth about them?

What it says is compared with what a client sees on the server that loads the file.
"""

import base64
import os
import re
import shutil

import pytest

from file_tools import (
    AUTHORS, NOT_EXAMINED, OK, PROBLEMS, WARNINGS, drover, logs, snapshots, write_directory,
    write_sample_directory,
)
from sample_tree import CONFIG, open_as_super
from support import servers
from tree_dump import dump


@pytest.fixture(scope="module", params=AUTHORS)
def written(request, tmp_path_factory):
    """A directory with one of everything in its newest snapshot. Not to be changed."""
    return write_sample_directory(request.param, tmp_path_factory.mktemp(request.param) / "data")


@pytest.fixture
def copy(written, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(written, tmp_path / "data")


@pytest.fixture
def snapshot(copy):
    """Its newest snapshot."""
    return snapshots(copy)[-1]


def loaded_tree(make_server, folder):
    with make_server(data_dir=folder, config=CONFIG) as server:
        return dump_as_super(server)


def dump_as_super(server):
    with open_as_super(server.port) as client:
        return dump(client)


# -- reading ---------------------------------------------------------------------------------------


def test_dump_is_the_tree_that_clients_see(written, copy, make_server):
    said = drover("snapshot", "dump", written, "--json")
    assert said.code == OK
    nodes = {line["path"]: line for line in said.json_lines if "path" in line}
    tree = loaded_tree(make_server, copy)
    assert len(tree) > 1000
    for path, znode in tree.items():
        if path == "/" or path.startswith("/zookeeper"):
            continue
        line = nodes.pop(path)
        data = line["data_base64"]
        assert (base64.b64decode(data) if data is not None else None) == znode.data, path
        assert int(line["czxid"], 16) == znode.stat.czxid, path
        assert int(line["mzxid"], 16) == znode.stat.mzxid, path
        assert line["version"] == znode.stat.version, path
    left = [path for path in nodes if path != "/" and not path.startswith("/zookeeper")]
    # The reaper of the server above may have taken an empty container meanwhile.
    assert all(nodes[path].get("container") for path in left), left


def test_dump_filters(written):
    below = drover("snapshot", "dump", written, "--path", "/sample/kinds", "--json").json_lines
    assert {line["path"] for line in below} >= {"/sample/kinds", "/sample/kinds/container/child"}
    assert all(line["path"].startswith("/sample/kinds") for line in below)
    one = drover("snapshot", "dump", written, "--path", "/sample", "--depth", "1").out
    assert {line.split()[0].count("/") for line in one.splitlines()} == {1, 2}
    assert len(drover("snapshot", "dump", written, "--limit", "3").out.splitlines()) == 3


def test_kinds_of_znodes_are_named(written):
    text = drover("snapshot", "dump", written, "--path", "/sample/kinds").out
    assert re.search(r"^/sample/kinds/container .* container ", text, re.M)
    assert re.search(r"^/sample/kinds/ttl .* ttl=1099511627775ms ", text, re.M)
    sessions = drover("snapshot", "dump", written, "--path", "/sample/sessions").out
    assert re.search(r" ephemeral=0x[0-9a-f]+ ", sessions)


def test_check_of_a_sound_snapshot_finds_nothing(written):
    for path in snapshots(written):
        said = drover("snapshot", "check", path, "--json")
        assert (said.code, said.json["findings"]) == (OK, []), said.out
        assert said.json["loads"]


def test_summary_adds_up(written):
    lines = drover("snapshot", "summary", written, "--json").json
    root = next(line for line in lines if line["path"] == "/")
    nodes = [line for line in drover("snapshot", "dump", written, "--json").json_lines
             if "path" in line]
    assert root["descendants"] == len(nodes) - 1
    assert sum(len(base64.b64decode(n["data_base64"] or "")) for n in nodes) == root["bytes"]
    depth_one = drover("snapshot", "summary", written, "--path", "/sample", "--depth", "1").out
    assert "  /sample\n" in depth_one and "/sample/shapes\n" in depth_one
    assert "/sample/shapes/deep" not in depth_one
    none = drover("snapshot", "summary", written, "--path", "/nothing")
    assert none.code == NOT_EXAMINED and "/nothing" in none.err


def test_compare_names_what_differs(written):
    old, new = snapshots(written)[0], snapshots(written)[-1]
    assert drover("snapshot", "compare", new, new).code == OK
    said = drover("snapshot", "compare", old, new, "--json")
    assert said.code == WARNINGS
    added = {d["path"]: d["descendants"] for d in said.json["differences"] if d.get("only")}
    assert added["/sample"] > 1000
    assert said.json["only_right"] >= added["/sample"] + 1
    assert said.json["only_left"] == 0
    text = drover("snapshot", "compare", old, new).out
    assert re.search(r"^\+ /sample and \d+ znodes below it$", text, re.M)


# -- convert ---------------------------------------------------------------------------------------


def test_convert_there_and_back_gives_the_same_bytes(copy, snapshot, tmp_path, make_server):
    original = snapshot.read_bytes()
    for name in ("gz", "snappy"):
        packed = snapshot.with_name(f"{snapshot.name}.{name}")
        assert drover("snapshot", "convert", snapshot, "--to", name).code == OK
        assert packed.stat().st_size < len(original)
        back = tmp_path / f"back-{name}"
        assert drover("snapshot", "convert", packed, "--to", "none", "--write", back).code == OK
        assert back.read_bytes() == original
        assert drover("snapshot", "compare", packed, snapshot).code == OK
        packed.unlink()
    before = loaded_tree(make_server, copy)
    # That server may have written a newer snapshot at its end: take what is newest now.
    newest = snapshots(copy)[-1]
    assert drover("snapshot", "convert", newest, "--to", "snappy", "--replace").code == OK
    assert not newest.exists()
    with servers.DebianApache(data_dir=copy, config=CONFIG) as apache:
        assert set(dump_as_super(apache)) == set(before)


def test_convert_refuses_what_is_damaged_or_there(snapshot, tmp_path):
    again = drover("snapshot", "convert", snapshot, "--to", "none")
    assert again.code == NOT_EXAMINED and "exists already" in again.err
    wrong = drover("snapshot", "convert", snapshot, "--to", "zip")
    assert wrong.code == NOT_EXAMINED and "none, gz or snappy" in wrong.err
    os.truncate(snapshot, snapshot.stat().st_size // 2)
    out = tmp_path / "out.gz"
    cut = drover("snapshot", "convert", snapshot, "--to", "gz", "--write", out)
    assert cut.code == NOT_EXAMINED and "ends too early" in cut.err
    assert not out.exists()


# -- repair ----------------------------------------------------------------------------------------


def test_repair_saves_what_is_in_front_of_a_cut(copy, snapshot, make_server):
    total = drover("snapshot", "check", snapshot, "--json").json["nodes"]
    os.truncate(snapshot, snapshot.stat().st_size * 9 // 10)
    plan = drover("snapshot", "repair", snapshot, "--json")
    assert plan.code == PROBLEMS and plan.json["loses"]
    kept = plan.json["nodes_kept"]
    assert 10 < kept < total
    damaged = snapshot.read_bytes()
    done = drover("snapshot", "repair", snapshot, "--in-place")
    assert done.code == PROBLEMS, done.err
    assert snapshot.with_name(f"damaged.{snapshot.name}").read_bytes() == damaged
    check = drover("snapshot", "check", snapshot, "--json")
    assert check.json["loads"] and check.json["nodes"] >= kept
    for other in snapshots(copy):
        if other != snapshot:
            other.unlink()
    for log in logs(copy):
        log.unlink()
    assert "/sample" in loaded_tree(make_server, copy)


def test_repair_in_place_refuses_while_a_server_runs(copy, snapshot, start_server):
    server = start_server(data_dir=copy)
    os.truncate(snapshot, snapshot.stat().st_size * 9 // 10)
    said = drover("snapshot", "repair", snapshot, "--in-place")
    assert said.code == NOT_EXAMINED
    assert f"drover.lock is held by process {server.pid}" in said.err
    assert not snapshot.with_name(f"damaged.{snapshot.name}").exists()
    server.stop()


def test_repair_of_a_sound_one_does_nothing(snapshot):
    content = snapshot.read_bytes()
    said = drover("snapshot", "repair", snapshot, "--in-place")
    assert said.code == OK and "nothing to repair" in said.out
    assert snapshot.read_bytes() == content


def test_any_bytes_are_survived(tmp_path):
    """Neither crash nor hang, whatever the file holds."""
    contents = [
        b"", b"ZKSN", b"\0" * 4096, b"\xff" * 4096, b"\x1f\x8b" + b"\xff" * 500,
        b"\x82SNAPPY\0" + b"\xff" * 500,
        b"ZKSN\0\0\0\2" + b"\xff" * 8 + b"\x7f\xff\xff\xff" + b"\0" * 500,
    ]
    for n, content in enumerate(contents):
        for ending in ("", ".gz", ".snappy"):
            path = tmp_path / f"snapshot.{n}{ending}"
            path.write_bytes(content)
            for verb in ("check", "dump", "summary", "repair"):
                said = drover("snapshot", verb, path)
                assert said.code in (WARNINGS, PROBLEMS, NOT_EXAMINED), (content[:16], verb)
                assert said.out + said.err
