"""Reads a whole tree through the client protocol, pipelined: data, Stat and ACL of every znode."""

import collections

from support.rawclient import Err, OpCode

Znode = collections.namedtuple("Znode", "data stat acl")


def join(parent, name):
    """Path of the child `name`."""
    return f"{parent}{name}" if parent == "/" else f"{parent}/{name}"


def dump(client, root="/", pipeline=200):
    """{path: Znode} of `root` and everything under it; {} when `root` is missing.

    Nobody may write meanwhile: a node that disappears between two requests is an error. The
    connection must be allowed to read everything (a digest ACL is masked without ADMIN).
    """
    tree = {}
    paths = [root]
    while paths:
        found = []
        for start in range(0, len(paths), pipeline):
            found += _read(client, paths[start : start + pipeline])
        if root in paths and found[0] is None:
            return {}
        below = []
        for path, (znode, names) in zip(paths, found, strict=True):
            tree[path] = znode
            below += [join(path, name) for name in sorted(names)]
        paths = below
    return tree


def _read(client, paths):
    """[(Znode, child names) or None for a missing node] in the order of `paths`."""
    requests = []
    for path in paths:
        requests.append((OpCode.GET_DATA, path))
        requests.append((OpCode.GET_ACL, path))
        requests.append((OpCode.GET_CHILDREN2, path))
    replies = client.pipeline(requests)
    result = []
    for at, path in enumerate(paths):
        data, acl, children = replies[3 * at : 3 * at + 3]
        if data.err == Err.NO_NODE and len(paths) == 1:
            return [None]
        for reply in (data, acl, children):
            assert reply.err == Err.OK, f"{path}: {reply}"
        assert data.body[1] == acl.body[1] == children.body[1], f"{path}: three Stats differ"
        assert data.body[1].num_children == len(children.body[0]), path
        entries = tuple(tuple(entry) for entry in acl.body[0])
        result.append((Znode(data.body[0], data.body[1], entries), children.body[0]))
    return result
