"""go-zookeeper, unmodified."""

import pytest

from compat.clients import builds
from compat.clients.walk import GO_CHECKS, SERVER_OPTIONS, Walk

pytestmark = pytest.mark.compat


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.go_walk(), tmp_path / "stderr").run(GO_CHECKS)
