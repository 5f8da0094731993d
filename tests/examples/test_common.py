"""What holds for every example program: wrong calls, nobody there, SIGTERM, a session that is gone."""

import pytest

from examples import programs
from support import sanitizers, servers

PROGRAMS = sorted(file.stem for file in (sanitizers.REPOSITORY / "examples").glob("*.cc"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_wrong_call_is_one_line_and_exit_code_2(name, tmp_path):
    with programs.Programs(f"127.0.0.1:{servers.free_port()}", tmp_path) as started:
        wrong = [
            started.start(name, "--no-such-option", "x"),
            started.start(name, "one", "two", "three", "four", "five", "six", "seven"),
            started.start(name, session_ms="soon"),
            started.start(name, id="a/b"),
        ]
        for program in wrong:
            assert program.wait() == 2
            assert program.lines.wait_over() == []
            assert len(program.errors().splitlines()) == 1
            assert program.errors().startswith(f"usage: {name}")
