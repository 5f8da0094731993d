"""Debian's build of Apache's Java client, 3.8.0; tests/compat walks with other versions."""

from compat.clients import builds
from compat.clients.walk import JAVA_CHECKS_SINCE_37, SERVER_OPTIONS, Walk


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.debian_java_walk(), tmp_path / "stderr").run(JAVA_CHECKS_SINCE_37)
