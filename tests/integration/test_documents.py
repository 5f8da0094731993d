"""Does every link between the documents lead somewhere, and do the two READMEs say the same?"""

import re

import pytest

from script_run import REPOSITORY

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(path):
    """What may stand behind # in a link to this document."""
    text = FENCED.sub("", path.read_text())
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"<[^>]*>|[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {name.replace(" ", "-") for name in plain} | set(re.findall(r'name="([^"]+)"', text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document):
    for link in LINK.findall(FENCED.sub("", document.read_text())):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_the_readmes_say_the_same():
    """The same sections, commands and links, in the same order."""
    both = [(REPOSITORY / name).read_text() for name in ("README.md", "README.zh.md")]
    assert len({text.count("\n## ") for text in both}) == 1
    blocks = [[re.sub(r" +#.*", "", block) for block in FENCED.findall(text)] for text in both]
    assert blocks[0] == blocks[1]
    links = [set(LINK.findall(text)) - {"README.md", "README.zh.md"} for text in both]
    assert links[0] == links[1]
