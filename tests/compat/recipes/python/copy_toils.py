"""DataWatch, ChildrenWatch and Party: in the end everybody sees what there is."""

import random

from kazoo.exceptions import NodeExistsError, NoNodeError

from toil import Toil, until


class WatchToil(Toil):
    """DataWatch and ChildrenWatch: the last thing that they tell is the truth."""

    PATH = "/watched"
    ZNODES = 10

    def __init__(self, writer, watchers):
        super().__init__()
        self._chance = random.Random()
        self._data, self._children = {}, {}
        writer.create(self.PATH)
        for client in watchers:
            client.DataWatch(self.PATH, self._data_of(client.name))
            client.ChildrenWatch(self.PATH, self._children_of(client.name))
        self.every(f"watched by {writer.name}", 0.005, self._change, writer)

    def _data_of(self, name):
        def tell(data, stat):
            last = self._data.get(name)
            if last is not None and stat.mzxid < last[0]:
                self.complaints.append(f"{name} sees {stat.mzxid:#x} after {last[0]:#x}")
            self._data[name] = (stat.mzxid, data)

        return tell

    def _children_of(self, name):
        def tell(children):
            self._children[name] = sorted(children)

        return tell

    def _change(self, writer):
        child = f"{self.PATH}/z{self._chance.randrange(self.ZNODES)}"
        try:
            match self._chance.randrange(3):
                case 0:
                    writer.create(child)
                case 1:
                    writer.delete(child)
                case _:
                    writer.set(self.PATH, str(self._chance.random()).encode())
        except (NoNodeError, NodeExistsError):
            pass
        return True

    def judge(self, reader):
        self.no_complaints()
        data, stat = reader.get(self.PATH)
        children = sorted(reader.get_children(self.PATH))
        for name in self._data:
            until(lambda: self._data[name] == (stat.mzxid, data), f"DataWatch of {name} is right")
            until(lambda: self._children[name] == children, f"ChildrenWatch of {name} is right")
        self.no_complaints()

    def account(self):
        return f"{self.achieved()} changes"


class PartyToil(Toil):
    """Party: whoever joined in a session that lives is in; whoever ended is out.

    kazoo does not join again by itself when a session was lost: its users do.
    """

    PATH = "/party"

    def __init__(self, clients, reader):
        super().__init__()
        self._clients = clients
        self._parties = {client.name: client.Party(self.PATH, client.name) for client in clients}
        for client in clients:
            self.every(f"party of {client.name}", 0.2, self._join, client)
        self.every(f"party seen by {reader.name}", 0.2, lambda: len(reader.Party(self.PATH)) >= 0)

    def _join(self, client):
        self._parties[client.name].join()
        return True

    def judge(self, reader):
        self.no_complaints()
        names = sorted(client.name for client in self._clients)
        party = reader.Party(self.PATH)
        until(lambda: sorted(party) == names, f"{sorted(party)} are {names}")
        gone = self._clients[-1]
        gone.stop()
        names.remove(gone.name)
        until(lambda: sorted(party) == names, "who ended is out")

    def account(self):
        return f"{self.achieved()} times looked at"
