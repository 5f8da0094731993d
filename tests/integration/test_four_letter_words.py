"""Four-letter words: our text is Apache's, seen beside Debian's Apache 3.8.0 after the same history.

Both servers live through the same sessions and requests; then every word is asked of both, and the
answers must be equal once ports, session ids, times, sizes and latencies have been given names.
"""

import contextlib
import re

import pytest

import first_bytes
from support import servers
from support.rawclient import OPEN_ACL, Err, OpCode, RawClient


def exchange(port, data, half_close=False):
    """Everything a server says to these first bytes of a connection, as text."""
    return first_bytes.exchange(port, data, half_close).decode()


class Lived:
    """A server that has lived through the history, and the clients that are still connected."""

    def __init__(self, server):
        self.server = server
        self.first = RawClient(server.port)
        self.second = RawClient(server.port)
        self.idle = RawClient(server.port)  # a connection without a session
        self.names = {}  # session id in hex -> name
        server.four_letter_word("crst")
        self._live()

    def _live(self):
        for name, client in (("FIRST", self.first), ("SECOND", self.second)):
            session = client.connect(timeout_ms=8000)
            self.names[f"0x{session.session_id & (2**64 - 1):x}"] = name
        requests = [
            (OpCode.CREATE, "/e1", b"data", OPEN_ACL, 1),
            (OpCode.CREATE, "/e2", b"", OPEN_ACL, 1),
            (OpCode.CREATE, "/p", b"twelve bytes"),
            (OpCode.SET_DATA, "/p", b"thirteen byte", 0),
            (OpCode.DELETE, "/missing", -1),
            (OpCode.GET_DATA, "/p", True),
            (OpCode.EXISTS, "/later", True),
            # Not recursive: 3.8 counts such a watch twice, as it keeps it in both of its tables.
            (OpCode.ADD_WATCH, "/persistent", 0),
            (OpCode.GET_CHILDREN, "/", True),
        ]
        self.first.pipeline(requests)
        self.second.call(OpCode.EXISTS, "/p", True)
        self.second.call(OpCode.SYNC, "/p")

    def close(self):
        for client in (self.first, self.second, self.idle):
            client.disconnect()
        self.server.close()

    def ask(self, word):
        """The answer with the names of sessions instead of their ids."""
        text = self.server.four_letter_word(word).decode()
        for session_id, name in self.names.items():
            text = text.replace(session_id, name)
        return text


@pytest.fixture(scope="module")
def pair(server_name):
    """(Apache, the server under test)"""
    with contextlib.ExitStack() as stack:
        lived = []
        for name in ("debian", server_name):
            lived.append(Lived(servers.server_by_name(name).start()))
            stack.callback(lived[-1].close)
        yield lived


def both(pair, word, *rules):
    """The two answers after substitution of (pattern, replacement) rules."""
    answers = []
    for lived in pair:
        text = lived.ask(word)
        for pattern, replacement in rules:
            text = re.sub(pattern, replacement, text)
        answers.append(text)
    return answers


VERSION = (
    r"(?m)\d+\.\d+\.\d+\S*, built on \d{4}-\d\d-\d\d \d\d:\d\d UTC$",
    "VERSION",
)
ADDRESS = (r"/127\.0\.0\.1:\d+", "/ADDRESS")
LATENCY = (r"min/avg/max: \d+/\d+\.\d{1,4}/\d+", "min/avg/max: LATENCY")
PACKETS = (r"(Received|Sent): \d+", r"\1: PACKETS")
DATE = (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d [\d:]{8} [A-Z]{3,5} \d{4}", "DATE")


@pytest.mark.parametrize("word", ["ruok", "isro", "gtmk", "wchs"])
def test_words_that_are_equal_as_they_are(pair, word):
    apache, ours = both(pair, word)
    assert ours == apache
    assert apache != ""


def test_srvr(pair):
    apache, ours = both(pair, "srvr", VERSION, LATENCY, PACKETS)
    assert ours == apache
    assert "Zxid: 0x7" in apache and "Node count: 8" in apache and "Connections: 4" in apache


def test_stat(pair):
    # A connection that is asking may or may not have been answered yet: its counters are vague.
    counters = (r"\(queued=0,recved=\d+,sent=\d+\)", "(COUNTERS)")
    apache, ours = both(pair, "stat", VERSION, LATENCY, PACKETS, ADDRESS, counters)
    assert sorted(ours.splitlines()) == sorted(apache.splitlines())
    assert ours.splitlines()[:2] == apache.splitlines()[:2]
    assert ours.splitlines()[-9:] == apache.splitlines()[-9:]


def test_cons(pair):
    moments = (r"(est|lresp)=\d+", r"\1=TIME")
    latencies = (r"(llat|minlat|avglat|maxlat)=\d+", r"\1=LATENCY")
    apache, ours = both(pair, "cons", ADDRESS, moments, latencies)
    assert sorted(ours.splitlines()) == sorted(apache.splitlines())
    assert ours.endswith(")\n\n") and apache.endswith(")\n\n")
    assert "lop=GETC" in apache and "lop=SYNC" in apache


def test_crst_resets_connections(pair):
    apache, ours = both(pair, "crst")
    assert ours == apache
    resets = []
    for lived in pair:
        # The connections that lived through the history now look as if they had done nothing.
        lines = [line for line in lived.ask("cons").splitlines() if "sid=" in line]
        wanted = r"queued=(\d+),recved=(\d+),sent=(\d+),sid=(\w+),lop=(\w+)"
        resets.append(sorted(re.search(wanted, line).groups() for line in lines))
    assert resets[0] == resets[1]


def test_srst_resets_the_server(pair):
    apache, ours = both(pair, "srst")
    assert ours == apache
    for lived in pair:
        received = int(re.search(r"Received: (\d+)", lived.ask("srvr")).group(1))
        assert received <= 2


def test_conf(pair):
    rules = [(r"(clientPort=)\d+", r"\1PORT"), (r"Size=\d+", "Size=BYTES")]
    for lived in pair:
        rules.append((re.escape(str(lived.server.data_dir)), "DATA"))
    apache, ours = both(pair, "conf", *rules)
    assert ours == apache


def test_dirs(pair):
    apache, ours = both(pair, "dirs", (r"\d+", "BYTES"))
    assert ours == apache


def test_dirs_tells_apparent_sizes(pair):
    for lived in pair:
        sizes = [int(size) for size in re.findall(r": (\d+)", lived.ask("dirs"))]
        folder = lived.server.data_dir / "version-2"
        on_disk = sum(file.stat().st_size for file in folder.iterdir())
        assert sizes == [on_disk, on_disk]


def test_envi(pair):
    keys = []
    for lived in pair:
        first, *lines = lived.ask("envi").splitlines()
        assert first == "Environment:"
        assert all("=" in line for line in lines)
        keys.append([line.split("=")[0] for line in lines])
        # kazoo reads the version from the first segment that arrives.
        assert re.match(r"zookeeper\.version=\d+\.\d+\.\d+", lines[0])
    before_memory = [[key for key in names if "memory" not in key] for names in keys]
    assert before_memory[0] == before_memory[1]
    assert all(re.fullmatch(r"(os|jvm)\.memory\.(free|max|total)", key) for key in keys[1][-3:])


def test_wchc_and_wchp(pair):
    for word in ("wchc", "wchp"):
        apache, ours = both(pair, word)
        assert grouped(ours) == grouped(apache)
        assert ours.endswith("\n\n") and apache.endswith("\n\n")
        assert len(grouped(apache)) >= 2


def grouped(text):
    """{head line: its sorted indented lines}; the order of either is Java's hash order."""
    groups = {}
    head = None
    for line in text.splitlines():
        if line.startswith("\t"):
            groups[head].append(line)
        elif line:
            head = line
            groups[head] = []
    return {head: sorted(lines) for head, lines in groups.items()}


def test_dump(pair):
    # How sessions fall into buckets depends on the moment of each request.
    buckets = (r"Sets \(\d+\)/", "Sets (BUCKETS)/")
    expiry = (r"(?m)^\d+ expire at DATE:\n", "")
    apache, ours = both(pair, "dump", DATE, ADDRESS, buckets, expiry)
    assert sorted_blocks(ours) == sorted_blocks(apache)
    assert "Sessions with Ephemerals (1):\nFIRST:\n\t/e" in apache


def sorted_blocks(text):
    """Lines with each run of indented ones sorted."""
    result, run = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("\t"):
            run.append(line)
        else:
            result += [*sorted(run), line]
            run = []
    return result


def test_dump_tells_when_sessions_expire(pair):
    for lived in pair:
        text = lived.ask("dump")
        heads = re.findall(r"(?m)^(\d+) expire at (.*):$", text)
        assert heads, text
        assert all(re.fullmatch(DATE[0], date) for _, date in heads)


MNTR_BASICS = """
    version server_state ephemerals_count num_alive_connections outstanding_requests znode_count
    global_sessions local_sessions watch_count packets_sent packets_received approximate_data_size
    open_file_descriptor_count max_file_descriptor_count avg_latency min_latency max_latency
    connection_drop_probability auth_failed_count uptime outstanding_tls_handshake
    last_client_response_size max_client_response_size min_client_response_size
    non_mtls_local_conn_count non_mtls_remote_conn_count digest_mismatches_count
""".split()

MNTR_EQUAL = """
    server_state ephemerals_count num_alive_connections outstanding_requests znode_count
    global_sessions local_sessions watch_count approximate_data_size auth_failed_count
    connection_drop_probability outstanding_tls_handshake digest_mismatches_count
    max_file_descriptor_count non_mtls_local_conn_count non_mtls_remote_conn_count
""".split()


def mntr(lived):
    lines = lived.ask("mntr").splitlines()
    assert all(re.fullmatch(r"zk_\w+(\{.*\})?\t.+", line) for line in lines), lines
    return dict(line.removeprefix("zk_").split("\t", 1) for line in lines)


def test_mntr(pair):
    apache, ours = map(mntr, pair)
    assert [key for key in MNTR_BASICS if key in apache and key not in ours] == []
    assert {key: ours[key] for key in MNTR_EQUAL} == {key: apache[key] for key in MNTR_EQUAL}
    for key in MNTR_BASICS[2:]:
        assert re.fullmatch(r"-?\d+(\.\d+)?", ours[key]), key
        assert ("." in ours[key]) == ("." in apache[key]), f"{key}: integer or double"
    assert list(ours)[:2] == ["version", "server_state"]
    assert re.fullmatch(VERSION[0], ours["version"])


def test_hash(start_server):
    """Empty at first; then a digest for every zxid that is a multiple of 128."""
    server = start_server()
    assert exchange(server.port, b"hash") == ""
    with RawClient(server.port) as client:
        client.connect()
        assert client.call(OpCode.CREATE, "/n").err == Err.OK
        client.pipeline([(OpCode.SET_DATA, "/n", b"")] * 300)
    lines = exchange(server.port, b"hash").splitlines()
    assert [line.split(": ")[0] for line in lines] == ["80", "100"]
    assert all(re.fullmatch(r"-?\d+", line.split(": ")[1]) for line in lines)


def test_stmk_sets_the_mask_that_gtmk_tells(start_server):
    server = start_server()
    assert exchange(server.port, b"gtmk") == "306"
    assert exchange(server.port, b"stmk" + (1234).to_bytes(8, "big")) == "1234"
    assert exchange(server.port, b"gtmk") == "1234"


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b"\0"])
@pytest.mark.parametrize("half_close", [False, True])
def test_newlines_and_half_closed_peers(pair, tail, half_close):
    for word in (b"ruok", b"isro", b"wchs", b"conf"):
        for lived in pair:
            plain = exchange(lived.server.port, word)
            assert exchange(lived.server.port, word + tail, half_close) == plain != ""


@pytest.mark.parametrize("data", [b"\xff\xf4\xff\xfd", b"lead", b"icfg", b"RUOK", b"kill"])
def test_words_that_are_none(pair, data):
    apache, ours = [exchange(lived.server.port, data, half_close=True) for lived in pair]
    assert ours == apache


# -- the whitelist -------------------------------------------------------------------------------

ALL_WORDS = (
    "ruok isro gtmk stmk crst srst dirs hash wchs wchc wchp conf envi srvr stat cons dump mntr"
).split()


def allowed_words(port):
    """The words that are answered; the others must be refused with Apache's sentence."""
    allowed = []
    for word in ALL_WORDS:
        answer = exchange(port, word.encode() + bytes(8))
        if "whitelist" in answer:
            assert answer == f"{word} is not executed because it is not in the whitelist.\n"
        else:
            allowed.append(word)
    return allowed


@pytest.mark.parametrize(
    ("whitelist", "expected"),
    [
        ("ruok", ["ruok", "srvr"]),
        (" stat ,ruok,  mntr,nonsense", ["ruok", "srvr", "stat", "mntr"]),
        ("isro", ["isro", "srvr"]),
        ("*", ALL_WORDS),
        ("ruok,*,stat", ALL_WORDS),
        ("", ["srvr"]),
    ],
)
def test_the_whitelist(start_server, whitelist, expected):
    server = start_server(config={"4lw.commands.whitelist": whitelist})
    assert allowed_words(server.port) == expected


def test_without_a_whitelist_only_srvr_is_answered(make_server):
    server = make_server()
    del server.config["4lw.commands.whitelist"]
    assert allowed_words(server.start().port) == ["srvr"]
