"""Shortens a sequence of steps on which two servers differ."""

ATTEMPTS_MAX = 300  # Each starts two servers.


def shrink(oracle, failure):
    """Removes steps, then requests within steps, while some difference remains."""
    budget = [ATTEMPTS_MAX]

    def fails(steps):
        if budget[0] == 0:
            return None
        budget[0] -= 1
        return oracle.replay(steps)

    failure = _remove_chunks(failure, fails, lambda steps: steps, lambda _, kept: kept)
    for at in reversed(range(len(failure[0]))):
        step = failure[0][at] if at < len(failure[0]) else ()
        if len(step) == 3 and isinstance(step[2], list) and len(step[2]) > 1:
            failure = _remove_chunks(
                failure, fails, lambda steps, at=at: steps[at][2],
                lambda steps, kept, at=at: [
                    *steps[:at], (*steps[at][:2], kept), *steps[at + 1 :]
                ],
            )
    return failure


def _remove_chunks(failure, fails, part_of, rebuild):
    """Removes ever smaller pieces of a list, keeping what makes the difference."""
    size = max(1, len(part_of(failure[0])) // 2)
    while True:
        at = 0
        while at < len(part_of(failure[0])):
            part = part_of(failure[0])
            shorter = part[:at] + part[at + size :]
            found = fails(rebuild(failure[0], shorter)) if shorter else None
            if found and (part is not failure[0] or len(found[0]) < len(failure[0])):
                if part is not failure[0] and len(found[0]) != len(failure[0]):
                    at += size
                    continue
                failure = found
            else:
                at += size
        if size == 1:
            return failure
        size //= 2
