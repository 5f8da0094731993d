"""One valid request of every kind, to be truncated and mutated."""

from support.rawclient import OPEN_ACL, OpCode

FOLDER = "/requests"


def all_kinds():
    """{name: (op code, fields)}; the znodes they touch are at and under FOLDER."""
    node = f"{FOLDER}/node"
    creates = {
        "create": (OpCode.CREATE, f"{FOLDER}/a", b"data", OPEN_ACL, 0),
        "create-null": (OpCode.CREATE, f"{FOLDER}/null", None, OPEN_ACL, 0),
        "create-sequential": (OpCode.CREATE, f"{FOLDER}/s-", b"data", OPEN_ACL, 2),
        "create-ephemeral": (OpCode.CREATE, f"{FOLDER}/e", b"", OPEN_ACL, 1),
        "create2": (OpCode.CREATE2, f"{FOLDER}/b", b"data", OPEN_ACL, 0),
        "create-container": (OpCode.CREATE_CONTAINER, f"{FOLDER}/c", b"", OPEN_ACL, 4),
        "create-ttl": (OpCode.CREATE_TTL, f"{FOLDER}/t", b"", OPEN_ACL, 5, 1000),
        "create-digest": (OpCode.CREATE, f"{FOLDER}/d", b"", [(31, "digest", "a:b")], 0),
    }
    paths_and_watches = {
        "exists": (OpCode.EXISTS, node, True),
        "get-data": (OpCode.GET_DATA, node, True),
        "get-children": (OpCode.GET_CHILDREN, FOLDER, True),
        "get-children2": (OpCode.GET_CHILDREN2, FOLDER, False),
        "get-acl": (OpCode.GET_ACL, node),
        "sync": (OpCode.SYNC, node),
        "check-watches": (OpCode.CHECK_WATCHES, node, 3),
        "remove-watches": (OpCode.REMOVE_WATCHES, node, 3),
        "add-watch": (OpCode.ADD_WATCH, node, 1),
        "get-ephemerals": (OpCode.GET_EPHEMERALS, FOLDER),
        "get-all-children-number": (OpCode.GET_ALL_CHILDREN_NUMBER, FOLDER),
        "set-watches": (OpCode.SET_WATCHES, 1, [node], [f"{FOLDER}/x"], [FOLDER]),
        "set-watches2": (OpCode.SET_WATCHES2, 1, [node], [], [FOLDER], [node], [FOLDER]),
    }
    multi = [
        (OpCode.CREATE, f"{FOLDER}/m", b"1", OPEN_ACL, 0),
        (OpCode.SET_DATA, f"{FOLDER}/m", b"2", 0),
        (OpCode.CHECK, f"{FOLDER}/m", 1),
        (OpCode.DELETE, f"{FOLDER}/m", 1),
    ]
    others = {
        "set-data": (OpCode.SET_DATA, node, b"data", -1),
        "delete": (OpCode.DELETE, f"{FOLDER}/a", -1),
        "set-acl": (OpCode.SET_ACL, node, OPEN_ACL, -1),
        "check": (OpCode.CHECK, node, -1),
        "multi": (OpCode.MULTI, multi),
        "multi-read": (OpCode.MULTI_READ, [(OpCode.GET_DATA, node), (OpCode.GET_CHILDREN, FOLDER)]),
        "reconfig": (OpCode.RECONFIG, "server.1=a:1:2;3", None, None, -1),
        "auth": (OpCode.AUTH, "digest", b"user:secret"),
        "sasl": (OpCode.SASL, b"token"),
        "who-am-i": (OpCode.WHO_AM_I,),
        "ping": (OpCode.PING,),
        "delete-container": (OpCode.DELETE_CONTAINER, f"{FOLDER}/c"),
        "create-session": (OpCode.CREATE_SESSION, 5000),
        "close-session": (OpCode.CLOSE_SESSION,),
    }
    return {**creates, **paths_and_watches, **others}
