"""Apache's shell as Debian packages it: it prints the same on our server as on Debian's Apache."""

import concurrent.futures

from compat.clients import builds, zkcli
from compat.clients.walk import SERVER_OPTIONS
from support import servers


def test_every_command_piped(start_server):
    commands = zkcli.COMMANDS.read_text()
    class_path = builds.debian_class_path()
    with servers.DebianApache(**SERVER_OPTIONS) as apache_server:
        both = (apache_server, start_server(**SERVER_OPTIONS))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            apache, ours = pool.map(lambda server: zkcli.piped(class_path, server, commands), both)
    # A shell that could not connect anywhere would say the same everywhere.
    assert "Created /cli/ephemeral" in apache.errors
    assert "[cli, zookeeper]" in apache.output
    differences = zkcli.differences(apache.lines(), ours.lines())
    assert not differences, differences
