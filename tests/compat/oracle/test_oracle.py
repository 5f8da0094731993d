"""Our server and the newest Apache 3.9 give the same answers to 200,000 random requests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import differences
from run import Oracle
from support.rawclient import OP_NAMES, Err, OpCode

pytestmark = pytest.mark.compat

APACHE = "apache-3.9"
RUNS = [(profile, seed) for profile in ("plain", "extended", "super") for seed in (1, 2)]
REQUESTS = 200_000 // len(RUNS) + 1

# Outcomes that a run of this length must have met, or it compared less than it says.
WRITES = ("CREATE", "CREATE2", "CREATE_CONTAINER", "DELETE", "SET_DATA", "SET_ACL")
EXPECTED = (
    {(name, error) for name in WRITES for error in (Err.OK, Err.NO_NODE, Err.NO_AUTH, -5)}
    | {(f"MULTI {name}", error) for name in ("CREATE", "CREATE2", "DELETE", "SET_DATA", "CHECK")
       for error in (Err.OK, Err.RUNTIME_INCONSISTENCY, Err.NO_NODE, Err.NO_AUTH)}
    | {(name, Err.NODE_EXISTS) for name in ("CREATE", "CREATE2", "CREATE_CONTAINER")}
    | {(name, Err.BAD_VERSION) for name in ("DELETE", "SET_DATA", "SET_ACL")}
    | {("CREATE", Err.NO_CHILDREN_FOR_EPHEMERALS), ("DELETE", Err.NOT_EMPTY),
       ("CREATE", Err.INVALID_ACL), ("SET_ACL", Err.INVALID_ACL), ("CREATE", Err.BAD_ARGUMENTS)}
    | {(name, error) for name in ("CHECK_WATCHES", "REMOVE_WATCHES")
       for error in (Err.OK, Err.NO_WATCHER, Err.MARSHALLING_ERROR)}
    | {("MULTI_READ GET_DATA", Err.NO_AUTH), ("MULTI_READ GET_CHILDREN", Err.OK)}
    | {("event", type_) for type_ in (1, 2, 3, 4)}
    | {("AUTH", Err.AUTH_FAILED), ("unknown", Err.UNIMPLEMENTED), ("RECONFIG", -123)}
    | {(OP_NAMES[op], Err.OK) for op in (
        OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_ACL, OpCode.GET_CHILDREN, OpCode.SYNC,
        OpCode.PING, OpCode.GET_CHILDREN2, OpCode.MULTI, OpCode.MULTI_READ, OpCode.AUTH,
        OpCode.SET_WATCHES, OpCode.SASL, OpCode.GET_EPHEMERALS, OpCode.GET_ALL_CHILDREN_NUMBER,
        OpCode.SET_WATCHES2, OpCode.ADD_WATCH, OpCode.WHO_AM_I, OpCode.CLOSE_SESSION)}
)
EXPECTED_OF_PROFILE = {
    "plain": {("CREATE_TTL", Err.UNIMPLEMENTED)},
    "extended": {("CREATE_TTL", Err.OK), ("MULTI CREATE_TTL", Err.OK),
                 ("CREATE", Err.QUOTA_EXCEEDED), ("SET_DATA", Err.QUOTA_EXCEEDED)},
    "super": set(),
}


def run(a, b, profile, seed, requests, without=()):
    oracle = Oracle(a, b, profile, without)
    failure = oracle.generate(seed, requests)
    command = oracle.command(f"--seed {seed} --requests {requests}")
    return oracle, failure and oracle.report(failure, command)


@pytest.mark.parametrize("profile,seed", RUNS)
def test_same_answers_as_apache(server_name, profile, seed):
    oracle, difference = run(APACHE, server_name, profile, seed, REQUESTS)
    assert not difference, difference
    missed = (EXPECTED | EXPECTED_OF_PROFILE[profile]) - set(oracle.coverage)
    assert not missed


@pytest.mark.parametrize("profile", ("plain", "extended", "super"))
def test_same_answers_through_a_follower(profile):
    """Each an ensemble of three, talked to through a follower: its writes go to the leader and back."""
    oracle, difference = run(f"follower:{APACHE}", "follower:drover", profile, 11, 8000)
    assert not difference, difference
    assert ("SET_DATA", Err.OK) in oracle.coverage


@pytest.mark.parametrize("profile", ("plain", "extended", "super"))
def test_apache_agrees_with_itself(profile):
    """The tester itself: nothing it compares is left to chance."""
    _, difference = run(APACHE, APACHE, profile, 77, 10_000)
    assert not difference, difference


VERSION_DIFFERENCES = [
    difference.name for difference in differences.DIFFERENCES
    if "debian" in difference.servers and difference.name != "check-at-top-level"
]


@pytest.mark.parametrize("name", VERSION_DIFFERENCES)
def test_finds_each_difference_between_versions(name):
    """The tester can fail: a difference between 3.9 and 3.8.0 is found once it is not allowed."""
    _, difference = run(APACHE, "debian", "plain", 5, 20_000, without=[name])
    assert difference
