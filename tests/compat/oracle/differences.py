"""Every difference the oracle allows between two servers, by name and with its reason.

A difference either keeps something out of the generated requests ("avoid": the answers would
diverge, or one server would not survive) or leaves one thing out of the comparison ("ignore").
Nothing else may differ. An entry belongs to a pair of server kinds; "any" matches every kind.
"""

import collections

Difference = collections.namedtuple("Difference", "name effect servers reason")

# Server kinds as the command line names them.
DIFFERENCES = (
    # -- what Apache does not survive --------------------------------------------------------
    Difference(
        "create-ttl-negative-without-ttl-mode", "avoid", {"any"},
        "Apache logs a transaction that it cannot apply, stops, and never starts again on that log",
    ),
    Difference(
        "quota-stats-overwritten-with-garbage", "avoid", {"any"},
        "Apache dies on the next change below that quota",
    ),
    Difference(
        "check-at-top-level", "avoid", {"debian", "apache-3.5", "apache-3.8"},
        "before 3.9.3 it is logged but never answered, and the next start fails",
    ),
    # -- what Apache leaves to chance ---------------------------------------------------------
    Difference(
        "delete-container-from-client", "avoid", {"drover"},
        "Apache lets any client delete any childless node with the reaper's internal request, "
        "past every ACL; ours answers unimplemented and closes",
    ),
    Difference(
        "wrong-password-beside-a-connection", "avoid", {"any"},
        "Apache ends a session's present connection before it looks at the password of the next "
        "one; ours looks first, so that a stranger cannot cut off a client",
    ),
    Difference(
        "create-session-from-client", "avoid", {"any"},
        "Apache answers the internal request with a second ConnectResponse, which no client "
        "can read; ours treats it as unknown",
    ),
    Difference(
        "malformed-utf8-echoed", "avoid", {"any"},
        "Apache echoes malformed UTF-8 as U+FFFD and supplementary characters as CESU-8; ours "
        "echoes the bytes it was given",
    ),
    Difference(
        "set-watches-null-behind-others", "avoid", {"any"},
        "Apache works through the lists of setWatches until it meets a null, so events and "
        "watches of the paths before it stay; ours refuses the request as a whole",
    ),
    Difference(
        "number-of-all-below-nothing", "avoid", {"any"},
        "getAllChildrenNumber of the empty path counts the root as its own child in Apache",
    ),
    Difference(
        "null-inside-multi", "avoid", {"any"},
        "a null path or a null in an ACL ends a multi in an unexpected exception; Apache then "
        "keeps what earlier operations of that multi had prepared, and following requests see it",
    ),
    Difference(
        "multi-read-error-body", "ignore", {"any"},
        "when a multiRead fails as a whole, Apache sends what it had read so far after a header "
        "that announces an error; clients stop at the header",
    ),
    Difference(
        "ephemeral-quota", "avoid", {"any"},
        "the end of a session deletes its ephemerals in no particular order, so what a quota that "
        "is itself ephemeral was charged for the others is left to chance",
    ),
    Difference(
        "ephemeral-container", "avoid", {"any"},
        "Apache takes a container created with ephemeral flags for an ephemeral, which may have no "
        "children, until the transaction is applied, and for a container from then on",
    ),
    Difference(
        "config-node", "ignore", {"ensemble"},
        "/zookeeper/config names the ports of its ensemble, and the moment at which a server started",
    ),
    # -- 3.8.0 against 3.9 and later ----------------------------------------------------------
    Difference(
        "event-zxid", "ignore", {"debian", "apache-3.5", "apache-3.8"},
        "before 3.9.0 the header of a watch event carries zxid -1",
    ),
    Difference(
        "multi-create2-result", "ignore", {"debian"},
        "before 3.8.2 create2 in a multi is answered as create: type 1 and no Stat",
    ),
    Difference(
        "undecodable-write", "avoid", {"debian", "apache-3.8", "ensemble"},
        "before 3.9 a write whose body cannot be decoded consumes a zxid, and a multi with a null "
        "path consumes none but answers an error and then a body; since 3.9 Apache's leader proposes "
        "a zxid twice for one that a follower sent on, and no write commits after that",
    ),
    Difference(
        "multi-bad-create", "avoid", {"debian", "apache-3.8", "ensemble"},
        "an unknown create flag or a null ACL in a multi fails that one operation before 3.9, "
        "the whole request since; Apache's leader does not get over a null ACL that a follower sent on",
    ),
    Difference(
        "multi-container-flags", "avoid", {"debian"},
        "in a multi createContainer makes what its flags say in 3.8.0, a container since 3.9",
    ),
    Difference(
        "watch-modes-share-a-path", "avoid", {"debian", "apache-3.8"},
        "before 3.9.0 a connection has one watch mode for each path, the latest one",
    ),
    Difference(
        "remove-persistent-watches", "avoid", {"debian", "apache-3.8"},
        "watch types 4 and 5 are unknown before 3.9.0",
    ),
    Difference(
        "check-watches-of-others", "avoid", {"debian", "apache-3.8"},
        "before 3.9.0 checkWatches finds a watch on the path whichever connection set it",
    ),
    Difference(
        "unreadable-nodes", "avoid", {"debian"},
        "before 3.8.4 exists does not check READ and events are not filtered by it",
    ),
    Difference(
        "ip-v6-acl", "avoid", {"debian", "apache-3.8"},
        "IPv6 addresses in ip ACLs are valid since 3.9.4",
    ),
)

BY_NAME = {difference.name: difference for difference in DIFFERENCES}


def between(a, b, without=()):
    """Names of the differences allowed between server kinds `a` and `b`, less `without`."""
    unknown = set(without) - set(BY_NAME)
    if unknown:
        raise ValueError(f"no such difference: {', '.join(sorted(unknown))}")
    return frozenset(
        difference.name
        for difference in DIFFERENCES
        if difference.servers & {"any", a, b} and difference.name not in without
        # Two servers of one kind agree even where versions do not.
        and ("any" in difference.servers or a != b or _breaks(difference, a))
    )


def in_ensembles():
    """Names of the differences allowed besides when one server is a member of an ensemble."""
    return frozenset(d.name for d in DIFFERENCES if "ensemble" in d.servers)


def _breaks(difference, kind):
    # One difference is also about survival, so it holds between two servers of the same kind.
    return difference.name == "check-at-top-level" and kind in difference.servers
