"""Debian's build of Apache's C client, 3.8.0."""

from compat.clients import builds
from compat.clients.walk import C_CHECKS, SERVER_OPTIONS, Walk


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.c_walk(), tmp_path / "stderr").run(C_CHECKS)
