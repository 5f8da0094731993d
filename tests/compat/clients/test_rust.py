"""The zookeeper-client crate, unmodified."""

import pytest

from compat.clients import builds
from compat.clients.walk import RUST_CHECKS, SERVER_OPTIONS, Walk

pytestmark = pytest.mark.compat


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.rust_walk(), tmp_path / "stderr").run(RUST_CHECKS)
