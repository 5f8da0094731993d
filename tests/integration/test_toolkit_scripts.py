"""Do zkTxnLogToolkit.sh and the scripts for snapshots say what Apache's say, line by line?

Both run on the same files, written by real servers, sound and damaged. Debian's 3.8.0 is always
compared; tests marked `compat` add 3.9 from Maven. What differs on purpose stands in DIFFERENCES
and in docs/file_tools.md.
"""

import json
import re
import shutil
import struct

import pytest

import txn_log_file
from file_tools import AUTHORS, drover, logs, snapshots, write_sample_directory
from toolkit_run import apache, ours

LOG, FORMAT, COMPARE, SUMMARY = (
    "zkTxnLogToolkit.sh", "zkSnapShotToolkit.sh", "zkSnapshotComparer.sh",
    "zkSnapshotRecursiveSummaryToolkit.sh",
)

# Pattern -> what stands for it in both outputs.
DIFFERENCES = [
    # How long it took.
    (r"in \d+\.\d+ seconds", "in N seconds"),
    # When the JSON was made.
    (r'"timestamp":\d+', '"timestamp":N'),
    # 3.8 and before name the op like this; 3.9 and we as the client's op.
    (r"\bcreateTtl\b", "createTTL"),
]


def comparable(text):
    for pattern, replacement in DIFFERENCES:
        text = re.sub(pattern, replacement, text)
    return text


@pytest.fixture(
    scope="module",
    params=["debian", pytest.param("3.9", marks=pytest.mark.compat)],
)
def release(request):
    return request.param


@pytest.fixture(scope="module", params=AUTHORS)
def written(request, tmp_path_factory):
    """A directory with one of everything in its logs and its newest snapshot."""
    return write_sample_directory(request.param, tmp_path_factory.mktemp(request.param) / "data")


@pytest.fixture
def both(release, tmp_path):
    """Runs both tools with the same words in two folders and compares all they say."""
    folders = {"theirs": tmp_path / "theirs", "ours": tmp_path / "ours"}
    for folder in folders.values():
        folder.mkdir()

    def run(script, *words, files=(), stdin="", err=True):
        for folder in folders.values():
            for file in files:
                shutil.copy(file, folder)
        theirs = apache(release, folders["theirs"], script, *words, stdin=stdin)
        mine = ours(folders["ours"], script, *words, stdin=stdin)
        # Absolute paths in messages are the only thing in which the folders differ.
        their_err = theirs.err.replace(str(folders["theirs"]), str(folders["ours"]))
        assert comparable(mine.out) == comparable(theirs.out)
        assert mine.code == theirs.code
        if err:
            assert mine.err == their_err
        return mine, folders

    return run


# -- zkTxnLogToolkit.sh ----------------------------------------------------------------------------


def test_dump_of_every_kind_of_txn(both, written):
    for log in logs(written):
        said, _ = both(LOG, log)
        assert re.search(r"^EOF reached after \d+ txns\.$", said.out, re.M)
    said, _ = both(LOG, "-d", logs(written)[0])
    for op in ("create2", "createContainer", "setACL", "multi", "closeSession", "error", "delete"):
        assert f" {op} " in said.out


@pytest.mark.parametrize(
    "words",
    [
        [], ["-h"], ["--help"], ["-q", "x"], ["-z"], ["-dr"], ["nofile"], ["-d", "nofile"],
        ["-c", "-z", "5", "nofile"], ["--dump", "nofile"], ["-rvy", "nofile"], ["--nope", "x"],
    ],
    ids=" ".join,
)
def test_words_of_the_log_toolkit(both, words):
    both(LOG, *words)


def test_a_file_that_is_no_log(both, written):
    both(LOG, snapshots(written)[0])


@pytest.mark.parametrize("zxid", ["5", "0x5", "0X5", "#5", "010", "99999", "1"])
def test_chop(both, written, zxid):
    log = logs(written)[0]
    said, folders = both(LOG, "-c", "-z", zxid, log.name, files=[log])
    chopped = [list(folder.glob("*.chopped*")) for folder in folders.values()]
    if "Chopping at" in said.out:
        [[theirs], [mine]] = chopped
        assert theirs.name == mine.name
        assert theirs.read_bytes() == mine.read_bytes()
    else:
        # Apache leaves a copy beside the log that a server of theirs would load.
        assert "Got exception: Failed to chop" in said.out
        assert [len(found) for found in chopped] == [1, 0]


def damaged_copy(written, tmp_path, hurt):
    log = tmp_path / logs(written)[0].name
    shutil.copy(logs(written)[0], log)
    entries = txn_log_file.read_entries(log)
    content = bytearray(log.read_bytes())
    hurt(content, entries)
    log.write_bytes(content)
    return log


def wrong_checksums(content, entries):
    for n in (3, 10, 11):
        content[entries[n].offset + 6] ^= 1


def wrong_end_byte(content, entries):
    content[entries[7].end - 1] = 0x43


def zero_entry(content, entries):
    content[entries[7].offset : entries[7].end] = bytes(entries[7].end - entries[7].offset)


def giant_length(content, entries):
    struct.pack_into(">i", content, entries[7].offset + 8, 0x7FFFFFFF)


def torn_end(content, entries):
    del content[entries[7].offset + 30 :]


def torn_end_byte(content, entries):
    del content[entries[7].end - 1 :]


@pytest.mark.parametrize(
    "hurt", [wrong_checksums, wrong_end_byte, zero_entry, giant_length, torn_end, torn_end_byte]
)
def test_dump_and_chop_of_a_damaged_log(both, written, tmp_path, hurt):
    log = damaged_copy(written, tmp_path, hurt)
    both(LOG, log)
    both(LOG, "-c", "-z", "0x20", log.name, files=[log])


@pytest.mark.parametrize("words", [["-r", "-y"], ["-ryv"], ["-r", "-v", "-y"]], ids=" ".join)
def test_recovery(both, written, tmp_path, words):
    log = damaged_copy(written, tmp_path, wrong_checksums)
    said, folders = both(LOG, *words, log.name, files=[log])
    assert "with 3 fixed CRC error(s)" in said.out
    theirs, mine = ((folder / f"{log.name}.fixed").read_bytes() for folder in folders.values())
    # Apache fills the file up with zeros, as a log that is written to.
    assert mine.rstrip(b"\0") == theirs.rstrip(b"\0")
    assert len(txn_log_file.read_entries(folders["ours"] / f"{log.name}.fixed")) == len(
        txn_log_file.read_entries(logs(written)[0])
    )
    again, _ = both(LOG, *words, log.name)
    assert "already exists or not writable" in again.err


def test_recovery_asks(both, written, tmp_path):
    log = damaged_copy(written, tmp_path, wrong_checksums)
    said, folders = both(LOG, "-r", log.name, files=[log], stdin="maybe\nyes\nN\ny\n")
    assert "with 2 fixed CRC error(s)" in said.out
    for folder in folders.values():
        (folder / f"{log.name}.fixed").unlink()
    said, _ = both(LOG, "-r", log.name, stdin="abort\n")
    assert said.code == 0 and said.err == "Recovery aborted.\n"


# -- zkSnapShotToolkit.sh --------------------------------------------------------------------------


def test_format(both, written):
    for snapshot in snapshots(written):
        said, _ = both(FORMAT, snapshot)
        assert said.out.startswith("ZNode Details (count=")
        both(FORMAT, "-d", snapshot)


def test_format_of_compressed_snapshots(both, written, tmp_path):
    for kind in ("gz", "snappy"):
        packed = tmp_path / f"{snapshots(written)[-1].name}.{kind}"
        made = drover(
            "snapshot", "convert", snapshots(written)[-1], "--to", kind, "--write", packed
        )
        assert made.code == 0, made.err
        both(FORMAT, packed)


def test_format_as_json(written, release, tmp_path):
    snapshot = snapshots(written)[-1]
    mine = ours(tmp_path, FORMAT, "-json", snapshot)
    assert mine.code == 0
    if release != "debian":
        # Needs jars that the server does not: of Debian's, one that is not packaged.
        theirs = apache(release, tmp_path, FORMAT, "-json", snapshot)
        if "NoClassDefFoundError" not in theirs.err:
            assert comparable(mine.out) == comparable(theirs.out)
    tree = json.loads(mine.out)
    assert tree[:2] == [1, 0] and tree[2]["progname"] == "SnapshotFormatter.java"

    def flatten(node):
        head, *below = node if isinstance(node, list) else [node]
        yield head
        for child in below:
            yield from flatten(child)

    nodes = list(flatten(tree[3]))
    said = drover("snapshot", "check", snapshot, "--json").json
    assert len(nodes) == said["nodes"]
    assert sum(node["asize"] for node in nodes) == said["data_bytes"]
    assert [node["ino"] for node in nodes] == list(range(1001, 1001 + len(nodes)))


@pytest.mark.parametrize(
    "words", [[], ["-x"], ["nofile"], ["-d", "-json", "nofile"], ["a", "b"], ["/tmp"], ["-d"]],
    ids=" ".join,
)
def test_words_of_the_formatter(both, words):
    both(FORMAT, *words)


def test_both_kinds_of_format_at_once(both, written):
    both(FORMAT, "-d", "-json", snapshots(written)[0])


def test_format_of_what_is_no_snapshot(both, written):
    """Apache prints a stack trace, we a line."""
    said, _ = both(FORMAT, logs(written)[0], err=False)
    assert said.code == 1 and "magic ZKSN is missing" in said.err


# -- zkSnapshotRecursiveSummaryToolkit.sh ----------------------------------------------------------


@pytest.mark.compat
@pytest.mark.parametrize(("path", "depth"), [("/", 0), ("/", 1), ("/", 2), ("/sample/shapes", 0)])
def test_recursive_summary(written, tmp_path, path, depth):
    """3.8.0 has no such tool."""
    words = [snapshots(written)[-1], path, depth]
    theirs = apache("3.9", tmp_path, SUMMARY, *words)
    mine = ours(tmp_path, SUMMARY, *words)
    assert (mine.code, mine.out, mine.err) == (theirs.code, theirs.out, theirs.err)
    assert f" {path}\n" in mine.out


@pytest.mark.compat
@pytest.mark.parametrize("words", [[], ["a"], ["a", "/", "x"], ["a", "/", "1", "2"]], ids=" ".join)
def test_words_of_the_summary(tmp_path, words):
    theirs = apache("3.9", tmp_path, SUMMARY, *words)
    mine = ours(tmp_path, SUMMARY, *words)
    assert (mine.code, mine.out, mine.err) == (theirs.code, theirs.out, theirs.err)


def test_a_summary_of_nothing_is_one_line(written, tmp_path):
    said = ours(tmp_path, SUMMARY, snapshots(written)[-1], "/nothing", 0)
    assert said.code == 1 and said.err.endswith("there is no znode /nothing in it\n")


# -- zkSnapshotComparer.sh -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["-b", 2, "-n", 1], ["-b", 2000, "-n", 5], ["-b", 20, "-n", 100, "-d"],
              ["--bytes", 0, "--nodes", 0, "--debug"]],
    ids=lambda words: " ".join(map(str, words)),
)
def test_comparison(both, written, words):
    old, new = snapshots(written)[0], snapshots(written)[-1]
    said, _ = both(COMPARE, "-l", old, "-r", new, *words)
    assert "All layers compared." in said.out
    both(COMPARE, "--left", new, "--right", old, *words)
    both(COMPARE, "-l", new, "-r", new, *words)


def test_interactive_comparison(both, written):
    old, new = snapshots(written)[0], snapshots(written)[-1]
    lines = "\n2\n/sample\n/nothing\nbanana\n99999\n-1\n1\n\n\n149\n\n" + "\n" * 10
    both(COMPARE, "-l", old, "-r", new, "-b", 10, "-n", 1, "-i", stdin=lines)


@pytest.mark.parametrize(
    "words",
    [
        [], ["-l", "x"], ["-l", "x", "-r", "y", "-b", "1"], ["-q"], ["-l"],
        ["-l", "x", "-r", "y", "-b", "x", "-n", "1"], ["-l", "x", "-r", "y", "-b", "1", "-n", "y"],
    ],
    ids=" ".join,
)
def test_words_of_the_comparer(both, words):
    both(COMPARE, *words)
