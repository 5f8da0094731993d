"""Four-letter words in every role: the transcript of all words is Apache 3.9's, standalone, as leader,
follower and observer, without a quorum, and as a leader that leaves clients to others.

Both ensembles live through the same history; then each word is asked of both, and the answers must
be equal once ports, folders, ids, moments, latencies and counts of packets have been given names.
`mntr` has a file of its own (test_metrics.py).
"""

import contextlib
import re

import pytest

import first_bytes
from support import servers
from support.ensembles import Ensemble
from support.rawclient import OPEN_ACL, OpCode, RawClient

pytestmark = pytest.mark.compat

STATES = ("standalone", "leader", "follower", "observer")
NAMES = ("apache-3.9", "drover")
SESSION_MS = 300_000  # outlives the tests without a ping


def ask(server, word, tail=b""):
    return first_bytes.exchange(server.port, word.encode() + tail).decode()


class Lived:
    def __init__(self, name, stack):
        config = {"maxSessionTimeout": "300000"}
        alone = servers.server_by_name(name, config=config)
        stack.callback(alone.close)
        self.by_state = {"standalone": alone.start()}
        ensemble = Ensemble([name] * 3 + [f"{name}:observer"], config=config)
        stack.callback(ensemble.close)
        ensemble.start()
        for member in ensemble.members:
            self.by_state.setdefault(ensemble.mode(member), member)
        self.names = {}
        clients = []
        for state, server in self.by_state.items():
            client = RawClient(server.port)
            stack.callback(client.disconnect)
            session = client.connect(timeout_ms=SESSION_MS).session_id & (2**64 - 1)
            self.names[f"0x{session:x}"] = f"SESSION-{state}"
            path = f"/{state}"
            client.pipeline(
                [
                    (OpCode.CREATE, path, b"data", OPEN_ACL, 1),
                    (OpCode.SET_DATA, path, b"thirteen byte", 0),
                    (OpCode.GET_DATA, path, True),
                    (OpCode.EXISTS, "/later", True),
                    (OpCode.GET_CHILDREN, "/", True),
                ]
            )
            clients.append(client)
        for client in clients:  # What one wrote the others have seen.
            client.call(OpCode.SYNC, "/")

    def transcript(self, state, word):
        text = ask(self.by_state[state], word)
        for session, name in self.names.items():
            text = text.replace(session, name)
        return named(text)


RULES = [
    (r"\d+\.\d+\.\d+\S*, built on \d{4}-\d\d-\d\d \d\d:\d\d UTC", "VERSION"),
    (r"/127\.0\.0\.1:\d+", "/ADDRESS"),
    (r"127\.0\.0\.1:\d+:\d+", "SERVER"),
    (r"min/avg/max: \d+/\d+\.\d{1,4}/\d+", "min/avg/max: LATENCY"),
    (r"(Received|Sent): \d+", r"\1: PACKETS"),
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d [\d:]{8} [A-Z]{3,5} \d{4}", "DATE"),
    (r"/tmp/[^/]+/data", "DATA"),
    (r"(clientPort|electionPort|quorumPort)=\d+", r"\1=PORT"),
    (r"(Size|_size)([=:] ?)\d+", r"\1\2BYTES"),
    (r"serverId=[1-9]\d*", "serverId=N"),  # Which of them leads is chance.
    (r"\b(est|lresp|llat|minlat|avglat|maxlat)=\d+", r"\1=VAGUE"),
    (r"\b(lzxid|Zxid: )(=?)0x[0-9a-f]+", r"\1\2ZXID"),
    (r"\(queued=0,recved=\d+,sent=\d+\)", "(COUNTERS)"),  # of the one that asks
    (r"(recved|sent)=\d+", r"\1=N"),
    # How things fall into buckets depends on the moment of each request.
    (r"Sets \(\d+\)/", "Sets (BUCKETS)/"),
    (r"(?m)^\d+ expire at DATE:\n", ""),
    (r"min/max: \d+/\d+/\d+", "min/max: SIZES"),  # of txns: one holds the text of the membership
]


def named(text):
    for pattern, name in RULES:
        text = re.sub(pattern, name, text)
    return text


def sorted_lines(text):
    return sorted(text.splitlines())


@pytest.fixture(scope="module")
def pair():
    with contextlib.ExitStack() as stack:
        yield [Lived(name, stack) for name in NAMES]


EQUAL = "ruok isro gtmk srvr conf dirs wchs hash".split()
AS_SETS = "stat cons dump wchc wchp".split()  # the order is that of Java's hash tables
CHANGING = "crst srst".split()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("word", EQUAL + AS_SETS + CHANGING)
def test_the_transcript_is_apaches(pair, state, word):
    apache, ours = (lived.transcript(state, word) for lived in pair)
    if word in AS_SETS:
        assert sorted_lines(ours) == sorted_lines(apache)
        assert ours.endswith("\n\n") == apache.endswith("\n\n")
    else:
        assert ours == apache
    assert apache or word == "hash"


@pytest.mark.parametrize("state", STATES)
def test_envi_has_apaches_keys(pair, state):
    keys = []
    for lived in pair:
        lines = ask(lived.by_state[state], "envi").splitlines()
        keys.append([line.split("=")[0] for line in lines if "memory" not in line])
    assert keys[1] == keys[0]


@pytest.mark.parametrize("state", STATES)
def test_stmk(pair, state):
    mask = (4711).to_bytes(8, "big")
    assert {ask(lived.by_state[state], "stmk", mask) for lived in pair} == {"4711"}
    back = (306).to_bytes(8, "big")
    assert {ask(lived.by_state[state], "stmk", back) for lived in pair} == {"306"}


ALL_WORDS = (
    "ruok isro gtmk crst srst dirs hash wchs wchc wchp conf srvr stat cons dump mntr"
).split()


def test_without_a_quorum():
    answers = []
    for name in NAMES:
        ensemble = Ensemble([name] * 3)
        alone = ensemble.members[0]
        try:
            alone.spawn()

            def asks(server=alone):
                try:
                    return ask(server, "ruok") == "imok"
                except OSError:
                    return False

            servers.wait_until(asks, 60, "an answer")
            answers.append({word: named(ask(alone, word)) for word in ALL_WORDS})
        finally:
            ensemble.close()
    assert answers[1] == answers[0]
    assert "not currently serving" in answers[0]["srvr"]


def test_a_leader_that_leaves_clients_to_others():
    answers = []
    for name in NAMES:
        ensemble = Ensemble([name] * 3, config={"leaderServes": "no"})
        try:
            for member in ensemble.members:
                member.spawn()

            def refuses(members=tuple(ensemble.members)):
                """The one that does not serve while the others do."""
                try:
                    serving = [Ensemble.mode(member) for member in members]
                except OSError:
                    return None
                if serving.count("follower") != 2:
                    return None
                return members[serving.index(None)]

            leader = servers.wait_until(refuses, 60, "two followers")
            answers.append({word: named(ask(leader, word)) for word in ALL_WORDS})
        finally:
            ensemble.close()
    assert answers[1] == answers[0]
    assert "not currently serving" in answers[0]["srvr"]
