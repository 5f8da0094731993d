"""Has every recipe of the C++ library its page, and is the reference made without a complaint?"""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "include" / "drover" / "recipes").glob("*.h"))


def opening(header):
    """The comment that opens a header: its page."""
    lines = header.read_text().removeprefix("#pragma once\n").splitlines()
    end = next(at for at, line in enumerate(lines) if not line.startswith("//"))
    return "\n".join(line.removeprefix("//").removeprefix(" ") for line in lines[:end])


@pytest.mark.parametrize("header", PAGES, ids=lambda path: path.stem)
def test_a_recipe_has_a_page(header):
    """What makes znodes says which, and what it promises; all others say what they are."""
    page = opening(header)
    assert page
    if "## " not in page:
        pytest.skip("not a recipe of its own")
    for heading in ("## Layout", "## Guarantees", "## Does not guarantee", "## Example"):
        assert re.search(f"^{heading}$", page, re.M), heading


def test_the_reference_is_made():
    if not shutil.which("doxygen"):
        pytest.skip("no doxygen here: make library-docs installs it")
    (ROOT / "build" / "library-docs").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["doxygen", "tools/library_docs/Doxyfile"], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    html = ROOT / "build" / "library-docs" / "html"
    assert (html / "classdrover_1_1Client.html").exists()
