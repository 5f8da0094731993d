"""Common to all Python tests; its place makes `support` importable from every folder below."""


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "compat: needs downloads beyond Debian's packages (Maven, PyPI, Go, npm, crates)"
    )
