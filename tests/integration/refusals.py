"""What a server says when it will not run."""

import re


def error_lines(text):
    """The lines of a server's output that report an error, in its log or on their own."""
    return [line for line in text.splitlines() if re.search(r"\b(error|fatal)\b", line, re.I)]


def refusal(server):
    """Starts a server that must refuse to run; returns its single line of explanation."""
    code = server.start_expecting_exit(20)
    text = server.log_tail(100_000)
    assert code > 0, f"exit code {code}\n{text}"
    lines = error_lines(text)
    assert len(lines) == 1, f"expected one error line:\n{text}"
    assert lines[0] == text.splitlines()[-1], f"more was said after the error:\n{text}"
    return lines[0]
