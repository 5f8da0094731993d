"""What `drover shell` does beyond Apache's: JSON answers, tree, find, watch, export, import, top, help."""

import json
import os
import pathlib
import re
import signal
import threading

import pytest

import shell_run
from support import ensembles, servers

OPEN = [{"scheme": "world", "id": "anyone", "perms": "cdrwa"}]


@pytest.fixture(scope="module", name="server")
def _server():
    with servers.Drover() as server:
        yield server


@pytest.fixture(name="shell")
def _shell(server):
    """Runs lines, or one command, and removes /app afterwards."""

    def run(*words, lines=()):
        return shell_run.run_apart(shell_run.drover_shell("-server", server.address, *words), lines)

    yield run
    run(lines=["setAcl /app/secret world:anyone:cdrwa", "deleteall /app", "deleteall /copy"])
    assert run("ls", "/").out[-1] == "[zookeeper]"


@pytest.fixture(name="app")
def _app(shell):
    """A small tree below /app."""
    shell(lines=[
        "create /app conf", "create /app/b 12345", "create /app/a ''", "create /app/a/deep y",
        "create /app/secret s world:anyone:cdwa",
    ])


def answers(outcome):
    """The JSON lines of a shell."""
    return [json.loads(line) for line in outcome.out]


# --- JSON


def test_every_line_of_a_json_shell_is_an_object(shell):
    done = shell("--json", lines=[
        "create /app x", "get -s /app", "ls /", "getAcl /app", "get /none", "set /app y -v seven",
        "nonsense", "whoami", "ls -R /app", "create /app y", "history", "printwatches",
        "getAllChildrenNumber /app", "stat /app", "listquota /app", "setquota -n 5 /app",
        "listquota /app", "delquota /app", "getEphemerals", "version", "sync /app", "config",
        "setAcl /app foo", "close", "ls /", "quit",
    ])
    assert done.err == []
    found = answers(done)
    events = [answer["event"] for answer in found if "event" in answer]
    assert events == [
        {"state": "SyncConnected", "type": "None"}, {"state": "Closed", "type": "None"}
    ]
    found = [answer for answer in found if "event" not in answer]
    by_command = {}
    for answer in found:
        by_command.setdefault(answer["command"], []).append(answer)
    assert by_command["create"][0] == {"command": "create", "ok": True, "path": "/app"}
    assert by_command["create"][1] == {
        "command": "create", "ok": False, "exit_code": 1, "error": "Node already exists: /app",
        "code": "NodeExists",
    }
    got = by_command["get"][0]
    assert got["data"] == "x" and got["stat"]["dataLength"] == 1
    assert re.fullmatch("0x[0-9a-f]+", got["stat"]["cZxid"])
    assert by_command["get"][1]["code"] == "NoNode"
    assert by_command["ls"][0]["children"] == ["app", "zookeeper"]
    assert by_command["ls"][1]["paths"] == ["/app"]
    assert by_command["ls"][2] == {"command": "ls", "ok": True, "connected": False}
    assert by_command["getAcl"][0]["acl"] == OPEN
    assert by_command["set"][0]["error"] == (
        "set: -v 'seven' is not a version: a whole number, -1 for any"
    )
    assert by_command["nonsense"][0]["exit_code"] == 127
    assert by_command["whoami"][0]["identities"] == [{"scheme": "ip", "id": "127.0.0.1"}]
    assert by_command["setAcl"][0]["notes"] == ["foo does not have the form scheme:id:perm"]
    assert by_command["listquota"][0]["quota"] is None
    assert by_command["listquota"][1]["quota"].startswith("count=5,")
    assert by_command["getAllChildrenNumber"][0]["count"] == 0
    assert by_command["sync"][0]["rc"] == 0
    assert by_command["history"][0]["lines"][0] == "create /app x"


def test_one_command_may_ask_for_json(shell, app):
    done = shell(lines=["ls /", "get /app --json", "get /app", "--json ls /app", "get -- --json"])
    assert json.loads(done.out[4]) == {"command": "get", "ok": True, "data": "conf"}
    assert done.out[5] == "conf"
    assert json.loads(done.out[6])["children"] == ["a", "b", "secret"]
    assert done.err == ["Path must start with / character"]


def test_data_that_is_no_text_is_base64(shell):
    shell("create", "/app", "x")
    shell("set", "/app", "-b", "gP8=")
    (event, answer) = answers(shell("--json", "get", "/app"))
    assert answer["data"] == {"base64": "gP8="}
    assert event["event"]["type"] == "None"


def test_null_is_null(shell):
    shell("create", "/app")
    assert answers(shell("--json", "get", "/app"))[-1]["data"] is None


# --- tree and find


def test_tree(shell, app):
    shell(lines=["setAcl /app/secret world:anyone:a"])
    done = shell("tree", "/app")
    assert done.out[1:] == [
        "/app",
        "├── a",
        "│   └── deep",
        "├── b",
        "└── secret  (no permission)",
        "5 znodes",
    ]
    assert shell("tree", "/app", "-d", "0").out[1:] == ["/app", "1 znode"]
    assert shell("tree", "/app/b", "--stat").out[1:] == ["/app/b  5 bytes, version 0", "1 znode"]
    nodes = answers(shell("--json", "tree", "/app"))[-1]["nodes"]
    assert [node["path"] for node in nodes] == [
        "/app", "/app/a", "/app/a/deep", "/app/b", "/app/secret"
    ]
    assert nodes[-1]["readable"] is False


@pytest.mark.parametrize(
    "words, found",
    [
        (["-name", "[ab]"], ["/app/a", "/app/b"]),
        (["-path", "*/d*"], ["/app/a/deep"]),
        (["-size", "+1"], ["/app", "/app/b"]),
        (["-size", "-1"], ["/app/a"]),
        (["-size", "5"], ["/app/b"]),
        (["-children", "1"], ["/app/a"]),
        (["-children", "+2"], ["/app"]),
        (["-data", "^1.*5$"], ["/app/b"]),
        (["-data", "(conf|y)"], ["/app", "/app/a/deep"]),
        (["-name", "a", "-size", "+3"], []),
        (["-ephemeral"], []),
        (["-d", "0"], ["/app"]),
        (["-size", "+1k"], []),
    ],
)
def test_find(shell, app, words, found):
    assert shell("find", "/app", *words).out[1:] == found


def test_find_ephemerals_of_a_session(shell, app):
    done = shell("--json", lines=["create -e /app/mine x", "find /app -ephemeral"])
    (node,) = answers(done)[-2]["nodes"] if "event" in answers(done)[-1] else answers(done)[-1]["nodes"]
    owner = node["stat"]["ephemeralOwner"]
    assert shell("find", "/", "-owner", owner).out[-1] == "/app/mine"
    assert shell("find", "/", "-owner", "0x1").out[1:] == []


@pytest.mark.parametrize(
    "words, said",
    [
        (["find", "/app", "-size", "x"],
         "find: -size 'x' is not a number, +number for more or -number for less"),
        (["find", "/app", "-data", "("],
         r"find: -data '(' is not a regular expression (Unmatched ( or \()"),
        (["find", "/app", "-owner", "7"],
         "find: -owner '7' is not a session id: 0x and hexadecimal"),
        (["tree", "/app", "-d", "-1"], "tree: -d '-1' is not a depth: 0 or a whole number above"),
        (["tree", "/app", "/b"], "tree [path] [-d depth] [-s]"),
        (["watch", "/app", "-n", "0"],
         "watch: -n '0' is not a number of events from 1 to 1000000"),
        (["top", "-i", "x"], "top: -i 'x' is not a number of seconds from 1 to 3600"),
        (["help", "nope"], "help: command 'nope' is not one of those `help` lists"),
        (["redo", "x"], "redo: number 'x' is not one of those `history` shows"),
        (["set", "/app", "?", "-b"], "set: data '?' is not base64, which -b asks for"),
        (["delete", "/app", "-v", "x"],
         "delete: -v 'x' is not a version: a whole number, -1 for any"),
        (["export", "/app", "/no/such/folder/x"],
         "export: file '/no/such/folder/x': No such file or directory"),
        (["import", "/no/such/file"], "import: file '/no/such/file': No such file or directory"),
        (["tree", "app"], "Path must start with / character"),
    ],
)
def test_bad_input_is_one_line(shell, words, said):
    done = shell(*words)
    assert (done.err, done.code) == ([said], 1)


# --- watch


def test_watch_follows_a_subtree(server, shell, app):
    talk = shell_run.Conversation(
        shell_run.drover_shell("-server", server.address, "watch", "/app", "-v")
    )
    try:
        # Nothing is said before the first event: the watch is there when the server counts it.
        servers.wait_until(lambda: b"zk_watch_count\t1\n" in server.four_letter_word("mntr"), 20,
                           "the watch")
        # One after the other: -v shows the data as it is when the event has come.
        shell("create", "/app/new", "hello")
        talk.hear("created  /app/new")
        talk.hear("hello")
        shell("set", "/app/b", "other")
        talk.hear("changed  /app/b")
        talk.hear("other")
        shell(lines=["delete /app/new", "create /elsewhere", "delete /elsewhere",
                     "set /app/a/deep ''"])
        talk.hear("deleted  /app/new")
        assert "elsewhere" not in talk.hear("changed  /app/a/deep")
        talk.process.send_signal(signal.SIGINT)
        assert talk.process.wait(20) == 0
    finally:
        talk.end()


def test_watch_ends_by_itself_and_speaks_json(server, shell, app):
    outcome = {}

    def follow():
        outcome["done"] = shell_run.run_apart(
            shell_run.drover_shell("-server", server.address, "--json", "watch", "/app", "-n", "2")
        )

    thread = threading.Thread(target=follow)
    thread.start()
    servers.wait_until(lambda: b"zk_watch_count\t1\n" in server.four_letter_word("mntr"), 20,
                       "the watch")
    shell(lines=["set /app/b other", "create /app/c"])
    thread.join(30)
    found = [answer for answer in answers(outcome["done"]) if answer.get("event", {}).get("path")]
    assert [answer["event"]["type"] for answer in found] == ["NodeDataChanged", "NodeCreated"]
    assert answers(outcome["done"])[-1] == {"command": "watch", "ok": True, "events": 2}


def test_watch_goes_back_to_the_prompt_and_leaves_nothing(server, shell, app):
    with shell_run.Terminal(shell_run.drover_shell("-server", server.address)) as terminal:
        terminal.hear(r"0\] ")
        terminal.type("watch /app\n")
        terminal.hear("Ctrl-C ends it")
        shell("set", "/app/b", "z")
        terminal.hear("changed")
        terminal.type("\x03")
        terminal.hear(r"1\] ")
        terminal.type("getAllChildrenNumber /app\n")
        terminal.hear(r"\n4\r?\n")
        assert b"zk_watch_count\t0\n" in server.four_letter_word("mntr")


# --- export and import


def test_export_and_import_keep_everything(shell, app, tmp_path):
    file = str(tmp_path / "app.json")
    shell("set", "/app/b", "-b", "AP+A")
    shell("setAcl", "/app/a", "world:anyone:cdrw,digest:u:h=:a")
    shell("setAcl", "/app/secret", "ip:127.0.0.1:cdrwa")
    done = shell("export", "/app", file)
    assert done.out[1:] == [f"Exported 5 znodes (9 bytes of data) from /app to {file}"]
    lines = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines()]
    assert lines[0] == {"drover-subtree": 1, "root": "/app"}
    assert lines[1] == {"path": "", "data": "Y29uZg==", "acl": OPEN}
    assert lines[-1] == {"znodes": 5}
    assert os.stat(file).st_mode & 0o777 == 0o600

    # Where it came from: nothing to do.
    done = shell("import", file)
    assert done.out[1:] == [
        "Imported: 0 created, 0 updated, 5 the same already, 0 ephemeral left out."
    ]
    # Elsewhere.
    done = shell("import", file, "/copy/of/app")
    assert done.err == ["import: nothing was changed: /copy is not there (-p makes it)"]
    done = shell("import", "-n", "-p", file, "/copy/of/app")
    assert done.out[-1].startswith("Nothing was changed. It would create 7 znodes, update 0;")
    assert shell("ls", "/copy").err == ["Node does not exist: /copy"]
    done = shell("import", "-p", file, "/copy/of/app")
    assert done.out[1:3] == ["created /copy", "created /copy/of"]
    assert done.out[-1] == "Imported: 7 created, 0 updated, 0 the same already, 0 ephemeral left out."
    again = str(tmp_path / "again.json")
    shell("export", "/copy/of/app", again)
    assert pathlib.Path(again).read_text().splitlines()[1:] == (
        pathlib.Path(file).read_text().splitlines()[1:]
    )
    assert shell("get", "-b", "/copy/of/app/b").out[-1] == "AP+A"


def test_export_writes_over_nothing_and_keeps_nothing_that_is_not_whole(shell, app, tmp_path):
    file = tmp_path / "app.json"
    file.write_text("precious")
    assert shell("export", "/app", str(file)).err == [
        f"export: file '{file}': File exists (-f writes over it)"
    ]
    assert file.read_text() == "precious"
    shell("setAcl", "/app/secret", "world:anyone:a")
    done = shell("export", "/app", str(tmp_path / "other.json"))
    assert done.err == ["export: nothing was kept: Insufficient permission : /app/secret"]
    assert not (tmp_path / "other.json").exists()


def test_export_to_standard_output(shell, app):
    shell("setAcl", "/app/secret", "world:anyone:cdrwa")
    done = shell("--json", "export", "/app")
    lines = answers(done)
    assert [line["path"] for line in lines if "acl" in line] == [
        "", "/a", "/a/deep", "/b", "/secret"
    ]


def test_import_refuses_what_is_there_and_different_unless_told(shell, app, tmp_path):
    shell("setAcl", "/app/secret", "world:anyone:cdrwa")
    file = str(tmp_path / "app.json")
    shell("export", "/app", file)
    shell(lines=["set /app/b changed", "delete /app/a/deep"])
    done = shell("import", file)
    assert done.err == [
        "import: nothing was changed: 1 znode is there and different: /app/b (-u changes them)"
    ]
    assert shell("get", "/app/b").out[-1] == "changed"
    done = shell("import", "-u", file)
    assert done.out[1:] == [
        "created /app/a/deep", "updated /app/b",
        "Imported: 1 created, 1 updated, 3 the same already, 0 ephemeral left out.",
    ]
    assert shell("get", "/app/b").out[-1] == "12345"


def test_import_that_fails_midway_says_what_was_done(shell, tmp_path):
    file = tmp_path / "app.json"
    sealed = [{"scheme": "world", "id": "anyone", "perms": "r"}]
    nodes = [("", OPEN), ("/a", OPEN), ("/b", sealed), ("/b/under", OPEN), ("/c", OPEN)]
    file.write_text("\n".join(json.dumps(line) for line in [
        {"drover-subtree": 1, "root": "/app"},
        *({"path": path, "data": None, "acl": acl} for path, acl in nodes),
        {"znodes": len(nodes)},
    ]) + "\n")
    done = shell("import", str(file))
    assert done.code == 1
    assert done.out[1:] == ["created /app", "created /app/a", "created /app/b"]
    assert done.err == [
        "import: stopped at /app/b/under: Insufficient permission : /app/b/under. Done until then: "
        "3 created, 0 updated, 0 the same already, 0 ephemeral left out. The rest of 5 changes was "
        "not touched."
    ]
    assert shell("ls", "/app").out[-1] == "[a, b]"
    done = answers(shell("--json", "import", "-o", str(file), "/copy"))[-1]
    assert done["ok"] and done["counts"]["create"] == 5
    assert [step["path"] for step in done["done"]] == [
        "/copy", "/copy/a", "/copy/b", "/copy/b/under", "/copy/c"
    ]


def test_a_file_that_was_cut_off_changes_nothing(shell, app, tmp_path):
    shell("setAcl", "/app/secret", "world:anyone:cdrwa")
    file = tmp_path / "app.json"
    shell("export", "/app", str(file))
    whole = file.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 20):
        file.write_bytes(whole[:size])
        done = shell("import", str(file), "/copy")
        assert (done.code, len(done.err)) == (1, 1)
        assert done.err[0].startswith(f"import: file '{file}': ")
    assert shell("ls", "/copy").err == ["Node does not exist: /copy"]


def test_ephemerals_are_left_out_or_made_to_stay(shell, app, tmp_path):
    shell("setAcl", "/app/secret", "world:anyone:cdrwa")
    file = str(tmp_path / "app.json")
    shell(lines=["create -e /app/me x", f"export /app {file}", "quit"])
    done = shell("import", file, "/copy")
    assert "skipped ephemeral /copy/me" in done.out
    shell("deleteall", "/copy")
    assert "created /copy/me" in shell("import", "-e", file, "/copy").out


UNSEEN = (
    "export: no server tells its clients which znodes are containers or have a TTL; import makes "
    "persistent ones of them"
)


def check_kinds_are_unseen(server, tmp_path):
    """Containers and TTL znodes show nothing of it to a client, so export warns and writes them plain."""

    def shell(*words, lines=()):
        return shell_run.run_apart(shell_run.drover_shell("-server", server.address, *words), lines)

    shell(lines=["create /app x", "create -c /app/box c", "create -t 600000 /app/brief t"])
    for path in ("/app/box", "/app/brief"):
        assert "ephemeralOwner = 0x0" in shell("stat", path).out
    file = tmp_path / "app.json"
    done = shell("export", "/app", str(file))
    assert (done.code, done.err) == (0, [UNSEEN])
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line.keys() for line in lines[1:-1]] == [{"path", "data", "acl"}] * 3
    (answer,) = [one for one in answers(shell("--json", "export", "-f", "/app", str(file)))
                 if one.get("command") == "export"]
    assert answer["notes"] == [UNSEEN]
    assert "created /copy/box" in shell("import", str(file), "/copy").out
    # Nothing but ephemeral znodes: there is nothing to say.
    done = shell(lines=["create -e /alone x", f"export -f /alone {file}", "quit"])
    assert UNSEEN not in done.err
    shell(lines=["deleteall /app", "deleteall /copy"])


def test_export_says_which_kinds_it_cannot_see(tmp_path):
    with servers.Drover(properties={"extendedTypesEnabled": "true"}) as server:
        check_kinds_are_unseen(server, tmp_path)


def test_nor_can_it_see_them_on_an_apache_server(tmp_path):
    with servers.DebianApache(properties={"zookeeper.extendedTypesEnabled": "true"}) as server:
        check_kinds_are_unseen(server, tmp_path)


# --- top


def test_top_of_one_server(server, shell):
    done = shell("top", "--once")
    assert done.code == 0
    assert "1 of 1 servers answer, standalone" in done.out[1]
    assert done.out[-1].split()[:2] == [server.address, "standalone"]
    looks = [answer for answer in answers(shell("--json", "top", "-n", "2", "-i", "1"))
             if "servers" in answer]
    assert len(looks) == 2
    assert looks[0]["servers"][0]["requests_per_second"] is None
    assert looks[1]["servers"][0]["requests_per_second"] >= 0
    assert looks[1]["servers"][0]["zxid_lag"] == 0


def test_top_of_an_ensemble_and_a_server_that_is_gone():
    with ensembles.Ensemble(["drover"] * 3) as ensemble:
        leader = ensemble.leader()
        follower = next(server for server in ensemble.members if server is not leader)
        words = ("-server", ",".join(server.address for server in ensemble.members), "--json")
        (look,) = [
            answer for answer in answers(shell_run.run_apart(
                shell_run.drover_shell(*words, "top", "--once")))
            if "servers" in answer
        ]
        roles = {server["server"].rsplit(":")[-1]: server["role"] for server in look["servers"]}
        assert sorted(roles.values()) == ["follower", "follower", "leader"]
        assert roles[str(leader.port)] == "leader"
        follower.kill()
        (look,) = [
            answer for answer in answers(shell_run.run_apart(
                shell_run.drover_shell(*words, "top", "--once")))
            if "servers" in answer
        ]
        down = [server for server in look["servers"] if "problem" in server]
        assert [server["server"].rsplit(":")[-1] for server in down] == [str(follower.port)]


def test_top_shows_what_it_may_ask_for(start_server):
    server = start_server(config={"4lw.commands.whitelist": "srvr"})
    done = shell_run.run_apart(shell_run.drover_shell("-server", server.address, "top", "--once"))
    assert done.out[-1].split()[:2] == [server.address, "standalone"]  # without mntr's figures


def test_top_on_a_terminal_ends_with_q(server):
    argv = shell_run.drover_shell("-server", server.address)
    with shell_run.Terminal(argv, NO_COLOR="") as terminal:
        terminal.hear(r"0\] ")
        terminal.type("top -i 1\n")
        terminal.hear("standalone")
        terminal.hear("q or Ctrl-C ends")
        terminal.type("q")
        terminal.hear(r"1\] ")
        terminal.type("ls /\n")  # typing is shown again
        terminal.hear(r"ls /\r?\n.*\[zookeeper\]")


# --- colours and help


def test_colours_only_on_a_terminal_and_never_with_no_color(server, shell, app):
    assert not any("\x1b" in line for line in shell("tree", "/app").out)
    for no_color, coloured in (("", True), ("1", False)):
        argv = shell_run.drover_shell("-server", server.address, "tree", "/app")
        with shell_run.Terminal(argv, NO_COLOR=no_color) as terminal:
            terminal.hear("znodes")
            assert (b"\x1b[34m" in terminal.everything) == coloured


def test_help_teaches_every_command(shell):
    listed = shell("help").out[1:]
    names = [line.split()[0] for line in listed if line.startswith("  ")]
    assert {"ls", "create", "tree", "find", "watch", "export", "import", "top"} <= set(names)
    done = shell(lines=[f"help {name}" for name in names])
    assert done.err == []
    assert sum(line.startswith("Example") for line in done.out) == len(names)
    assert "  create -e -s /app/workers/w-" in shell("help", "create").out
