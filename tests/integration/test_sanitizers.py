"""A sanitizer's report of any process fails the test that ran it, however that process ended."""

import subprocess

import pytest

from support import sanitizers

FINDINGS = {
    "race": ("thread", "data race"),
    "overflow": ("address", "heap-buffer-overflow"),
    "leak": ("address", "detected memory leaks"),
    "undefined": ("undefined", "signed integer overflow"),
}


@pytest.mark.parametrize("word", FINDINGS)
def test_a_report_is_read(reports, word):
    sanitizer, finding = FINDINGS[word]
    if sanitizer not in sanitizers.built_in():
        pytest.skip(f"built without the {sanitizer} sanitizer")
    faulty = sanitizers.binary().with_name("faulty_process")
    done = subprocess.run([faulty, word], capture_output=True, text=True, timeout=60, check=False)
    assert finding not in done.stderr
    assert done.returncode != 0
    assert finding in reports.take()
    assert reports.take() == ""
