"""Does every command teach, by --help and by a manual page, and is no option left out?

Nothing here names a command: those that are there are asked for their commands and options.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from script_run import REPOSITORY, SCRIPTS
from support import sanitizers, servers


def output(*argv):
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, check=True,
        timeout=60 * sanitizers.patience(),
    )
    return done.stdout


def drover(*words):
    return output(servers.Drover.binary(), *words)


def commands_in(help_text):
    """Names below `Subcommands:`."""
    _, _, after = help_text.partition("\nSubcommands:\n")
    listing = after.partition("\n\n")[0]
    return re.findall(r"^  (\S+)", listing, re.MULTILINE)


def options_in(help_text):
    """Every name of an option that the help lists at a line's begin: -h, --help, -server."""
    names = re.findall(r"^  (-\S+)", help_text, re.MULTILINE)
    return {name for group in names for name in group.split(",") if name.startswith("-")}


def tree_of_commands(words=()):
    """Every command as a tuple of words, those below another included."""
    for name in commands_in(drover(*words, "--help")):
        yield (*words, name)
        yield from tree_of_commands((*words, name))


@pytest.fixture(scope="module", name="pages")
def _pages(tmp_path_factory):
    """name.section -> path."""
    folder = tmp_path_factory.mktemp("man")
    drover("help", "--man-pages", folder)
    return {path.name: path for path in folder.glob("man*/*")}


def rendered(path):
    """The page as plain text, white space made one blank."""
    text = output("groff", "-man", "-Tutf8", "-Kutf8", "-P-cbuo", "-rLL=500n", path)
    return re.sub(r"\s+", " ", text)


def page_of(pages, command):
    """The page that a command is on: its own, or that of the one above."""
    (name,) = [name for name in pages if re.fullmatch(rf"drover-{command[0]}\.[18]", name)]
    return pages[name]


@pytest.fixture(scope="module", name="script_pages")
def _script_pages(tmp_path_factory):
    """Name of a script -> its page."""
    folder = tmp_path_factory.mktemp("script_pages")
    output(sys.executable, REPOSITORY / "tools" / "script_pages.py", "0.0.0", folder)
    return {path.name.rpartition(".")[0]: path for path in folder.glob("man*/*")}


def test_there_are_commands():
    assert {("serve",), ("shell",), ("help",)} <= set(tree_of_commands())


def test_pages_render_without_warnings(pages, script_pages):
    tools = [["groff", "-ww", "-man", "-Tutf8", "-Kutf8", "-z"]]
    if shutil.which("mandoc"):
        tools.append(["mandoc", "-Tlint", "-Werror"])
    for path in [*pages.values(), *script_pages.values()]:
        for tool in tools:
            done = subprocess.run([*tool, str(path)], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_a_page(pages):
    commands = list(tree_of_commands())
    overview = rendered(pages["drover.1"])
    for command in commands:
        text = rendered(page_of(pages, command))
        if len(command) == 1:
            assert f" {command[0]} " in overview
        else:
            assert f"drover {' '.join(command)}" in text
    assert len(pages) == len({command[0] for command in commands}) + 2  # drover.1, zoo.cfg.5


def test_every_option_is_on_its_page(pages):
    for command in tree_of_commands():
        text = rendered(page_of(pages, command))
        options = options_in(drover(*command, "--help"))
        assert options, command
        assert {name for name in options if f"{name}" not in text} == set(), command


def test_every_help_teaches():
    """What it does, an example that names the command, and how it exits."""
    for command in tree_of_commands():
        if len(command) > 1:
            continue
        text = drover(*command, "--help")
        assert re.search(rf"^  .*drover {command[0]}\b", text, re.MULTILINE), command
        assert re.search(r"^Examples", text, re.MULTILINE), command
        assert re.search(r"exit", text, re.IGNORECASE), command


def test_help_is_what_help_options_say():
    for command in tree_of_commands():
        assert drover("help", *command).split() == drover(*command, "--help").split(), command


def test_every_key_is_in_zoo_cfg(pages):
    text = rendered(pages["zoo.cfg.5"])
    keys = [line.split()[0] for line in drover("serve", "--keys").splitlines()]
    assert len(keys) > 100
    assert [key for key in keys if key not in text] == []


def test_commands_of_the_shell_are_on_its_page(pages):
    """Those that its own help lists, with their syntax."""
    text = rendered(pages["drover-shell.1"])
    listed = output("bash", "-c", f"echo help | {servers.Drover.binary()} shell -server 127.0.0.1:1")
    names = re.findall(r"^  (\S+)  ", listed, re.MULTILINE)
    assert len(names) > 20
    assert [name for name in names if f" {name} {name}: " not in text] == []


def test_every_script_has_a_page(script_pages):
    """With the verbs and options that it knows, and the variables that it reads and the document lists."""
    scripts = {path.name: path.read_text() for path in SCRIPTS.glob("*.sh")}
    shared = scripts.pop("zkEnv.sh")
    assert script_pages.keys() == scripts.keys()
    table = (REPOSITORY / "docs" / "scripts.md").read_text().partition("\n## Variables\n")[2]
    first_cells = re.findall(r"^\| ([^|]*) \|", table.partition("\n## ")[0], re.MULTILINE)
    variables = {name for cell in first_cells for name in re.findall(r"[A-Z_]{4,}", cell)}
    assert len(variables) >= 8
    for name, source in scripts.items():
        text = rendered(script_pages[name])
        assert f" {name} - " in text
        read = {one for one in variables if re.search(rf"\b{one}\b", source + shared)}
        assert {one for one in read if one not in text} == set(), name
        own = {one for one in variables - read if f" {one} " in text.partition("ENVIRONMENT")[2]}
        assert own == set(), f"{name} does not read {own}"
        known = re.findall(r"^ {2,4}(-?-?[a-z-]+)\)", source, re.MULTILINE)  # of its case
        assert {word for word in known if word not in text} == set(), name
        assert "EXIT STATUS" in text


def test_what_is_not_there_is_named(tmp_path):
    done = subprocess.run(
        [str(servers.Drover.binary()), "help", "dance"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "drover help: there is no command 'dance'; `drover help` lists them\n"
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [str(servers.Drover.binary()), "help", "--man-pages", str(tmp_path / "file")],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert pathlib.Path(tmp_path / "file").read_text() == ""


def test_what_makes_no_sense_gets_one_line():
    """It names the command and what was wrong, and says where to read on."""
    for command in tree_of_commands():
        if command == ("shell",):
            continue  # answers as zkCli does
        done = subprocess.run(
            [str(servers.Drover.binary()), *command, "--no-such-option"], capture_output=True,
            text=True, check=False,
        )
        words = " ".join(command)
        assert done.returncode in (2, 3), command
        assert done.stdout == "", command
        assert re.fullmatch(rf"drover {words}: .*; `drover help {words}` tells more\n", done.stderr)
    done = subprocess.run(
        [str(servers.Drover.binary()), "dance"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "drover: there is no command 'dance'; `drover help` lists them\n"
