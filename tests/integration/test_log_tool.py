"""Does `drover log` read real logs, Apache's and ours, and tell the truth about them?

What it says is compared with an independent reader of the same bytes (txn_log_file.py), and with
what a server makes of the file afterwards.
"""

import shutil

import pytest

import txn_log_file
from file_tools import (
    AUTHORS, NOT_EXAMINED, OK, PROBLEMS, WARNINGS, drover, logs, snapshots, write_directory,
)
from support.rawclient import OpCode, RawClient
from tree_dump import dump


@pytest.fixture(scope="module", params=AUTHORS)
def written(request, tmp_path_factory):
    """A directory as a real server left it. Not to be changed."""
    return write_directory(request.param, tmp_path_factory.mktemp(request.param) / "data")


@pytest.fixture
def copy(written, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(written, tmp_path / "data")


def flip(path, offset, bit=0x04):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ bit]))


# -- reading ---------------------------------------------------------------------------------------


def test_dump_shows_every_txn_once_and_in_order(written):
    expected = txn_log_file.all_entries(written)
    said = drover("log", "dump", written, "--json")
    assert said.code == OK
    found = [
        (int(txn["zxid"], 16), int(txn["session"], 16), txn["cxid"], txn["type"], txn["offset"])
        for txn in said.json_lines
    ]
    assert found == [(e.zxid, e.session, e.cxid, e.type, e.offset) for e in expected]
    text = drover("log", "dump", written).out.splitlines()
    assert [int(line.split()[0], 16) for line in text] == [e.zxid for e in expected]


def test_dump_filters(written):
    by_path = drover("log", "dump", written, "--path", "/run1", "--json").json_lines
    assert {txn["path"] for txn in by_path} == {"/run1", *(f"/run1/n{n}" for n in range(12))}
    by_zxid = drover("log", "dump", written, "--from", "0x3", "--to", "5", "--json").json_lines
    assert [txn["zxid"] for txn in by_zxid] == ["0x3", "0x4", "0x5"]
    session = by_path[0]["session"]
    by_session = drover("log", "dump", written, "--session", session, "--json").json_lines
    assert {txn["session"] for txn in by_session} == {session}
    assert len(drover("log", "dump", written, "--limit", "4").out.splitlines()) == 4
    # A path is more than a prefix of letters.
    assert not drover("log", "dump", written, "--path", "/run").out


def test_dump_shows_data_and_acl(written):
    line = drover("log", "dump", written, "--path", "/run0/n3", "--data").out
    assert f'create /run0/n3 data="{"data 3" * 9}" acl=world:anyone:cdrwa' in line


def test_check_of_sound_logs_finds_nothing(written):
    for log in logs(written):
        said = drover("log", "check", log, "--json")
        entries = txn_log_file.read_entries(log)
        assert (said.code, said.err) == (OK, ""), "progress is for terminals"
        assert said.json["findings"] == []
        assert said.json["txns"] == len(entries)
        assert int(said.json["last_zxid"], 16) == entries[-1].zxid
        assert said.json["content_end"] == entries[-1].end


def test_summary_counts_what_is_there(written):
    entries = txn_log_file.all_entries(written)
    said = drover("log", "summary", written, "--json").json
    assert said["txns"] == len(entries)
    ops = {op["name"]: op["txns"] for op in said["ops"]}
    assert ops["create"] == sum(e.type == OpCode.CREATE for e in entries)
    assert sum(ops.values()) == len(entries)
    text = drover("log", "summary", written).out
    assert f"txns        {len(entries)}\n" in text


def test_compare_finds_where_histories_part(copy, written, tmp_path):
    same = drover("log", "compare", written, copy)
    assert same.code == OK and " 0 different" in same.out
    newest = logs(copy)[-1]
    last = txn_log_file.read_entries(newest)[-1]
    chopped = tmp_path / "chopped"
    assert drover("log", "chop", newest, "--zxid", last.zxid - 1, "--write", chopped).code == OK
    newest.write_bytes(chopped.read_bytes())
    body = b"\0\0\0\5/run1" + b"\0\0\0\1x" + bytes([0, 0, 0, 1])
    txn_log_file.append_entry(newest, last.session, last.zxid, OpCode.SET_DATA, body)
    parted = drover("log", "compare", written, copy, "--json")
    assert parted.code == WARNINGS
    assert parted.json["different"] == 1
    assert int(parted.json["first_difference"], 16) == last.zxid
    assert "setData /run1" in parted.json["right"]


# -- chop ------------------------------------------------------------------------------------------


def test_chop_keeps_exactly_what_was_asked(written, tmp_path):
    log = logs(written)[0]
    entries = txn_log_file.read_entries(log)
    out = tmp_path / "chopped"
    said = drover("log", "chop", log, "-z", hex(entries[4].zxid), "--write", out)
    assert said.code == OK
    assert txn_log_file.read_entries(out) == entries[:5]
    assert out.stat().st_size == entries[4].end
    again = drover("log", "chop", log, "-z", "5", "--write", out)
    assert again.code == NOT_EXAMINED and "exists already" in again.err


# -- repair ----------------------------------------------------------------------------------------


def start_and_dump(make_server, folder):
    with make_server(data_dir=folder) as server, RawClient(server.port) as client:
        client.connect()
        return dump(client)


def only_oldest_snapshot(folder):
    for newer in snapshots(folder)[1:]:
        newer.unlink()


def test_repair_of_a_damaged_checksum_loses_nothing(copy, make_server):
    only_oldest_snapshot(copy)
    log = logs(copy)[0]
    victim = txn_log_file.read_entries(log)[5]
    before = log.read_bytes()
    flip(log, victim.offset + 7)
    damaged = log.read_bytes()

    plan = drover("log", "repair", log, "--json")
    assert plan.code == WARNINGS
    assert not plan.json["loses"]
    [region] = plan.json["regions"]
    assert (region["kind"], region["begin_offset"], region["end_offset"]) == (
        "mended", victim.offset, victim.end,
    )
    assert log.read_bytes() == damaged, "without --write or --in-place nothing changes"

    done = drover("log", "repair", log, "--in-place")
    assert done.code == WARNINGS, done.err
    backup = log.with_name(f"damaged.{log.name}")
    assert backup.read_bytes() == damaged
    assert txn_log_file.read_entries(log)[5] == victim
    assert log.read_bytes()[16:].rstrip(b"\0") == before[16:].rstrip(b"\0")
    assert "/run1/n11" in start_and_dump(make_server, copy)
    again = drover("log", "repair", log, "--in-place")
    assert again.code == OK and "nothing to repair" in again.out


def test_repair_says_what_a_cut_would_lose(copy):
    only_oldest_snapshot(copy)
    log = logs(copy)[-1]
    entries = txn_log_file.read_entries(log)
    flip(log, entries[6].payload_offset + 40)
    plan = drover("log", "repair", log, "--json")
    assert plan.code == PROBLEMS
    assert plan.json["loses"] and plan.json["txns_kept"] == 6
    [lost] = plan.json["regions"]
    assert lost["kind"] == "lost"
    assert lost["txns"] == len(entries) - 6
    assert int(lost["first_zxid"], 16) == entries[6].zxid
    assert int(lost["last_zxid"], 16) == entries[-1].zxid
    assert lost["begin_offset"] == entries[6].offset
    assert lost["end_offset"] == entries[-1].end


def test_repair_that_fills_holes_keeps_what_is_behind(copy, make_server):
    only_oldest_snapshot(copy)
    log = logs(copy)[0]
    entries = txn_log_file.read_entries(log)
    # The create of /run0/n3.
    victim = next(e for e in entries if b"/run0/n3" in e.body)
    flip(log, victim.payload_offset + 40)
    cut = drover("log", "repair", log, "--in-place")
    assert cut.code == NOT_EXAMINED and "--fill-holes" in cut.err, "a later log goes on behind it"
    filled = drover("log", "repair", log, "--fill-holes", "--in-place", "--json")
    assert filled.code == PROBLEMS, filled.err
    [region] = filled.json["regions"]
    assert (region["kind"], region["txns"]) == ("filled", 1)
    assert int(region["first_zxid"], 16) == victim.zxid
    tree = start_and_dump(make_server, copy)
    assert "/run0/n3" not in tree
    assert {"/run0/n2", "/run0/n4", "/run1/n11"} <= set(tree)


def test_repair_writes_a_new_file_and_no_other(copy, tmp_path):
    log = logs(copy)[-1]
    entries = txn_log_file.read_entries(log)
    flip(log, entries[3].end - 1)
    damaged = log.read_bytes()
    out = tmp_path / "repaired"
    assert drover("log", "repair", log, "--write", out).code == WARNINGS
    assert txn_log_file.read_entries(out) == entries
    assert log.read_bytes() == damaged
    refused = drover("log", "repair", log, "--write", out)
    assert refused.code == NOT_EXAMINED and "exists already" in refused.err


def test_repair_reads_behind_a_header_that_is_gone(copy, tmp_path):
    log = logs(copy)[0]
    entries = txn_log_file.read_entries(log)
    with open(log, "r+b") as file:
        file.write(b"\xff" * 16)
    assert drover("log", "repair", log).code == NOT_EXAMINED
    out = tmp_path / "repaired"
    assert drover("log", "repair", log, "--ignore-header", "--write", out).code == WARNINGS
    assert txn_log_file.read_entries(out) == entries


def test_repair_in_place_refuses_while_a_server_runs(copy, start_server):
    server = start_server(data_dir=copy)
    log = logs(copy)[0]
    flip(log, txn_log_file.read_entries(log)[5].offset + 7)
    said = drover("log", "repair", log, "--in-place")
    assert said.code == NOT_EXAMINED and "drover.lock" in said.err
    assert not log.with_name(f"damaged.{log.name}").exists()
    server.stop()


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["log"], ["log", "nonsense"], ["log", "check"], ["log", "check", "/nowhere/at/all"],
        ["log", "dump", "/dev/null/x"], ["log", "chop", "x", "-z", "y"],
    ],
)
def test_what_cannot_be_examined_is_code_3_and_one_reason(words):
    said = drover(*words)
    assert said.code == NOT_EXAMINED
    assert said.err and "Traceback" not in said.err


def test_wrong_numbers_are_named(written):
    said = drover("log", "dump", written, "--from", "banana")
    assert said.code == NOT_EXAMINED
    assert said.err == "drover log: banana: --from takes a number, decimal or 0x-hex\n"


def test_any_bytes_are_survived(tmp_path):
    """Neither crash nor hang, whatever the file holds."""
    for n, content in enumerate(
        [b"", b"Z", b"ZKLG", b"\0" * 4096, b"\xff" * 4096, b"ZKLG\0\0\0\2" + b"\xff" * 5000,
         b"ZKLG\0\0\0\2" + b"\0" * 8 + b"B" * 100_000]
    ):
        path = tmp_path / f"log.{n}"
        path.write_bytes(content)
        for verb in ("check", "dump", "summary", "repair"):
            assert drover("log", verb, path).code in (OK, WARNINGS, PROBLEMS, NOT_EXAMINED)
