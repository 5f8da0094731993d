"""Our server and Debian's Apache 3.8.0 give the same answers to 20,000 random requests, but for
what changed between 3.8.0 and 3.9 (tests/compat/oracle/differences.py says what, and why)."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compat" / "oracle"))

from run import Oracle

RUNS = [("plain", 1, 8000), ("extended", 1, 6000), ("super", 1, 6000)]


@pytest.mark.parametrize("profile,seed,requests", RUNS)
def test_same_answers_as_debians_apache(server_name, profile, seed, requests):
    oracle = Oracle("debian", server_name, profile)
    failure = oracle.generate(seed, requests)
    command = oracle.command(f"--seed {seed} --requests {requests}")
    assert failure is None, oracle.report(failure, command)
