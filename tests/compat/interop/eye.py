"""Looks at a server past all the clients under test: each look is a short session of its own."""

import contextlib

from support.rawclient import OPEN_ACL, Err, OpCode, RawClient


class Eye:
    """Reads and writes on one server, whatever became of it meanwhile."""

    def __init__(self, server):
        self._server = server

    def call(self, op, *arguments):
        """One request; returns its Reply."""
        with RawClient(self._server.port) as client:
            client.connect()
            reply = client.call(op, *arguments)
            with contextlib.suppress(OSError):
                client.close_session()
            return reply

    def create(self, path, data=b""):
        """With all its parents, which may be there."""
        for end in [i for i, each in enumerate(path) if each == "/" and i > 0]:
            self.call(OpCode.CREATE, path[:end], b"", OPEN_ACL, 0)
        reply = self.call(OpCode.CREATE, path, data, OPEN_ACL, 0)
        assert reply.err == 0, (path, reply)

    def set(self, path, data):
        reply = self.call(OpCode.SET_DATA, path, data, -1)
        assert reply.err == 0, (path, reply)

    def get(self, path):
        """(data, stat); raises KeyError when there is no such znode."""
        reply = self.call(OpCode.GET_DATA, path, False)
        if reply.err == Err.NO_NODE:
            raise KeyError(path)
        assert reply.err == 0, (path, reply)
        return reply.body

    def data(self, path):
        return self.get(path)[0]

    def exists(self, path):
        return self.call(OpCode.EXISTS, path, False).err == 0

    def children(self, path):
        """Sorted names; none when there is no such znode."""
        reply = self.call(OpCode.GET_CHILDREN, path, False)
        return sorted(reply.body) if reply.err == 0 else []

    def tree(self, root):
        """path -> (data, stat) of `root` and all below."""
        found = {}
        with RawClient(self._server.port) as client:
            client.connect()
            paths = [root]
            while paths:
                path = paths.pop()
                reply = client.call(OpCode.GET_DATA, path, False)
                names = client.call(OpCode.GET_CHILDREN, path, False)
                if reply.err or names.err:
                    continue  # It went meanwhile.
                found[path] = reply.body
                paths += [f"{path.rstrip('/')}/{name}" for name in names.body]
            client.close_session()
        return found
