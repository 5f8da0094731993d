"""Apache's own Java client, from 3.5 to 3.9, unmodified."""

import pytest

from compat.clients import builds
from compat.clients.walk import JAVA_CHECKS_SINCE_35, JAVA_CHECKS_SINCE_37, SERVER_OPTIONS, Walk

pytestmark = pytest.mark.compat

@pytest.mark.parametrize("version", ["3.5", "3.8", "3.9"])
def test_walk(version, start_server, tmp_path):
    command = builds.maven_java_walk(version)
    required = JAVA_CHECKS_SINCE_35 if version == "3.5" else JAVA_CHECKS_SINCE_37
    Walk(start_server(**SERVER_OPTIONS), command, tmp_path / "stderr").run(required)
