"""Every split of the roles between Drover and Apache keeps every promise to clients."""

import os

import pytest

from mixed_ensemble import MixedEnsemble
from promises import keep_all

pytestmark = pytest.mark.compat

# The last participant leads.
SPLITS = [
    ("drover", "{}", "{}", "drover:observer"),
    ("{}", "{}", "drover", "{}:observer"),
    ("drover", "drover", "{}"),
    ("{}", "drover", "drover"),
]
VERSIONS_TOGETHER = [
    ("apache-3.8", "apache-3.9", "drover", "apache-3.5:observer"),
    ("drover", "apache-3.8", "apache-3.9"),
    ("drover", "apache-3.9", "apache-3.5"),
]


def ensembles():
    """`make test-mixed` (DROVER_MIXED=all) runs every split with every release."""
    if os.environ.get("DROVER_MIXED") != "all":
        return [[name.format("apache-3.9") for name in split] for split in SPLITS[:2]]
    found = [
        [name.format(release) for name in split]
        for release in ("apache-3.5", "apache-3.8", "apache-3.9")
        for split in SPLITS
    ]
    return found + [list(names) for names in VERSIONS_TOGETHER]


@pytest.mark.parametrize("names", ensembles(), ids="-".join)
def test_every_promise_is_kept(names):
    with MixedEnsemble(names) as ensemble:
        keep_all(ensemble)
