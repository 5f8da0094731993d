"""Apache Curator's recipes, unmodified."""

import pytest

from compat.clients import builds
from compat.clients.walk import CURATOR_CHECKS, SERVER_OPTIONS, Walk

pytestmark = pytest.mark.compat


def test_walk(start_server, tmp_path):
    server = start_server(**SERVER_OPTIONS)
    Walk(server, builds.curator_walk(), tmp_path / "stderr").run(CURATOR_CHECKS)
