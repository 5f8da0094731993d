"""zoo.cfg: the grammar is Java's, every wrong value is refused, nothing is ignored in silence.

The grammar is checked against Apache itself: both servers read the same bytes and must report the
same settings. A refused file means exit code 2 and exactly one line on stderr.
"""

import re
import socket
import subprocess

import pytest

from refusals import error_lines
from support import sanitizers, servers

REFUSED = 2


def run_drover(*words, seconds=20):
    """Runs `drover <words>`, which must end by itself."""
    argv = [str(servers.Drover.binary()), *words]
    seconds *= sanitizers.patience()
    return subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)


def run_serve(path):
    """Runs `drover serve <path>`, which must end by itself."""
    return run_drover("serve", str(path))


def one_line(done):
    """The only line that the process wrote."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, f"expected exactly one line on stderr:\n{done.stderr}"
    assert done.stdout == ""
    return lines[0]


class Text:
    """Mixed into a server class: zoo.cfg is this text, with {port} and {data} filled in."""

    text = ""

    def config_text(self):
        return self.text.replace("{port}", str(self.port)).replace("{data}", str(self.data_dir))


class DroverText(Text, servers.Drover):
    pass


class ApacheText(Text, servers.DebianApache):
    pass


# -- grammar ---------------------------------------------------------------------------------

# Every line uses another rule of java.util.Properties; all of the keys show in `conf`.
QUIRKY = (
    "# a comment that ends in a backslash is not continued \\\n"
    "   ! also a comment\n"
    "\n"
    " \t \n"
    "tickTime = 9999\n"  # duplicates: the last one wins
    "tickTim\\u0065 : 700\n"  # an escape inside a key; separator ':'
    "minSessionTimeout 01\\\n"  # separator ' '; continued without blanks; decimal
    "      500\n"
    "maxSessionTimeout=\\u0034\\\n"
    "\t\t3\\\n"
    "000\n"
    "clientPortListenBacklog\t=\t7   \n"  # trailing blanks are trimmed by ZooKeeper
    "maxClientCnxns \\\n"  # the separator itself may be on the next line
    "  = 17\r\n"  # CR LF ends a line
    "clientPortAddress:127\\.0.0.1\r"  # CR alone too; an unknown escape is the character itself
    "4lw.commands.whitelist=*\n"
    "admin.enableServer=FALSE\n"
    "clientPort={port}\n"
    "dataLogDir={data}/log#dir/\n"  # '#' inside a value is no comment; a trailing / is harmless
    "dataDir={data}/with\\ blank\\:colon\\=equal\\#hash"  # no line end at the end of the file
)


def conf_of(server):
    """The `conf` answer as a dict, without what differs between any two servers."""
    text = server.four_letter_word("conf").decode()
    values = dict(line.split("=", 1) for line in text.splitlines())
    for name in ("dataDirSize", "dataLogSize", "clientPort"):
        assert values.pop(name).isdigit()
    for name in ("dataDir", "dataLogDir"):
        values[name] = values[name].replace(str(server.data_dir), "{data}")
    return values


def test_the_grammar_is_javas():
    reports = []
    for server_class in (ApacheText, DroverText):
        server_class.text = QUIRKY
        with server_class() as server:
            reports.append(conf_of(server))
    apache, drover = reports
    assert apache["tickTime"] == "700"  # the file says what this test thinks it says
    assert apache["maxSessionTimeout"] == "43000"
    assert apache["dataDir"] == "{data}/with blank:colon=equal#hash/version-2"
    assert drover == apache


def test_relative_paths_are_relative_to_the_working_folder():
    DroverText.text = "clientPort={port}\nclientPortAddress=127.0.0.1\ndataDir=below/here\n"
    with DroverText() as server:
        folder = server.config_file.parent / "below" / "here" / "version-2"
        assert folder.is_dir()


@pytest.mark.parametrize("key", ["snapCount", "zookeeper.snapCount"])
@pytest.mark.parametrize("value", ["1000", "0x3e8", "01750"])
def test_property_integers_may_be_hex_or_octal(key, value):
    """Keys that Apache reads with Integer.getInteger take what it takes."""
    with servers.Drover(config={key: value}) as server:
        assert server.is_serving()


# -- refusals --------------------------------------------------------------------------------

NUMBER = r"number|integer|between|at least|at most|range|\d+ *(to|\.\.|-) *\d+"
BOOLEAN = r"true.*false"
PORT = r"65535"

WRONG_VALUES = [
    # key, value, what the line must say about what is allowed
    ("tickTime", "abc", NUMBER),
    ("tickTime", "", NUMBER),
    ("tickTime", "0", NUMBER),
    ("tickTime", "-1", NUMBER),
    ("tickTime", "2000ms", NUMBER),
    ("tickTime", "0x10", NUMBER),
    ("tickTime", "99999999999999999999", NUMBER),
    ("clientPort", "abc", PORT),
    ("clientPort", "65536", PORT),
    ("clientPort", "-1", PORT),
    ("clientPortAddress", "no such host", r"address|host"),
    ("clientPortListenBacklog", "many", NUMBER),
    ("maxClientCnxns", "x", NUMBER),
    ("maxClientCnxns", "1.5", NUMBER),
    ("minSessionTimeout", "1s", NUMBER),
    ("maxSessionTimeout", "forever", NUMBER),
    ("electionAlg", "1", r"\b3\b"),
    ("peerType", "boss", r"participant.*observer|observer.*participant"),
    ("autopurge.purgeInterval", "daily", NUMBER),
    ("autopurge.snapRetainCount", "x", NUMBER),
    ("snapCount", "abc", NUMBER),
    ("preAllocSize", "64MB", NUMBER),
    ("snapSizeLimitInKb", "1G", NUMBER),
    ("snapshot.compression.method", "zip", r"gz.*snappy"),
    ("forceSync", "maybe", r"yes.*no|no.*yes"),
    ("skipACL", "true", r"yes.*no|no.*yes"),
    ("tickTime", "2_000", NUMBER),
    ("standaloneEnabled", "1", BOOLEAN),
    ("reconfigEnabled", "on", BOOLEAN),
    ("digest.enabled", "maybe", BOOLEAN),
    ("extendedTypesEnabled", "yes", BOOLEAN),
    ("enforceQuota", "2", BOOLEAN),
    ("jute.maxbuffer", "1M", NUMBER),
    ("jute.maxbuffer", "-5", NUMBER),
    ("globalOutstandingLimit", "none", NUMBER),
    ("nio.sessionlessCnxnTimeout", "10s", NUMBER),
    ("znode.container.checkIntervalMs", "soon", NUMBER),
    ("secureClientPort", "2281", r"\b0\b.*off"),
    ("metricsProvider.className", "com.example.Mine", r"DefaultMetricsProvider"),
    ("serverCnxnFactory", "com.example.Mine", r"NIOServerCnxnFactory"),
    ("server.1", "127.0.0.1:2888", r"host:quorumPort:electionPort"),
    ("server.1", "127.0.0.1:2888:3888:boss", r"participant.*observer"),
    ("server.one", "127.0.0.1:2888:3888", NUMBER),
    ("group.1", "1,2", r"colons"),
    ("weight.1", "heavy", NUMBER),
    ("initLimit", "0", NUMBER),
    ("syncLimit", "5s", NUMBER),
    ("leaderServes", "true", r"yes.*no"),
    ("cnxTimeout", "0", NUMBER),
]

LINE_OF_KEY = 6  # in the file that test_a_wrong_value_is_refused writes


@pytest.mark.parametrize(
    ("key", "value", "allowed"), WRONG_VALUES, ids=[f"{row[0]}={row[1]}" for row in WRONG_VALUES]
)
def test_a_wrong_value_is_refused(tmp_path, key, value, allowed):
    defaults = {"dataDir": tmp_path / "data", "clientPort": servers.free_port()}
    others = [f"{name}={default}" for name, default in defaults.items() if name != key]
    first, second = (others + ["#"])[:2]
    path = tmp_path / "zoo.cfg"
    path.write_text(
        f"# comment\n{first}\n{second}\n4lw.commands.whitelist=\\\n  *\n{key}={value}\n# end\n"
    )
    done = run_serve(path)
    line = one_line(done)
    assert done.returncode == REFUSED
    assert str(path) in line
    assert re.search(rf"(:|line ){LINE_OF_KEY}\b", line), line
    assert key in line
    assert f"'{value}'" in line or "refused" in line or key == "server.one"
    said = line.split(key, 1)[1].replace(str(path), "")
    assert re.search(allowed, said), line
    assert not (tmp_path / "data").exists(), "a refused server leaves no trace"


WRONG_FILES = [
    # whole text, key that the line must name
    ("clientPort={port}\n", "dataDir"),
    ("dataDir=\nclientPort={port}\n", "dataDir"),
    ("dataDir={data}\nclientPortAddress=127.0.0.1\n", "clientPort"),
    ("dataDir={data}\nclientPort={port}\nminSessionTimeout=9000\nmaxSessionTimeout=8000\n",
     "minSessionTimeout"),
    ("dataDir={data}\nclientPort={port}\ntickTime=\\u00zz\n", "tickTime|\\\\u"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key"), WRONG_FILES)
def test_a_wrong_combination_is_refused(tmp_path, text, key):
    path = tmp_path / "zoo.cfg"
    text = text.replace("{port}", str(servers.free_port()))
    path.write_text(text.replace("{data}", str(tmp_path / "data")))
    done = run_serve(path)
    line = one_line(done)
    assert done.returncode == REFUSED
    assert str(path) in line
    assert re.search(key, line), line


def test_a_missing_file_is_refused(tmp_path):
    path = tmp_path / "not-there.cfg"
    done = run_serve(path)
    assert done.returncode == REFUSED
    assert str(path) in one_line(done)


def test_a_folder_is_not_a_file(tmp_path):
    done = run_serve(tmp_path)
    assert done.returncode == REFUSED
    assert str(tmp_path) in one_line(done)


@pytest.mark.parametrize(
    "junk",
    [b"\x00" * 4096, b"\xff\xfe" * 2000, b"=" * 100_000],
    ids=["zeros", "high-bytes", "separators"],
)
def test_a_file_of_junk_is_refused(tmp_path, junk):
    path = tmp_path / "zoo.cfg"
    path.write_bytes(junk)
    done = run_serve(path)
    assert done.returncode == REFUSED
    assert len(done.stderr) < 20_000


# -- warnings --------------------------------------------------------------------------------


def warnings_about(log_text, key):
    return [
        line
        for line in log_text.splitlines()
        if re.search(r"\bwarn", line, re.IGNORECASE) and key in line
    ]


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("tickTme", "tickTime"),
        ("maxClientCnxn", "maxClientCnxns"),
        ("autopurge.purgeIntervall", "autopurge.purgeInterval"),
        ("SnapCount", "snapCount"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(typo, meant):
    with servers.Drover(config={typo: "1000"}) as server:
        warnings = warnings_about(server.log.read_text(), typo)
    assert len(warnings) == 1
    assert re.search(rf"\b{re.escape(meant)}\b", warnings[0].split(typo, 1)[1])


@pytest.mark.parametrize(
    "key",
    [
        "nio.numSelectorThreads",
        "jmx.log4j.disable",
        "commitProcessor.numWorkerThreads",
        "netty.advancedFlowControl.enabled",
        "metricsProvider.exportJvmInfo",
        "learner.asyncSending",
    ],
)
def test_a_key_without_meaning_here_is_named(key):
    with servers.Drover(config={key: "true" if "able" in key else "2"}) as server:
        assert len(warnings_about(server.log.read_text(), key)) == 1


def test_no_warning_without_a_reason():
    server = servers.Drover()
    del server.config["admin.enableServer"]
    with server:
        assert not re.search(r"\bwarn", server.log.read_text(), re.IGNORECASE)


def test_snap_retain_count_below_three_is_raised_with_a_warning():
    with servers.Drover(config={"autopurge.snapRetainCount": "1"}) as server:
        assert warnings_about(server.log.read_text(), "autopurge.snapRetainCount")


# -- the machine around it -------------------------------------------------------------------


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        path = tmp_path / "zoo.cfg"
        path.write_text(
            f"dataDir={tmp_path}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
        )
        done = run_serve(path)
    assert done.returncode not in (0, REFUSED)
    assert done.returncode > 0, "killed by a signal"
    (line,) = error_lines(done.stderr)
    assert str(port) in line
    assert "in use" in line


@pytest.mark.parametrize("key", ["dataDir", "dataLogDir"])
def test_a_data_folder_that_cannot_be_made_is_named(tmp_path, key):
    (tmp_path / "file").write_text("not a folder")
    folders = {"dataDir": tmp_path / "data", key: tmp_path / "file" / "below"}
    path = tmp_path / "zoo.cfg"
    lines = [f"{name}={folder}\n" for name, folder in folders.items()]
    path.write_text("".join(lines) + f"clientPort={servers.free_port()}\n")
    done = run_serve(path)
    assert done.returncode > 0
    (line,) = error_lines(done.stderr)
    assert str(tmp_path / "file") in line


def test_two_servers_on_one_folder_are_refused():
    with servers.Drover() as first:
        second = servers.Drover(data_dir=first.data_dir)
        try:
            assert second.start_expecting_exit() > 0
            (line,) = error_lines(second.log.read_text())
            assert str(first.data_dir) in line
        finally:
            second.close()
        assert first.is_serving()


def test_a_clean_stop_exits_zero():
    with servers.Drover() as server:
        assert server.stop() == 0


def test_version():
    done = run_drover("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"Drover \d+\.\d+\.\d+ \(3\.\d+\.\d+-drover-\d+\.\d+\.\d+-[0-9a-f]{12}, "
        r"built on \d{4}-\d\d-\d\d \d\d:\d\d UTC\)(, sanitizers: [a-z,]+)?\n",
        done.stdout,
    )
