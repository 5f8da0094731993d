"""A count in a znode that only who holds a right may raise.

Each raise adds, in the same transaction, a line with its name and the czxid of the znode by which
the right is held, after a check that this znode is there still. As right and write belong to one
session, nobody who holds the right can ever meet another's write.
"""

import itertools

from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError, RolledBackError

from toil import TROUBLE


class Ledger:
    def __init__(self, client, path, complaints):
        self._path = path
        self._complaints = complaints
        self._names = itertools.count()
        self.acknowledged, self.unknown = set(), set()
        client.create(path, b"0", makepath=True)

    def raise_count(self, client, right, czxid):
        """Raises the count by one while the znode `right` is there; true when it is known."""
        value, stat = client.get(self._path)
        count = int(value) + 1
        name = f"{client.name}-{next(self._names)}"
        transaction = client.transaction()
        transaction.check(right, -1)
        transaction.set_data(self._path, str(count).encode(), stat.version)
        transaction.create(self._line(count), f"{name} {czxid}".encode())
        try:
            results = transaction.commit()
        except TROUBLE:
            self.unknown.add(name)
            return False
        kinds = {type(result) for result in results}
        if NoNodeError in kinds:
            return False  # The session was lost with its right: another may hold it by now.
        if kinds & {BadVersionError, NodeExistsError, RolledBackError}:
            self._complaints.append(f"{name} held the right and found another's write: {results}")
            return False
        self.acknowledged.add(name)
        return True

    def judge(self, reader):
        """Every raise that was acknowledged is there once, those unknown at most once, in order."""
        count = int(reader.get(self._path)[0])
        assert len(reader.get_children(self._path)) == count
        lines = [reader.get(self._line(number))[0].decode() for number in range(1, count + 1)]
        names = [line.split()[0] for line in lines]
        rights = [int(line.split()[1]) for line in lines]
        assert len(set(names)) == count, "counted twice"
        assert set(names) <= self.acknowledged | self.unknown, "never done"
        assert self.acknowledged <= set(names), f"lost {self.acknowledged - set(names)}"
        assert rights == sorted(rights), "an older right wrote after a newer one"

    def account(self):
        return f"{len(self.acknowledged)} acknowledged, {len(self.unknown)} unknown"

    def _line(self, number):
        return f"{self._path}/{number:08d}"
