"""Apache's own shell, every command: what it prints on our server is what it prints on Apache's."""

import concurrent.futures

import pytest

from compat.clients import zkcli
from compat.clients.walk import SERVER_OPTIONS
from support import servers

pytestmark = pytest.mark.compat

# A newer shell on an older server meets what the server lacks, so the newest is the yardstick.
REFERENCE = "apache-3.9"

# The shell of 3.5 throws these, which it finds wrong by itself, out of its main loop and ends.
ENDS_THE_35_SHELL = {
    "setquota -n 1 /cli/b/deep",
    "setquota -n 1 /cli",
    "setquota -n 0 /cli/b",
    "setquota -n x /cli/b",
    "setquota -n 1 /none",
}


@pytest.fixture
def both_servers(start_server):
    """Apache's server and the one under test, both fresh."""
    with servers.server_by_name(REFERENCE, **SERVER_OPTIONS) as apache:
        yield apache, start_server(**SERVER_OPTIONS)


def on_both(both_servers, drive):
    """The lines of what `drive` did on each server, both at the same time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(drive, both_servers))


@pytest.mark.parametrize("version", ["3.5", "3.8", "3.9"])
def test_every_command_piped(version, both_servers):
    class_path = servers.maven_class_path(version)
    commands = zkcli.COMMANDS.read_text()
    if version == "3.5":
        survived = (each for each in commands.splitlines() if each not in ENDS_THE_35_SHELL)
        commands = "".join(f"{each}\n" for each in survived)
    apache, ours = on_both(both_servers, lambda server: zkcli.piped(class_path, server, commands))
    # A shell that could not connect anywhere would say the same everywhere.
    assert "Created /cli/ephemeral" in apache.errors
    assert "[cli, zookeeper]" in apache.output
    assert apache.exit_code == 0
    differences = zkcli.differences(apache.lines(), ours.lines())
    assert not differences, differences


def test_every_command_alone(both_servers):
    class_path = servers.maven_class_path("3.9")

    def drive(server):
        lines = []
        for command in zkcli.SINGLE_COMMANDS.read_text().splitlines():
            lines += [f"$ {command}", *zkcli.single(class_path, server, command).lines()]
        return lines

    apache, ours = on_both(both_servers, drive)
    assert "Created /one/ephemeral" in apache
    differences = zkcli.differences(apache, ours)
    assert not differences, differences
