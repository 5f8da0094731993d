"""Common to all Python tests: which server they drive, and how they start it."""

import os
import tempfile

import pytest

from support import sanitizers, servers


def pytest_addoption(parser):
    parser.addoption(
        "--server",
        default=os.environ.get("DROVER_TEST_SERVER", "drover"),
        help="the server under test: drover (default), debian, apache-3.5, apache-3.8, apache-3.9; "
        "DROVER_TEST_SERVER says the same",
    )


@pytest.fixture(scope="session", name="reports")
def _reports():
    with tempfile.TemporaryDirectory(prefix="drover-reports-") as folder:
        reports = sanitizers.Reports(folder)
        yield reports
        # Of servers that outlive a test: they end before this does.
        fail_when_reported(reports)


@pytest.fixture(autouse=True)
def no_sanitizer_reports(reports):
    """No test passes while a sanitizer has something to say of any process that it ran."""
    yield
    fail_when_reported(reports)


def fail_when_reported(reports):
    if text := reports.take():
        pytest.fail(f"a sanitizer reports\n{text}", pytrace=False)


@pytest.fixture(scope="session")
def server_name(request):
    """`drover`, unless --server names another.

    Suites whose expectations hold for Apache too can thus be proven against it.
    """
    return request.config.getoption("--server")


@pytest.fixture
def make_server(server_name):
    """Makes servers under test that are not yet started; all are closed at the end."""
    made = []

    def make(**options):
        made.append(servers.server_by_name(server_name, **options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def start_server(make_server):
    """Makes and starts servers under test."""
    return lambda **options: make_server(**options).start()
