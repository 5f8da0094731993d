"""Debian's kazoo, with its recipes; the same walk as the newest one does in tests/compat."""

from compat.clients import builds
from compat.clients.walk import KAZOO_CHECKS, SERVER_OPTIONS, Walk


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.debian_kazoo_walk(), tmp_path / "stderr").run(KAZOO_CHECKS)
